package import Participants

/// What a simulated network does to what is sent: the topology's `network-model`. Each value is
/// what it is where the topology says nothing.
package struct NetworkModel: Codable, Equatable, Sendable {
  package enum Latency: Codable, Equatable, Sendable {
    case constant(Microseconds)
    /// From the first to the second, which is not less.
    case uniform(Microseconds, Microseconds)
    case normal(mean: Microseconds, deviation: Microseconds)
    /// Each is drawn with equal chance; at least one.
    case measured([Microseconds])
  }

  package enum Cut: String, Codable, CaseIterable, Sendable {
    /// What was written at once arrives at once.
    case whole
    /// Streams are split and coalesced at random.
    case random
  }

  /// One way.
  package var latency = Latency.constant(.milliseconds(2))
  /// Added to each latency: uniform from 0 to this.
  package var jitter = Microseconds(500)
  // Rates are in parts per million: of datagrams, and of the pieces of streams.
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

extension NetworkModel {
  /// Rates are whole parts of this.
  package static let million = 1_000_000
  /// The longest latency, jitter, stall, skew and start.
  static let longest = Topology.longestWait
  /// The most values of a measured latency.
  static let mostMeasured = 10_000
  /// The least and the most bandwidth, in bytes per second.
  static let bandwidths: ClosedRange<Int64> = 1_000...1_000_000_000_000
  static let bandwidthUnits: [(name: String, factor: Int64)] = [
    ("KB/s", 1_000), ("MB/s", 1_000_000), ("GB/s", 1_000_000_000),
  ]
}
