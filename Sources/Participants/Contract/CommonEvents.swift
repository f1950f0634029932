/// Kinds of event that the participants of several networks log.
package enum CommonEvents {
  package static let messageRejected = EventKind(
    "message.rejected", "Bytes arrived that are no message of this protocol, or too many.",
    peer: "the sender, where it is known",
    fields: [
      EventField("reason", "why, in a word or two"),
      EventField("bytes", "how many were dropped"),
    ], tallied: true)
  package static let connectionRefused = EventKind(
    "connection.refused",
    "A connection was closed at once because as many as allowed are held.",
    fields: [EventField("count", "how many so far; logged at 1, 2, 4, 8, …")])

  package static let all = [messageRejected, connectionRefused]
}

extension Tally {
  /// Bytes were dropped. Counted by the reason, which is not to be the sender's words.
  package mutating func reject(
    from peer: Address?, reason: String, bytes: Int, _ turn: inout Turn
  ) {
    log(
      Event(CommonEvents.messageRejected, peer: peer, ["reason": reason, "bytes": bytes]),
      per: reason, &turn)
  }

  /// A connection was refused.
  package mutating func refuse(_ turn: inout Turn) {
    guard let count = count(CommonEvents.connectionRefused, 0) else { return }
    turn.log(CommonEvents.connectionRefused, ["count": count])
  }
}
