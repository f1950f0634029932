import Participants

/// Counts what a flood could repeat without end, and logs the first, second, fourth, eighth…: a
/// log that a stranger can cause grows with the logarithm of what they do.
struct Tally {
  private var count: Int64 = 0

  mutating func add(emit: inout Effects) {
    count += 1
    guard count & (count - 1) == 0 else { return }
    emit.log(Event(GossipEvents.connectionRefused, ["count": .integer(count)]))
  }
}

extension Event {
  static func rejected(from peer: Address?, reason: String, bytes: Int) -> Event {
    Event(
      GossipEvents.messageRejected, peer: peer,
      ["reason": .text(reason), "bytes": .integer(Int64(bytes))])
  }
}
