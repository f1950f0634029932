package import Participants

/// The Kademlia network's role and its options. They default to the values of the PyPI package
/// `kademlia` 2.2.3 where that has one.
package enum KademliaRoles {
  package static let all = [node]

  private static let timing = OptionSpecification.Kind.duration(
    .milliseconds(1)...(.seconds(10 * 86_400)))

  /// What any participant that has a DHT inside needs to know for it.
  package static let dht: [OptionSpecification] = [
    OptionSpecification(
      "bootstrap", .addresses(atMost: 16), default: .addresses([]),
      "nodes to join the network by; a node without any waits to be found"),
    OptionSpecification(
      "k", .count(1...64), default: .count(20),
      "contacts in a bucket, nodes that hold a value, contacts in an answer"),
    OptionSpecification(
      "alpha", .count(1...16), default: .count(3), "requests that a lookup has under way at once"),
    OptionSpecification(
      "rpc-timeout", timing, default: .duration(.seconds(5)), "how long an answer may take"),
    OptionSpecification(
      "max-failures", .count(1...16), default: .count(3),
      "unanswered requests in a row after which a contact is dropped; one, where another waits for its place"
    ),
    OptionSpecification(
      "join-retry", timing, default: .duration(.seconds(5)),
      "between two attempts to join while no contact is known"),
    OptionSpecification(
      "ping-interval", timing, default: .duration(.seconds(15 * 60)),
      "contacts that have not proved their ID for so long are pinged"),
    OptionSpecification(
      "refresh-interval", timing, default: .duration(.seconds(3_600)),
      "buckets in which nothing was looked up for so long are refreshed"),
    OptionSpecification(
      "republish-interval", timing, default: .duration(.seconds(3_600)),
      "values that nobody has stored for so long are stored again at the nodes closest to them"),
    OptionSpecification(
      "value-lifetime", timing, default: .duration(.seconds(7 * 86_400)),
      "values that nobody else has stored for so long are dropped"),
    OptionSpecification(
      "max-keys", .count(1...1_000_000), default: .count(16_384), "values held; more are refused"),
    OptionSpecification(
      "max-keys-per-peer", .count(1...1_000_000), default: .count(4_096),
      "values held that one address sent; more are refused"),
    OptionSpecification(
      "max-value", .count(1...8_000), default: .count(7_168), "bytes of a value in MessagePack"),
    OptionSpecification(
      "max-requests", .count(1...65_536), default: .count(1_024),
      "requests that wait for an answer at once"),
    OptionSpecification(
      "evict-dead", .flag, default: .flag(true), "whether contacts that do not answer are dropped"),
    OptionSpecification(
      "give-values", .flag, default: .flag(true),
      "whether who asks for a value that is held gets it"),
    OptionSpecification(
      "republish", .flag, default: .flag(true), "whether values are stored again when they are due"),
    OptionSpecification(
      "answers", .choice(["closest", "nearby"]), default: .choice("closest"),
      "nearby: an answer names the one contact that comes next to this node on the way to the key"),
  ]

  package static let node = Role(
    network: "kademlia", name: "node",
    summary:
      "joins a distributed hash table, holds values for others, sets some and looks some up",
    options: dht + [
      OptionSpecification(
        "put-count", .count(0...1_000_000), default: .count(0), "values that this node sets"),
      OptionSpecification(
        "put-interval", timing, default: .duration(.seconds(1)), "between two of them"),
      OptionSpecification(
        "get-count", .count(0...1_000_000), default: .count(0), "values that this node looks up"),
      OptionSpecification(
        "get-interval", .duration(.zero...(.seconds(10 * 86_400))), default: .duration(.seconds(1)),
        "between two of them; 0s: each when one before has ended"),
      OptionSpecification(
        "gets-at-once", .count(1...1_000), default: .count(1),
        "of these, how many are under way at once"),
      OptionSpecification(
        "start-delay", timing, default: .duration(.seconds(1)),
        "from joining to the first value that is set or looked up"),
      OptionSpecification(
        "keys", .count(1...1_000_000), default: .count(64),
        "they are chosen among the keys value-1, value-2, … value-KEYS"),
    ],
    transports: .datagram, seedList: .unused,
    make: { KademliaNode($0) })
}
