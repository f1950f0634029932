import BenchmarkReferences
import Foundation

/// Pieces that are given from peer to peer.
///
/// One peer gets a gibibyte from another, over the loopback interface, every piece hashed as it
/// comes. In the same round, plain C reads as much over TCP without looking at it, and hashes as much
/// without moving it: the slower of the two is what a peer that did nothing else could reach.
enum ExchangeBenchmark: Benchmark {
  static let name = "pex"
  static let summary =
    "\(pieces) MiB from one pex peer to another, and \(sharedPieces) MiB from one to \(peers)"

  private static let pieces = 1_024
  private static let pieceSize = 1_048_576
  private static let rounds = 5
  private static let sharedPieces = 256
  private static let peers = 10
  private static let patience = Duration.seconds(180)

  static func run() throws -> [Measurement] { try throughput() + [economy()] }

  private static func throughput() throws -> [Measurement] {
    let bytes = pieces * pieceSize
    var rates: [(copied: Double, hashed: Double, given: Double)] = []
    for round in 1...rounds {
      announce("\(name): round \(round) of \(rounds)")
      let copied = try rate(of: bytes, taking: exchange_copy(bytes), "copying over TCP")
      let hashed = try rate(of: bytes, taking: exchange_hash(bytes, pieceSize), "hashing")
      let given = try rate(of: bytes, taking: pair(), "giving")
      say(
        "\(name): round \(round) of \(rounds): \(Int(given)) MiB/s; copying alone \(Int(copied)), "
          + "hashing alone \(Int(hashed))")
      rates.append((copied, hashed, given))
    }
    return [
      Measurement(
        subject: "given, verified and taken", value: median(rates.map(\.given)), unit: "MiB/s",
        comparisons: [
          Measurement.Comparison(
            with: "the slower of a C loop that copies and one that hashes",
            ratio: median(rates.map { $0.given / min($0.copied, $0.hashed) }), target: .atLeast(0.7)
          )
        ]),
      Measurement(
        subject: "a C loop that copies over TCP", value: median(rates.map(\.copied)), unit: "MiB/s"),
      Measurement(
        subject: "a C loop that hashes with SHA-256", value: median(rates.map(\.hashed)),
        unit: "MiB/s"),
    ]
  }

  /// In MiB/s.
  private static func rate(of bytes: Int, taking seconds: Double, _ what: String) throws -> Double {
    guard seconds > 0 else { throw BenchmarkError.system(CInt(-seconds), "\(what) failed") }
    return Double(bytes) / 1_048_576 / seconds
  }

  /// The seconds from a peer's first ask to its last piece.
  private static func pair() throws -> Double {
    try withRun(pieces: pieces, peers: 1) { run in
      let lines = try run.lines(of: "peer-1")
      guard let asked = lines.first(where: { $0.kind == "piece.asked" }),
        let completed = lines.first(where: { $0.kind == "pieces.completed" })
      else { throw BenchmarkError(description: "the peer asked for nothing") }
      return Double(completed.t - asked.t) / 1e6
    }
  }

  /// How much is sent when many get the same from one, and from one another.
  private static func economy() throws -> Measurement {
    announce("\(name): \(peers) peers share \(sharedPieces) MiB")
    return try withRun(pieces: sharedPieces, peers: peers) { run in
      let nodes = ["owner-1"] + (1...peers).map { "peer-\($0)" }
      let given = try nodes.flatMap { try run.lines(of: $0) }
        .filter { $0.kind == "piece.given" }.reduce(0) { $0 + ($1.bytes ?? 0) }
      let needed = peers * sharedPieces * pieceSize
      return Measurement(
        subject: "sent until \(peers) peers have \(sharedPieces) MiB of one",
        value: Double(given) / 1_048_576, unit: "MiB",
        comparisons: [
          Measurement.Comparison(
            with: "what they lack", ratio: Double(given) / Double(needed), target: .atMost(1.1))
        ])
    }
  }

  /// A run of one peer that has pieces and others that want them, once all have them.
  private static func withRun<Result>(
    pieces: Int, peers: Int, _ body: (SeedbedRun) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      let topology = """
        network: pex
        groups:
          owner: { role: peer, count: 1, options: { catalogue: \(pieces), have: \(pieces) } }
          peer:
            count: \(peers)
            after: owner
            options: { bootstrap: owner, catalogue: \(pieces), want: \(pieces) }
        stop: { at: 1h, within: 1m }

        """
      let run = try SeedbedRun(topology, in: folder)
      defer { run.end() }
      let deadline = ContinuousClock.now + patience
      for peer in 1...peers {
        while try !run.lines(of: "peer-\(peer)").contains(where: { $0.kind == "pieces.completed" })
        {
          guard ContinuousClock.now < deadline else {
            throw BenchmarkError(description: "peer-\(peer) did not get its pieces")
          }
          Thread.sleep(forTimeInterval: 0.5)
        }
      }
      return try body(run)
    }
  }
}
