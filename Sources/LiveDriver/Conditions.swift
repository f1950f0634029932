import Faults
import Participants

/// What the faults on the network that are on do to this node. A driver has none while nothing
/// disturbs it.
struct Conditions {
  /// To and from another node.
  typealias Lines = (outbound: Line, inbound: Line)

  /// By the addresses that the others listen on.
  private(set) var lines: [Address: Lines]
  private var random: SeededGenerator
  /// Datagrams that were lost on purpose.
  private(set) var lost = 0
  /// Pieces of streams, dials and datagrams that were held back.
  private(set) var held = 0

  /// - Parameter before: what was disturbed until now.
  init(_ paths: [Address: NetworkRules.Path], random: SeededGenerator, after before: Conditions?) {
    self.random = before?.random ?? random
    lines = [:]
    for (address, path) in paths {
      let lines = before?.lines[address] ?? (Line(path.outbound), Line(path.inbound))
      lines.outbound.change(to: path.outbound)
      lines.inbound.change(to: path.inbound)
      self.lines[address] = lines
    }
  }

  /// When a datagram is to leave; `nil` if it is lost.
  mutating func departure(of bytes: Int, to address: Address, at now: Instant) -> Instant? {
    guard let line = lines[address]?.outbound else { return now }
    let due = line.departure(of: bytes, at: now, using: &random)
    if due == nil { lost += 1 }
    return due
  }

  /// When a piece of a stream from another node has arrived.
  mutating func arrival(of bytes: Int, from address: Address, at now: Instant) -> Instant {
    guard let line = lines[address]?.inbound else { return now }
    return line.arrival(of: bytes, at: now, using: &random)
  }

  mutating func countHeld() { held += 1 }
}
