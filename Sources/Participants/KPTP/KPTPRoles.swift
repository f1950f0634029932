package import Participants

/// The kPTP network's only role, and its options. Timings default to the original's.
package enum KPTPRoles {
  package static let all = [peer]

  private static let timing = OptionSpecification.Kind.duration(.milliseconds(1)...(.seconds(3600)))

  package static let peer = Role(
    network: "kptp", name: "peer",
    summary: "keeps a routing table of live peers, answers who asks for it, and looks values up",
    options: [
      OptionSpecification(
        "bootstrap", .addresses(atMost: 16), default: .addresses([]),
        "whom to join by; none: the network's first peer, the original's server"),
      OptionSpecification(
        "name", .text(atMost: 255), default: .text("kptp-peer"), "what it calls itself"),
      OptionSpecification(
        "bucket-size", .count(1...32), default: .count(1),
        "peers in each of the 16 buckets of the table"),
      OptionSpecification(
        "heartbeat-interval", timing, default: .duration(.seconds(20)),
        "between two heartbeats to each peer in the table"),
      OptionSpecification(
        "heartbeat-timeout", timing, default: .duration(.seconds(5)),
        "how long an answer may take"),
      OptionSpecification(
        "heartbeat-misses", .count(1...1_000), default: .count(3),
        "missing answers in a row after which a peer leaves the table"),
      OptionSpecification(
        "welcome-delay", timing, default: .duration(.seconds(2)),
        "from accepting a client that says nothing, or asks for the table, to its welcome"),
      OptionSpecification(
        "hello-interval", timing, default: .duration(.milliseconds(500)),
        "between greeting one peer and the next, or the same again"),
      OptionSpecification(
        "hello-retries", .count(0...100), default: .count(3),
        "how often one that does not answer is tried again"),
      OptionSpecification(
        "lookup-steps", .count(1...256), default: .count(64),
        "peers that are asked the way to an ID, at most"),
      OptionSpecification(
        "put-count", .count(0...1_000), default: .count(0),
        "values that this peer puts where others find them"),
      OptionSpecification(
        "get-count", .count(0...1_000_000), default: .count(0),
        "values of peers it knows that this peer gets, one each value-interval"),
      OptionSpecification(
        "value-interval", timing, default: .duration(.seconds(10)),
        "from joining to putting its values, and between two times of putting them or of getting one"
      ),
      OptionSpecification(
        "replicas", .count(1...20), default: .count(3), "peers that a value is sent to"),
      OptionSpecification(
        "max-values", .count(1...1_000_000), default: .count(1_024),
        "values kept for others; the oldest goes first"),
      OptionSpecification(
        "max-connections", .count(2...65_536), default: .count(4_096),
        "connections held at once; more are closed at once"),
      OptionSpecification(
        "removes-dead", .flag, default: .flag(true),
        "whether peers that miss heartbeats leave the table; false is a fault, to test checks"),
      OptionSpecification(
        "replaces", .flag, default: .flag(true),
        "whether a closer peer takes a farther one's place; false is a fault, to test checks"),
      OptionSpecification(
        "refills", .flag, default: .flag(true),
        "whether a peer that has joined learns of others; false is a fault, to test checks"),
      OptionSpecification(
        "forget-after", .count(0...1_000_000), default: .count(0),
        """
        answered heartbeats after which a peer that lives is dropped once, a fault to test checks; \
        0: none
        """),
      OptionSpecification(
        "keeps-values", .flag, default: .flag(true),
        "whether values are kept that it says it keeps; false is a fault, to test checks"),
    ],
    transports: .stream, seedList: .unused,
    make: { KPTPPeer($0) })
}
