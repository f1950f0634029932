package import Participants

/// The kinds of event that kPTP peers log: every decision that the original prints, and more.
package enum KPTPEvents {
  private static let id = EventField("id", "its peer ID, four hexadecimal digits")
  private static let prefix = EventField(
    "prefix", "the bucket: leading bits that its ID shares with the owner's, 0 to 15")
  private static let peers = EventField("peers", "how many peers the message lists")
  private static let type = EventField("type", "the message's type on the wire")
  private static let reason = EventField("reason", "why, in a word or two")
  private static let key = EventField("key", "the value's key")
  private static let waited = EventField(
    "waited", "microseconds since the peer began to look for it")

  // Itself.
  package static let identityDerived = EventKind(
    "identity.derived", "A peer knows its own ID, which follows from its address.",
    fields: [
      EventField("id", "four hexadecimal digits"), EventField("number", "the same as a number"),
    ])
  package static let addressUnusable = EventKind(
    "address.unusable",
    "A peer ends, because it listens at no IPv4 address: messages carry no other."
  )

  // Joining.
  package static let joinAttempted = EventKind(
    "join.attempted", "A peer dials a bootstrap address.", peer: "whom it dials")
  package static let joinWelcomed = EventKind(
    "join.welcomed", "A bootstrap address sent its table.", peer: "who sent it",
    fields: [type, peers])
  package static let joinFailed = EventKind(
    "join.failed", "A bootstrap address sent no table.", peer: "whom it dialled",
    fields: [reason])
  package static let bootstrapAsked = EventKind(
    "bootstrap.asked", "A client asked for the table, and got it at once.",
    peer: "the client's end of the connection", fields: [peers], tallied: true)
  package static let clientWelcomed = EventKind(
    "client.welcomed", "A client that asked, or said nothing, was sent a welcome with the table.",
    peer: "the client's end of the connection", fields: [peers], tallied: true)

  // Getting to know others.
  package static let helloSent = EventKind(
    "hello.sent", "A peer says hello to one that it was told of.", peer: "whom it greets",
    fields: [EventField("attempt", "from 1")], tallied: true)
  package static let helloReceived = EventKind(
    "hello.received", "Somebody said hello.", peer: "their end of the connection",
    fields: [type, peers], tallied: true)
  package static let peerChecked = EventKind(
    "peer.checked", "A heartbeat was sent to one that may enter the table, and dialled this peer.",
    peer: "whom it checks", fields: [EventField("attempt", "from 1")], tallied: true)
  package static let peerUnreachable = EventKind(
    "peer.unreachable",
    "One that might have entered the table did not answer; it is left alone for a while.",
    peer: "who did not answer", fields: [reason], tallied: true)
  package static let peerCollided = EventKind(
    "peer.collided", "A peer has the same ID as this one: there is no bucket for it.",
    peer: "the other", fields: [id], tallied: true)

  // The table.
  package static let entryAdded = EventKind(
    "entry.added", "A peer entered the table: its bucket had room.", peer: "who entered",
    fields: [id, prefix], tallied: true)
  package static let entryReplaced = EventKind(
    "entry.replaced", "A peer entered the table in the place of another.", peer: "who entered",
    fields: [
      id, prefix, EventField("over", "the address of the one that left"),
      EventField("reason", "`closer`, or `newer`: as close, and the other missed a heartbeat"),
    ], tallied: true)
  package static let entryDeclined = EventKind(
    "entry.declined",
    "A peer that might have entered answered too late: its bucket is full of others as close.",
    peer: "who did not enter", fields: [id, prefix], tallied: true)
  package static let entryRemoved = EventKind(
    "entry.removed", "A peer left the table.", peer: "who left",
    fields: [
      id, prefix,
      EventField("reason", "`silent`: too many heartbeats missed; `forgotten`: `forget-after`"),
    ], tallied: true)
  package static let tableSnapshot = EventKind(
    "table.snapshot", "The whole table, once each heartbeat interval.",
    fields: [
      EventField("count", "entries"),
      EventField("buckets", "the addresses in each bucket that is not empty, by prefix"),
    ])

  // Heartbeats.
  package static let heartbeatSent = EventKind(
    "heartbeat.sent", "A heartbeat was sent to a peer in the table.", peer: "to whom")
  package static let heartbeatAnswered = EventKind(
    "heartbeat.answered", "A peer in the table answered a heartbeat.", peer: "who answered",
    fields: [peers])
  package static let heartbeatMissed = EventKind(
    "heartbeat.missed", "A peer in the table did not answer a heartbeat.", peer: "who did not",
    fields: [EventField("misses", "how many in a row"), reason])
  package static let heartbeatReceived = EventKind(
    "heartbeat.received", "Somebody sent a heartbeat, and was answered.",
    peer: "their end of the connection", fields: [peers], tallied: true)

  // Looking up.
  package static let lookupEnded = EventKind(
    "lookup.ended", "A peer asked its way towards an ID until nobody nearer was named.",
    peer: "the nearest peer that answered",
    fields: [
      EventField("target", "the ID, four hexadecimal digits"),
      EventField("purpose", "`refresh`, `put` or `get`"),
      EventField("asked", "how many peers were asked"),
    ])

  // Values.
  package static let valuePut = EventKind(
    "value.put", "A peer's own value was sent to the peers nearest to its key.",
    fields: [key, EventField("copies", "how many peers keep it")])
  package static let valueStored = EventKind(
    "value.stored", "A peer keeps a value for another.", peer: "their end of the connection",
    fields: [key], tallied: true)
  package static let valueFound = EventKind(
    "value.found", "A peer got the value of a key.", peer: "who had it",
    fields: [
      key, EventField("intact", "whether it is what its owner puts under that key"), waited,
    ])
  package static let valueMissing = EventKind(
    "value.missing", "Nobody near a key had its value.", fields: [key, waited])

  package static let messageIgnored = EventKind(
    "message.ignored", "A message that has no meaning where it came was passed over.",
    peer: "their end of the connection", fields: [type], tallied: true)

  package static let all = [
    identityDerived, addressUnusable, joinAttempted, joinWelcomed, joinFailed, bootstrapAsked,
    clientWelcomed, helloSent, helloReceived, peerChecked, peerUnreachable, peerCollided,
    entryAdded,
    entryReplaced, entryDeclined, entryRemoved, tableSnapshot, heartbeatSent, heartbeatAnswered,
    heartbeatMissed, heartbeatReceived, lookupEnded, valuePut, valueStored, valueFound,
    valueMissing, messageIgnored,
  ]
}
