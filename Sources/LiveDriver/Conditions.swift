import NetworkRules
import Participants

/// What the faults on the network that are on do to this node. A driver has none while nothing
/// disturbs it.
struct Conditions {
  /// By the addresses that the others listen on.
  private(set) var paths: [Address: NetworkRules.Path]
  private var random: SeededGenerator
  // When the line from or to another node is free again.
  private var streamsFree: [Address: Instant] = [:]
  private var datagramsFree: [Address: Instant] = [:]
  /// Datagrams that were lost on purpose.
  private(set) var lost = 0
  /// Pieces of streams, dials and datagrams that were held back.
  private(set) var held = 0

  /// - Parameter before: what was disturbed until now.
  init(_ paths: [Address: NetworkRules.Path], random: SeededGenerator, after before: Conditions?) {
    self.paths = paths
    self.random = before?.random ?? random
    streamsFree = before?.streamsFree.filter { paths[$0.key]?.inbound.bandwidth != nil } ?? [:]
    datagramsFree = before?.datagramsFree.filter { paths[$0.key]?.outbound.bandwidth != nil } ?? [:]
  }

  /// When a datagram is to leave; `nil` if it is lost.
  mutating func departure(of bytes: Int, to address: Address, at now: Instant) -> Instant? {
    guard let way = paths[address]?.outbound else { return now }
    let due = way.departure(
      of: bytes, at: now, free: &datagramsFree[address], using: &random)
    if due == nil { lost += 1 }
    return due
  }

  /// When a piece of a stream from another node has arrived.
  mutating func arrival(of bytes: Int, from address: Address, at now: Instant) -> Instant {
    guard let way = paths[address]?.inbound else { return now }
    return way.arrival(of: bytes, at: now, free: &streamsFree[address], using: &random)
  }

  mutating func countHeld() { held += 1 }
}
