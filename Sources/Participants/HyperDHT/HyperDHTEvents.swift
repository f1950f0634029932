import Hashing
package import Participants

/// The kinds of event that the nodes of a HyperDHT network log.
package enum HyperDHTEvents {
  private static let key = EventField("key", "the key, 64 hexadecimal digits")
  private static let query = EventField("query", "the query's number in this life of the node")
  private static let purpose = EventField("purpose", "`lookup`, `announce` or `unannounce`")
  private static let sender = EventField("sender", "who sent the announcement")
  private static let reason = EventField("reason", "why, in a few words")
  private static let count = EventField(
    "count", "how many for that reason; logged at 1, 2, 4, 8, …")

  package static let started = EventKind(
    "hyperdht.started", "A node has chosen its ID.",
    fields: [
      EventField("id", "its ID, 64 hexadecimal digits"),
      EventField("place", "the first 62 bits of the ID as a number"),
    ])
  package static let joined = EventKind(
    "hyperdht.joined", "A node has looked up its own ID and knows its neighbourhood.",
    fields: [EventField("contacts", "contacts in its routing table")])
  package static let rejected = EventKind(
    "hyperdht.rejected", "A datagram arrived that makes no sense here.", peer: "its sender",
    fields: [reason, EventField("bytes", "its length"), count])

  // Queries.
  package static let queryStarted = EventKind(
    "query.started", "A node begins to look a key up, to announce it or to take that back.",
    fields: [query, purpose, key])
  package static let queryFinished = EventKind(
    "query.finished", "A query came to its end.",
    fields: [
      query, purpose, key,
      EventField("place", "the first 62 bits of the key as a number"),
      EventField("closest", "the same of the closest node that answered; -1: nobody did"),
      EventField(
        "steps",
        "the longest chain of nodes that answered, each named by the one before; the first was known"
      ),
      EventField("asked", "nodes that were asked"),
      EventField("answered", "how many of them answered"),
      EventField("missed", "how many of them are closer than the closest that answered"),
      EventField("updated", "nodes that took an announcement, or its withdrawal"),
      EventField("peers", "peers that were found"),
      EventField("took", "microseconds from start to end"),
    ])
  package static let found = EventKind(
    "peer.found", "A lookup found a peer of its key.", peer: "the peer", fields: [query, key])

  // Announcements.
  package static let stored = EventKind(
    "announcement.stored", "This node keeps an announcement that it did not have.",
    peer: "the announced peer", fields: [key, sender], tallied: true)
  package static let removed = EventKind(
    "announcement.removed", "This node does not keep an announcement any more.",
    peer: "the announced peer",
    fields: [key, sender, EventField("reason", "`unannounced` or `expired`")], tallied: true)
  package static let refused = EventKind(
    "announcement.refused", "This node did not take an announcement, or its withdrawal.",
    peer: "who sent it", fields: [reason, count])

  // Hole punching.
  private static let punch = EventField("punch", "the attempt's number in this life of the node")
  private static let referrer = EventField("referrer", "who passes the ping on")
  private static let took = EventField("took", "microseconds from the start")

  package static let punchStarted = EventKind(
    "holepunch.started",
    "A node begins to open a way to a peer: it pings it, and has another ping passed on to it.",
    peer: "the peer, as it was announced", fields: [punch, referrer])
  package static let punchOpened = EventKind(
    "holepunch.opened", "The peer answered a ping directly.",
    peer: "the address that it answered from",
    fields: [punch, took])
  package static let punchFailed = EventKind(
    "holepunch.failed", "The peer answered no ping directly.",
    peer: "the peer, as it was announced",
    fields: [punch, took])
  package static let punchFinished = EventKind(
    "holepunch.finished", "All datagrams have been exchanged over an open way.",
    peer: "the address that the peer answered from",
    fields: [
      punch, EventField("sent", "datagrams that were sent to the peer"),
      EventField("answered", "how many of them it answered"),
    ])
  package static let punchAsked = EventKind(
    "holepunch.asked",
    "Somebody had a ping passed on to this node; a minute of each host's is one.",
    peer: "whom it answers", fields: [referrer], tallied: true)
  package static let punchHeard = EventKind(
    "holepunch.heard",
    "The first datagram came directly from a host that had had a ping passed on.",
    peer: "its sender", tallied: true)

  package static let all = [
    started, joined, rejected, queryStarted, queryFinished, found, stored, removed, refused,
    punchStarted, punchOpened, punchFailed, punchFinished, punchAsked, punchHeard,
  ]

  static func punchStarted(_ punch: UInt64, _ peer: Address, referrer: Address) -> Event {
    Event(punchStarted, peer: peer, ["punch": punch, "referrer": referrer])
  }

  static func punchOpened(_ punch: UInt64, _ peer: Address, took: Microseconds) -> Event {
    Event(punchOpened, peer: peer, ["punch": punch, "took": took])
  }

  static func punchFailed(_ punch: UInt64, _ peer: Address, took: Microseconds) -> Event {
    Event(punchFailed, peer: peer, ["punch": punch, "took": took])
  }

  static func punchFinished(
    _ punch: UInt64, _ peer: Address, sent: Int, answered: Int
  ) -> Event {
    Event(punchFinished, peer: peer, ["punch": punch, "sent": sent, "answered": answered])
  }

  static func punchAsked(_ asker: Address, referrer: Address) -> Event {
    Event(punchAsked, peer: asker, ["referrer": referrer])
  }

  static func stored(_ key: [UInt8], _ peer: Address, sender: Address) -> Event {
    Event(stored, peer: peer, ["key": Hexadecimal.text(key), "sender": sender])
  }

  static func removed(
    _ key: [UInt8], _ peer: Address, sender: Address, _ reason: String
  ) -> Event {
    Event(removed, peer: peer, ["key": Hexadecimal.text(key), "sender": sender, "reason": reason])
  }

  /// The first 62 bits of an ID as a number: two of them say, with exclusive or, which of several is
  /// closest.
  static func place(_ id: [UInt8]) -> Int64 {
    id.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) } >> 2 & 0x3fff_ffff_ffff_ffff
  }
}
