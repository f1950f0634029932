import Hashing
package import Participants

/// The HyperDHT network's roles and their options. They default to the values of `hyperdht` 1 for
/// Node.js.
package enum HyperDHTRoles {
  package static let all = [bootstrap, node]

  private static let timing = OptionSpecification.Kind.duration(
    .milliseconds(1)...(.seconds(10 * 86_400)))

  private static let dhtOptions: [OptionSpecification] = [
    OptionSpecification(
      "bootstrap", .addresses(atMost: 16), default: .addresses([]),
      "nodes to join the network by, as numeric addresses; a node without any waits to be found"),
    OptionSpecification(
      "k", .count(1...64), default: .count(20),
      "contacts in a bucket, contacts in an answer, nodes that keep an announcement"),
    OptionSpecification(
      "rpc-timeout", timing, default: .duration(.seconds(1)),
      "a request that is not answered is sent again after this, and after twice as long; it has failed after three times as long"
    ),
    OptionSpecification(
      "upkeep-interval", timing, default: .duration(.seconds(40)),
      "between two looks at which contacts are stale"),
    OptionSpecification(
      "stale-after", timing, default: .duration(.seconds(120)),
      "contacts that have not been heard for so long are pinged"),
    OptionSpecification(
      "secret-lifetime", timing, default: .duration(.seconds(300)),
      "tokens hold for between one and two of it"),
    OptionSpecification(
      "join-retry", timing, default: .duration(.seconds(5)),
      "between two attempts to join while no contact is known"),
    OptionSpecification(
      "announcement-lifetime", timing, default: .duration(.seconds(900)),
      "announcements that were not repeated for so long are dropped"),
    OptionSpecification(
      "max-announcements", .count(1...1_000_000), default: .count(65_536),
      "announcements kept; more are refused"),
    OptionSpecification(
      "max-announcements-per-sender", .count(1...1_000_000), default: .count(1_024),
      "announcements kept that one address sent; more are refused"),
    OptionSpecification(
      "max-requests", .count(1...16_384), default: .count(1_024),
      "requests that wait for an answer at once"),
    OptionSpecification(
      "max-queries", .count(1...4_096), default: .count(64), "queries that are under way at once"),
    OptionSpecification(
      "ephemeral", .flag, default: .flag(false),
      "whether the node keeps its ID to itself, so that nobody keeps it"),
    OptionSpecification(
      "ipv6", .flag, default: .flag(false), "whether the network's addresses are IPv6"),
  ]

  package static let bootstrap = Role(
    network: "hyperdht", name: "bootstrap",
    summary: "is who others join the network by, and wants nothing itself",
    options: dhtOptions, transports: .datagram, seedList: .unused,
    make: { HyperDHTNode(bootstrap: $0) })

  package static let node = Role(
    network: "hyperdht", name: "node",
    summary: "announces that it is there under some keys, and finds others by theirs",
    options: dhtOptions + [
      OptionSpecification(
        "announce", .text(atMost: 256), default: .text(""),
        "a key to announce: 64 hexadecimal digits, or a text that is hashed"),
      OptionSpecification(
        "lookup", .text(atMost: 256), default: .text(""),
        "the key that lookups are for, once at least; none: they draw among key-1, key-2, … key-KEYS"
      ),
      OptionSpecification(
        "unannounce", .text(atMost: 256), default: .text(""),
        "a key whose announcement by this address is taken back"),
      OptionSpecification(
        "connect", .text(atMost: 256), default: .text(""),
        "a key to whose peers a way is opened through NATs, which datagrams are exchanged over"),
      OptionSpecification(
        "connect-interval", timing, default: .duration(.seconds(5)),
        "between two lookups of its peers; to each of them one way is opened"),
      OptionSpecification(
        "datagram-count", .count(0...1_000_000), default: .count(3),
        "datagrams that are exchanged with each of its peers"),
      OptionSpecification(
        "datagram-interval", timing, default: .duration(.seconds(1)), "between two of them"),
      OptionSpecification(
        "local-address", .addresses(atMost: 1), default: .addresses([]),
        "an IPv4 address in the node's own network, for peers that share its first two bytes"),
      OptionSpecification(
        "port", .count(0...65_535), default: .count(0),
        "the port that is announced; 0: the node's own"),
      OptionSpecification(
        "announce-count", .count(0...10_000), default: .count(0),
        "keys that are announced besides, drawn among key-1, key-2, … key-KEYS"),
      OptionSpecification(
        "announce-interval", timing, default: .duration(.seconds(270)),
        "between two announcements of a key"),
      OptionSpecification(
        "announce-for", .duration(.zero...(.seconds(10 * 86_400))), default: .duration(.zero),
        "after which announcements are taken back; 0s: never"),
      OptionSpecification(
        "lookup-count", .count(0...1_000_000), default: .count(0), "lookups of this node"),
      OptionSpecification(
        "lookup-interval", timing, default: .duration(.seconds(1)), "between two of them"),
      OptionSpecification(
        "start-delay", timing, default: .duration(.seconds(1)),
        "from joining to the first announcements and lookups"),
      OptionSpecification(
        "keys", .count(1...100_000), default: .count(64), "keys that are drawn among"),
    ],
    transports: .datagram, seedList: .unused,
    make: { HyperDHTNode($0) })

  static func dht(
    _ node: ParticipantSettings, punches: HolePunches.Settings = HolePunches.Settings(),
    local: Address? = nil
  ) -> HyperDHT {
    let options = node.options
    return HyperDHT(
      settings: DHTRPC.Settings(
        k: options.count("k"), unit: options.duration("rpc-timeout"),
        upkeepInterval: options.duration("upkeep-interval"),
        staleAfter: options.duration("stale-after"),
        secretLifetime: options.duration("secret-lifetime"),
        joinRetry: options.duration("join-retry"), maxRequests: options.count("max-requests"),
        maxLookups: options.count("max-queries"), isEphemeral: options.flag("ephemeral"),
        encoding: options.flag("ipv6") ? .ipv6 : .ipv4),
      bootstrap: options.addresses("bootstrap"),
      limits: Announcements.Limits(
        entries: options.count("max-announcements"),
        entriesPerSender: options.count("max-announcements-per-sender"),
        lifetime: options.duration("announcement-lifetime")),
      punches: punches, localAddress: local, secret: node.secret)
  }

  static func started(_ dht: HyperDHT) -> Event {
    Event(
      HyperDHTEvents.started,
      ["id": Hexadecimal.text(dht.rpc.own), "place": HyperDHTEvents.place(dht.rpc.own)])
  }
}
