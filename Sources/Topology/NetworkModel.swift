package import Participants

/// What a simulated network does to what is sent: the topology's `network-model`.
package struct NetworkModel: Codable, Equatable, Sendable {
  package enum Latency: Codable, Equatable, Sendable {
    case constant(Microseconds)
    case uniform(Microseconds, Microseconds)
    case normal(mean: Microseconds, deviation: Microseconds)
    /// Each is drawn with equal chance.
    case measured([Microseconds])
  }

  package enum Cut: String, Codable, Sendable {
    /// What was written at once arrives at once.
    case whole
    /// Streams are split and coalesced at random.
    case random
  }

  /// One way.
  package var latency = Latency.constant(.milliseconds(2))
  /// Added to each latency: uniform from 0 to this.
  package var jitter = Microseconds(500)
  /// Rates are in parts per million.
  package var datagramLoss = 0
  package var datagramDuplication = 0
  package var datagramReordering = 0
  package var cut = Cut.random
  package var stallRate = 0
  package var stallFor = Microseconds.milliseconds(200)
  package var resetRate = 0
  /// Bytes per second of each node, each way; `nil`: unlimited.
  package var bandwidth: Int64?
  /// Each node's clock is off by up to this, either way.
  package var clockSkew = Microseconds.zero
  /// From the start of a process until it listens.
  package var startDelay = Microseconds.milliseconds(1)

  package init() {}
}
