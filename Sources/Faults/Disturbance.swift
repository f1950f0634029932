package import Participants

/// All that faults do to what one node sends to another: nothing where no fault is on between them.
package struct Disturbance: Equatable, Sendable {
  /// Whether nothing arrives.
  package private(set) var isCut = false
  /// The worst of the losses, in parts per million. A loss of everything is a cut, and none of these.
  package private(set) var loss = 0
  /// The sum of the latencies.
  package private(set) var latency = Microseconds.zero
  /// The least of the bandwidths, in bytes per second; `nil`: unlimited.
  package private(set) var bandwidth: Int64?

  /// Nothing.
  package init() {}

  /// All of these faults together.
  package init(_ actions: some Sequence<Fault.Action>) {
    for action in actions { add(action) }
  }

  /// One fault more. One on a node adds nothing.
  package mutating func add(_ action: Fault.Action) {
    switch action {
    case .kill, .stop, .pause, .restart: break
    case .partition: isCut = true
    case .loss(let loss) where loss >= Loss.total: isCut = true
    case .loss(let loss): self.loss = max(self.loss, loss)
    case .latency(let latency): self.latency = self.latency + latency
    case .bandwidth(let limit): bandwidth = min(bandwidth ?? limit, limit)
    }
  }

  /// The longest that a piece of a stream may take which is under way as this begins: one that waits
  /// because of a fault that is over need not wait any longer. `nil` where nobody can say.
  package var longestWait: Microseconds? { loss == 0 && bandwidth == nil ? latency : nil }
}

/// What is between two nodes, in one direction, and when what was sent before is through.
package final class Line {
  /// What the faults that are on do.
  package private(set) var disturbance: Disturbance
  // When what was sent before is through, for streams and for datagrams.
  private var streamsFree: Instant?
  private var datagramsFree: Instant?

  /// A line that nothing has been sent over.
  package init(_ disturbance: Disturbance) { self.disturbance = disturbance }

  /// Faults began or ended.
  package func change(to disturbance: Disturbance) {
    self.disturbance = disturbance
    if disturbance.bandwidth == nil { (streamsFree, datagramsFree) = (nil, nil) }
  }

  /// Takes a datagram of so many bytes.
  ///
  /// - Returns: when it is to leave; `nil` if it is lost.
  package func departure(
    of bytes: Int, at now: Instant, using random: inout SeededGenerator
  ) -> Instant? {
    var sent = now
    if let bandwidth = disturbance.bandwidth {
      sent = max(now, datagramsFree ?? now) + Self.time(bytes, bandwidth)
    }
    if disturbance.isCut || Loss.happens(disturbance.loss, using: &random)
      || sent - now > LimitedBandwidth.longestQueue
    {
      return nil
    }
    if disturbance.bandwidth != nil { datagramsFree = sent }
    return sent + disturbance.latency
  }

  /// Takes a piece of a stream, of so many bytes.
  ///
  /// - Returns: when it has arrived.
  package func arrival(
    of bytes: Int, at now: Instant, using random: inout SeededGenerator
  ) -> Instant {
    var sent = now
    if let bandwidth = disturbance.bandwidth {
      sent = max(now, streamsFree ?? now) + Self.time(bytes, bandwidth)
      streamsFree = sent
    }
    return sent + disturbance.latency + Loss.delay(disturbance.loss, using: &random)
  }

  private static func time(_ bytes: Int, _ bandwidth: Int64) -> Microseconds {
    Microseconds(Int64(bytes) * 1_000_000 / bandwidth)
  }
}
