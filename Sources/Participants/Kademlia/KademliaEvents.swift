package import Participants

/// The kinds of event that the nodes of a Kademlia network log.
package enum KademliaEvents {
  private static let id = EventField("id", "its ID, 40 hexadecimal digits")
  private static let key = EventField("key", "the key, 40 hexadecimal digits")
  private static let value = EventField(
    "value", "of the value's MessagePack bytes: the first 16 hexadecimal digits of SHA-1")
  private static let reason = EventField("reason", "why, in a few words")
  private static let lookup = EventField("lookup", "the lookup's number in this life of the node")
  private static let purpose = EventField(
    "purpose", "`join`, `refresh`, `set`, `get` or `republish`")

  private static let took = EventField("took", "microseconds from start to end")

  // Contacts.
  package static let joined = EventKind(
    "dht.joined", "A node has looked up its own ID and knows its neighbourhood.",
    fields: [id, EventField("contacts", "contacts in its routing table")])
  package static let contactAdded = EventKind(
    "contact.added", "A node that proved its ID and address is in the routing table.",
    peer: "the contact", fields: [id], tallied: true)
  package static let contactEvicted = EventKind(
    "contact.evicted", "A contact left the routing table.", peer: "the contact",
    fields: [
      id,
      EventField(
        "reason", "`silent`: requests were not answered; `replaced`: another ID is at its address"),
    ], tallied: true)
  package static let unanswered = EventKind(
    "rpc.unanswered", "A request was not answered in time.", peer: "who was asked",
    fields: [EventField("call", "`ping`, `find_node`, `find_value` or `store`")], tallied: true)

  // Lookups.
  package static let lookupStarted = EventKind(
    "lookup.started", "A node looks for the nodes closest to a key, or for its value.",
    fields: [lookup, purpose, key])
  package static let lookupFinished = EventKind(
    "lookup.finished", "A lookup came to its end.",
    fields: [
      lookup, purpose, key,
      EventField(
        "steps",
        "the longest chain of nodes that answered, each named by the one before; the first was known"
      ),
      EventField("contacted", "nodes that were asked"),
      EventField("answered", "how many of them answered"),
      EventField("found", "whether a value was found"),
      took,
    ])

  // Values.
  package static let put = EventKind(
    "dht.put", "A value that this node set is stored.",
    fields: [key, value, EventField("copies", "nodes that took it, this one included")])
  package static let putFailed = EventKind(
    "dht.failed", "A value that this node wanted to set is stored nowhere.", fields: [key, reason])
  package static let found = EventKind(
    "dht.found", "A value that this node wanted is found.",
    fields: [
      key, value, EventField("steps", "of the lookup; 0: the node holds the value itself"), took,
    ])
  package static let missing = EventKind(
    "dht.missing", "A value that this node wanted was not found.", fields: [key, reason, took])
  package static let stored = EventKind(
    "dht.stored", "This node holds a value that it did not hold, or another for the key.",
    peer: "who sent it; absent: this node itself", fields: [key, value], tallied: true)
  package static let expired = EventKind(
    "dht.expired", "This node dropped a value that nobody had stored again in time.",
    fields: [key, value], tallied: true)
  package static let storeRefused = EventKind(
    "dht.refused", "This node did not take a value.", peer: "who sent it",
    fields: [reason, EventField("count", "how many for that reason; logged at 1, 2, 4, 8, …")])

  // Datagrams.
  package static let rejected = EventKind(
    "datagram.rejected", "A datagram arrived that makes no sense here.", peer: "its sender",
    fields: [
      reason, EventField("bytes", "its length"),
      EventField("count", "how many for that reason; logged at 1, 2, 4, 8, …"),
    ])

  package static let all = [
    joined, contactAdded, contactEvicted, unanswered, lookupStarted, lookupFinished, put, putFailed,
    found, missing, stored, expired, storeRefused, rejected,
  ]
}
