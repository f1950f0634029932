package import Participants

/// What losing some of what is sent comes to: the same for simulated and real nodes.
package enum Loss {
  /// A lost segment of a stream is sent again after about this long (RFC 6298's lower bound is a
  /// second; Linux uses 200 ms).
  private static let retransmission: Int64 = 200_000
  private static let longestRetransmission: Int64 = 120_000_000

  /// Everything, in parts per million: the same as a partition, which ends when it ends.
  package static let total = 1_000_000

  /// Draws whether something is lost of which so many in a million are. Nothing is drawn for 0.
  package static func happens(
    _ partsPerMillion: Int, using random: inout SeededGenerator
  ) -> Bool {
    partsPerMillion > 0 && random.next() % UInt64(total) < UInt64(partsPerMillion)
  }

  /// How much later a piece of a stream arrives, which is sent again, each time after twice as long.
  package static func delay(
    _ partsPerMillion: Int, using random: inout SeededGenerator
  ) -> Microseconds {
    var delay: Int64 = 0
    var wait = retransmission
    while wait < longestRetransmission, happens(partsPerMillion, using: &random) {
      delay += wait
      wait *= 2
    }
    return Microseconds(delay)
  }
}

/// How long a dial may take whose attempts the network swallows: Linux sends a SYN again after 1, 3,
/// 7, 15, 31 and 63 seconds, and gives up after 127 (tcp_syn_retries = 6).
package enum DialAttempts {
  /// All of them, with the first.
  package static let most = 7

  /// - Parameter attempt: counted from 1.
  /// - Returns: how long to wait for the next; `nil` after the last.
  package static func wait(after attempt: Int) -> Microseconds? {
    attempt < most ? .seconds(1 << Int64(attempt - 1)) : nil
  }
}

/// What a limited bandwidth comes to.
package enum LimitedBandwidth {
  /// How long a datagram may wait for its turn; one that would wait longer is lost, as in a router's
  /// queue.
  package static let longestQueue = Microseconds.seconds(1)
}
