package import Participants

/// The gossip network's two roles, and their options. Timings default to the original's.
package enum GossipRoles {
  package static let all = [seed, peer]

  private static let timing = OptionSpecification.Kind.duration(.milliseconds(1)...(.seconds(3600)))

  package static let seed = Role(
    network: "gossip", name: "seed",
    summary: "keeps the list of peers, answers who asks for it, drops peers that are dead",
    options: [
      OptionSpecification(
        "answer-timeout", timing, default: .duration(.seconds(3)),
        "how long a peer that was reported dead has to answer before it is dropped"),
      OptionSpecification(
        "settle", timing, default: .duration(.milliseconds(250)),
        "how long a stream must pause before a message without an end counts as whole"),
      OptionSpecification(
        "registration-timeout", timing, default: .duration(.seconds(30)),
        "how long a connection may stay without registering or reporting"),
      OptionSpecification(
        "max-connections", .count(1...65_536), default: .count(16_384),
        "connections held at once; more are closed at once"),
      OptionSpecification(
        "max-peers", .count(1...1_000_000), default: .count(65_536),
        "peers remembered; further ones are not listed"),
      OptionSpecification(
        "max-listed", .count(32...1_000_000), default: .count(1_000),
        "peers in an answer; beyond it, the asker's nearest addresses and others at random"),
    ],
    transports: .stream, seedList: .listed,
    make: { GossipSeed($0) })

  package static let peer = Role(
    network: "gossip", name: "peer",
    summary:
      "registers with seeds, links to other peers, gossips, probes its links, reports the dead",
    options: [
      OptionSpecification(
        "max-links", .count(1...1_000), default: .count(4),
        "links to other peers; one more dialling in gets BUSY"),
      OptionSpecification(
        "gossip-count", .count(0...1_000_000), default: .count(10),
        "texts that this peer originates"),
      OptionSpecification(
        "gossip-delay", timing, default: .duration(.seconds(1)),
        "from the first link's handshake to the first text"),
      OptionSpecification(
        "gossip-interval", timing, default: .duration(.seconds(5)), "between two texts"),
      OptionSpecification(
        "texts", .choice(["unique", "original"]), default: .choice("unique"),
        "unique texts can be followed one by one; original ones are message 1, message 2, …"),
      OptionSpecification(
        "liveness-interval", timing, default: .duration(.seconds(13)),
        "between two liveness requests on a link"),
      OptionSpecification(
        "liveness-misses", .count(1...1_000), default: .count(3),
        "failed liveness requests in a row after which a neighbour is suspected dead"),
      OptionSpecification(
        "join-delay", timing, default: .duration(.seconds(2)),
        "from the seeds' answers to dialling peers"),
      OptionSpecification(
        "answer-timeout", timing, default: .duration(.seconds(3)),
        """
        how long a peer or seed that was dialled has for its first message, and a neighbour, at \
        least, for its reply to a liveness request and for an acknowledgement
        """),
      OptionSpecification(
        "relink-interval", timing, default: .duration(.seconds(5)),
        "between two rounds of asking the seeds and dialling while links are missing"),
      OptionSpecification(
        "seed-retry", timing, default: .duration(.seconds(5)),
        "between two attempts to reach a seed that was lost"),
      OptionSpecification(
        "settle", timing, default: .duration(.milliseconds(250)),
        """
        how long a stream must pause before a message without an end counts as whole, and whoever \
        dials in may wait before it says who it is
        """),
      OptionSpecification(
        "catch-up-window", .duration(.zero...(.seconds(3600))), default: .duration(.seconds(60)),
        "a new neighbour is sent the texts of this last while; 0s: none"),
      OptionSpecification(
        "report-dead", .flag, default: .flag(true), "whether dead neighbours are reported to seeds"),
      OptionSpecification(
        "max-remembered", .count(1...1_000_000), default: .count(16_384),
        "texts remembered, so that each is taken and forwarded once"),
      OptionSpecification(
        "max-connections", .count(2...65_536), default: .count(64),
        "connections held at once, links and seeds included; more are closed at once"),
    ],
    transports: .stream, seedList: .reads,
    make: { GossipPeer($0) })
}
