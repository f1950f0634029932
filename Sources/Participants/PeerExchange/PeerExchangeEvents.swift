package import Participants

/// The kinds of event that peers of the exchange log.
package enum PeerExchangeEvents {
  private static let hash = EventField("hash", "the piece's SHA-256, in hexadecimal digits")
  private static let bytes = EventField("bytes", "how long it is")
  private static let reason = EventField("reason", "why, in a word or two")
  private static let connection = EventField(
    "connection", "the connection's number in this life of the node")
  private static let direction = EventField("direction", "`dialled` or `accepted`")

  // Who there is.
  package static let addressLearned = EventKind(
    "address.learned", "An address was heard of that this peer did not know.", peer: "the address",
    fields: [
      EventField(
        "from",
        "who told, an address; `option`: it was told at the start; absent: nobody knows yet"),
      EventField("connection", "the number of the connection that it was told on; absent: none"),
    ])
  package static let addressForgotten = EventKind(
    "address.forgotten",
    "An address was dropped: nobody could be reached there, or it is another one of a known peer.",
    peer: "the address",
    fields: [
      EventField(
        "dials",
        "how many were in vain, in a row; 0: it is a known peer's, or this one's own")
    ])
  package static let neighbourLinked = EventKind(
    "neighbour.linked",
    "A connection to another peer is there, and who it is is known: whom this peer dialled, or who "
      + "was found by dialling back.",
    peer: "the neighbour", fields: [direction, connection])
  package static let neighbourLost = EventKind(
    "neighbour.lost", "A connection that was linked is gone.", peer: "the neighbour",
    fields: [
      connection,
      EventField(
        "reason",
        """
        `ended` or `reset` by the neighbour; `garbled`: what it sent made no sense; `slow`: a piece \
        took too long; `shunned`: it gave what nobody asked for, or wrong pieces; `backlogged`: it \
        did not read; `double`: it had been dialled at two addresses; `own`: this peer had dialled \
        itself
        """),
    ])
  package static let neighbourShunned = EventKind(
    "neighbour.shunned", "A peer that offended too often is not dialled or asked any more.",
    peer: "that peer, where it is known",
    fields: [EventField("offences", "unasked and wrong pieces that it gave")])

  // What they have.
  package static let pieceHeld = EventKind(
    "piece.held", "A piece was at hand when the node started.", fields: [hash, bytes])
  package static let pieceWanted = EventKind(
    "piece.wanted", "The node wants a piece that it does not have.", fields: [hash])
  package static let pieceAsked = EventKind(
    "piece.asked", "A neighbour was asked for a piece.", peer: "the neighbour, where it is known",
    fields: [hash])
  package static let pieceUnanswered = EventKind(
    "piece.unanswered", "A neighbour that was asked for a piece stayed silent: others are asked.",
    peer: "the neighbour, where it is known", fields: [hash])
  package static let pieceReceived = EventKind(
    "piece.received", "A wanted piece came, and counts from now on.",
    peer: "who gave it, where that is known",
    fields: [
      hash, EventField("content", "the SHA-256 of what came"), bytes,
      EventField("waited", "microseconds from the ask to the last byte"),
    ])
  package static let pieceDropped = EventKind(
    "piece.dropped", "A piece came that does not count.", peer: "who gave it, where that is known",
    fields: [
      hash, bytes,
      EventField(
        "reason",
        """
        `twice`: it had come already, or is just coming, from another neighbour; `unasked`: this \
        neighbour was not asked for it; `wrong`: its bytes have another SHA-256
        """),
    ])
  package static let pieceGiven = EventKind(
    "piece.given", "A piece that was asked for has left the node.",
    peer: "who asked, where that is known", fields: [hash, bytes, connection])
  package static let piecesCompleted = EventKind(
    "pieces.completed", "Every piece that was wanted is there.",
    fields: [EventField("count", "how many were wanted")])

  // Files.
  package static let fileShared = EventKind(
    "file.shared", "A file was split: its pieces are at hand, and its hash list is written.",
    fields: [
      EventField("file", "its path"), bytes, EventField("pieces", "how many it has"),
      EventField("list", "the path of the hash list, for those who want to fetch it"),
    ])
  package static let fileFetched = EventKind(
    "file.fetched", "Every piece of a file came, and the file is in its place.",
    fields: [EventField("file", "its path"), bytes])
  package static let fileFailed = EventKind(
    "file.failed", "A file could not be read or written, or is no hash list.",
    fields: [EventField("file", "its path"), reason])

  // What is not taken.
  package static let bytesRejected = EventKind(
    "bytes.rejected", "Bytes arrived that are no message of this protocol, or a message too long.",
    peer: "the sender, where it is known",
    fields: [
      reason, EventField("bytes", "how many were dropped, or the length that was announced"),
    ])
  package static let asksDropped = EventKind(
    "asks.dropped", "An ask was not answered because the neighbour has too many waiting.",
    peer: "the neighbour, where it is known",
    fields: [EventField("count", "how many so far on this connection; logged at 1, 2, 4, 8, …")])
  package static let callerRefused = EventKind(
    "caller.refused", "A connection was closed at once because as many as allowed are held.",
    fields: [EventField("count", "how many so far; logged at 1, 2, 4, 8, …")])

  package static let all = [
    addressLearned, addressForgotten, neighbourLinked, neighbourLost, neighbourShunned, pieceHeld,
    pieceWanted, pieceAsked, pieceUnanswered, pieceReceived, pieceDropped, pieceGiven,
    piecesCompleted, fileShared, fileFetched, fileFailed, bytesRejected, asksDropped, callerRefused,
  ]
}
