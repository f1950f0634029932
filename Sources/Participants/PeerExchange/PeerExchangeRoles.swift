package import Participants

/// The peer exchange's one role, and its options. Timings default to the original's.
package enum PeerExchangeRoles {
  package static let all = [peer]

  private static let timing = OptionSpecification.Kind.duration(.milliseconds(1)...(.seconds(3600)))
  private static let limit = OptionSpecification.Kind.count(1...65_536)

  package static let peer = Role(
    network: "pex", name: "peer",
    summary: "tells others whom it knows, asks them for the pieces it wants, gives those it has",
    options: pieces + files + exchange + limits + faults,
    transports: .stream, seedList: .unused,
    make: { PeerExchangePeer($0) })

  private static let pieces = [
    OptionSpecification(
      "bootstrap", .addresses(atMost: 16), default: .addresses([]),
      "whom to dial first; none: others dial in"),
    OptionSpecification(
      "piece-size", .count(4...16_777_216), default: .count(1_048_576),
      "bytes of a piece, the same in all of a network; 131072 for the original program"),
    OptionSpecification(
      "catalogue", limit, default: .count(75),
      "how many pieces of sample data there are: a number from 0 on and zeros, each"),
    OptionSpecification(
      "have", .count(0...65_536), default: .count(0),
      "pieces of sample data at hand; which ones is up to the node's seed"),
    OptionSpecification(
      "want", .count(0...65_536), default: .count(0),
      "pieces of sample data that are wanted, of those that are not at hand"),
  ]

  private static let files = [
    OptionSpecification(
      "share", .text(atMost: 4_096), default: .text(""),
      "files to give, with : between them; a hash list FILE.pieces is written for each"),
    OptionSpecification(
      "fetch", .text(atMost: 4_096), default: .text(""),
      "hash lists FILE.pieces, with : between them, of files to get, each as FILE"),
    OptionSpecification(
      "once", .flag, default: .flag(false), "whether the node ends when it has what it wants"),
  ]

  private static let exchange = [
    OptionSpecification(
      "exchange-interval", timing, default: .duration(.seconds(10)),
      """
      between two rounds of telling neighbours who there is and dialling who is missing; a tenth of \
      it when there are news
      """),
    OptionSpecification(
      "dial-timeout", timing, default: .duration(.seconds(3)),
      "how long a peer that is dialled has to answer"),
    OptionSpecification(
      "ask-timeout", timing, default: .duration(.seconds(5)),
      "how long a neighbour that was asked may be silent before the next is asked"),
    OptionSpecification(
      "ask-again", timing, default: .duration(.seconds(10)),
      "how long until a neighbour that lacked a piece is asked for it again"),
    OptionSpecification(
      "give-timeout", timing, default: .duration(.seconds(60)),
      "how long a piece may take on its way, in or out, before the connection is closed"),
  ]

  private static let limits = [
    OptionSpecification(
      "asks-in-flight", .count(1...256), default: .count(4),
      "pieces that one neighbour is asked for at once"),
    OptionSpecification(
      "max-asks", limit, default: .count(256),
      "asks of one neighbour that may wait for their turn; further ones are dropped"),
    OptionSpecification(
      "max-giving", limit, default: .count(8), "pieces on their way out at once"),
    OptionSpecification(
      "max-known", limit, default: .count(1_000), "addresses that are known at once"),
    OptionSpecification(
      "max-connections", .count(2...65_536), default: .count(2_048),
      "connections held at once; more are not dialled, and closed at once"),
    OptionSpecification(
      "max-offences", limit, default: .count(3),
      "unasked and wrong pieces after which a neighbour is shunned"),
  ]

  /// A healthy node has them at their defaults. The others are for trying what the network bears,
  /// and whether its checks notice.
  private static let faults = [
    OptionSpecification(
      "gives", .choice(["always", "once", "never"]), default: .choice("always"),
      "how often a piece is given to those who ask; once: one time in all"),
    OptionSpecification(
      "asks", .choice(["one", "all"]), default: .choice("one"),
      "one neighbour at a time, or all of them at once, as the original does"),
    OptionSpecification(
      "introduces", .flag, default: .flag(true),
      "whether neighbours are told of others, and not only of the node itself"),
    OptionSpecification(
      "verifies", .flag, default: .flag(true),
      "whether a piece counts only if its bytes have the SHA-256 that was asked for"),
    OptionSpecification(
      "corrupts", .flag, default: .flag(false),
      "whether a byte of every piece that is given is wrong"),
  ]
}
