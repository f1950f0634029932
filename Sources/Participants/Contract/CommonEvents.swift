/// Kinds of event that the participants of several networks log.
package enum CommonEvents {
  package static let messageRejected = EventKind(
    "message.rejected", "Bytes arrived that are no message of this protocol, or too many.",
    peer: "the sender, where it is known",
    fields: [
      EventField("reason", "why, in a word or two"),
      EventField("bytes", "how many were dropped"),
    ])
  package static let connectionRefused = EventKind(
    "connection.refused",
    "A connection was closed at once because as many as allowed are held.",
    fields: [EventField("count", "how many so far; logged at 1, 2, 4, 8, …")])

  package static let all = [messageRejected, connectionRefused]
}

/// Counts what a flood could repeat without end, and logs the first, second, fourth, eighth…: a
/// log that a stranger can cause grows with the logarithm of what they do.
package struct Tally {
  private var count: Int64 = 0

  package init() {}

  package mutating func add(emit: inout Effects) {
    count += 1
    guard count & (count - 1) == 0 else { return }
    emit.log(Event(CommonEvents.connectionRefused, ["count": .integer(count)]))
  }
}

extension Event {
  package static func rejected(from peer: Address?, reason: String, bytes: Int) -> Event {
    Event(
      CommonEvents.messageRejected, peer: peer,
      ["reason": .text(reason), "bytes": .integer(Int64(bytes))])
  }
}
