package import Participants

/// What a disturbance does to real traffic.
extension NetworkRules.Disturbance {
  /// When a datagram is to leave; `nil` if it is lost.
  ///
  /// - Parameter free: when the datagrams before it have left; `nil` for none.
  package func departure(
    of bytes: Int, at now: Instant, free: inout Instant?, using random: inout SeededGenerator
  ) -> Instant? {
    var sent = now
    if let bandwidth { sent = max(now, free ?? now) + Self.time(bytes, bandwidth) }
    if isCut || Loss.happens(loss, using: &random)
      || sent - now > LimitedBandwidth.longestQueue
    {
      return nil
    }
    if bandwidth != nil { free = sent }
    return sent + latency
  }

  /// When a piece of a stream has arrived.
  ///
  /// - Parameter free: when the pieces before it were through; `nil` for none.
  package func arrival(
    of bytes: Int, at now: Instant, free: inout Instant?, using random: inout SeededGenerator
  ) -> Instant {
    var sent = now
    if let bandwidth {
      sent = max(now, free ?? now) + Self.time(bytes, bandwidth)
      free = sent
    }
    return sent + latency + Loss.delay(loss, using: &random)
  }

  /// The longest that a piece of a stream may take which is under way as this begins: one that waits
  /// because of a fault that is over need not wait any longer. `nil` where nobody can say.
  package var longestWait: Microseconds? { loss == 0 && bandwidth == nil ? latency : nil }

  private static func time(_ bytes: Int, _ bandwidth: Int64) -> Microseconds {
    Microseconds(Int64(bytes) * 1_000_000 / bandwidth)
  }
}
