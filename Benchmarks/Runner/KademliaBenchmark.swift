import Foundation

/// How fast one node of a large distributed hash table looks keys up: ours, and one of the PyPI
/// package `kademlia` that does the same in the same network.
///
/// Each looks random keys up, one after another, for some seconds; in turns. Most keys hold nothing, so
/// that a lookup goes on until the k closest nodes have answered; or all do, and it ends early.
enum KademliaBenchmark: Benchmark {
  static let name = "kademlia"
  static let summary = "lookups of one node against \(others) others, one after another"

  private enum Kind: String, CaseIterable {
    case toTheEnd = "lookups of keys without a value"
    case found = "lookups of keys with a value"

    /// The keys that are chosen among; the first 100 have a value.
    var keys: Int { self == .toTheEnd ? 1_000_000 : stored }
  }

  private static let others = 1_000
  private static let stored = 100
  private static let rounds = 3
  /// How long a node looks keys up, after as long a time to join, in seconds.
  private static let lasting = 6.0
  private static let joining = 4.0
  /// From the moment when all are ready until every value is stored.
  private static let settling = 20.0
  private static let python = ".build/pypi-kademlia/bin/python"
  private static let package = "the PyPI package kademlia 2.2.3"

  private static let topology = """
    network: kademlia
    groups:
      entry: { role: node, count: 1 }
      node: { count: \(others - 2), after: entry, every: 3ms, options: { bootstrap: entry } }
      publisher:
        role: node
        count: 1
        after: node
        options: { bootstrap: entry, keys: \(stored), put-count: 1000, put-interval: 10ms }
    ready: { within: 2m }
    stop: { at: 1h, within: 1m }

    """

  /// Prints how many keys it looked up in a second.
  private static let program = """
    import asyncio, random, sys, time
    from kademlia.network import Server

    async def main():
        port, keys, joining, lasting = int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:5])
        server = Server()
        await server.listen(0, interface="127.0.0.1")
        while not server.bootstrappable_neighbors():
            await server.bootstrap([("127.0.0.1", port)])
        await asyncio.sleep(joining)
        ended, start = 0, time.monotonic()
        while time.monotonic() - start < lasting:
            await server.get(f"value-{random.randint(1, keys)}")
            ended += 1
        print(ended / (time.monotonic() - start), flush=True)

    asyncio.run(main())
    """

  static func run() throws -> [Measurement] {
    let hasPython = FileManager.default.isExecutableFile(atPath: python)
    if !hasPython {
      say("the PyPI package is not in .build/pypi-kademlia ('make bench' installs it): left out")
    }
    return try withTemporaryFolder { folder in
      announce("\(name): \(others) nodes start and store \(stored) values")
      let run = try SeedbedRun(topology, in: folder)
      defer { run.end() }
      Thread.sleep(forTimeInterval: settling)
      let port = try entryPort(of: run)
      return try Kind.allCases.flatMap {
        try measure($0, at: port, besidePython: hasPython, in: "\(folder)/\($0)")
      }
    }
  }

  private static func measure(
    _ kind: Kind, at port: String, besidePython: Bool, in folder: String
  ) throws -> [Measurement] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var ours: [Double] = []
    var theirs: [Double] = []
    for round in 1...rounds {
      let what = "\(name): round \(round) of \(rounds), \(kind.rawValue)"
      ours.append(try measureOurs(kind, port, in: "\(folder)/ours-\(round)"))
      say("\(what), seedbed-node: \(Int(ours[round - 1]))/s")
      guard besidePython else { continue }
      theirs.append(try measureTheirs(kind, port, output: "\(folder)/theirs-\(round)"))
      say("\(what), \(package): \(Int(theirs[round - 1]))/s")
    }
    var figure = Measurement(
      subject: "\(kind.rawValue), seedbed-node", value: median(ours), unit: "/s")
    guard besidePython else { return [figure] }
    figure.comparisons = [
      Measurement.Comparison(
        with: package, ratio: figure.value / median(theirs),
        target: kind == .toTheEnd ? .atLeast(10) : nil)
    ]
    return [
      figure,
      Measurement(subject: "\(kind.rawValue), \(package)", value: median(theirs), unit: "/s"),
    ]
  }

  private static func entryPort(of run: SeedbedRun) throws -> String {
    let log = try String(contentsOfFile: "\(run.folder)/entry-1.ndjson", encoding: .utf8)
    guard let port = log.firstMatch(of: /"address":"[^"]*:(\d+)"/)?.1 else {
      throw BenchmarkError(description: "the first node does not say where it listens")
    }
    return String(port)
  }

  private static func measureOurs(
    _ kind: Kind, _ port: String, in folder: String
  ) throws -> Double {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let program = try Program(
      [
        Program.beside("seedbed-node"), "kademlia-node", "--bootstrap", "127.0.0.1:\(port)",
        "--keys", String(kind.keys), "--get-count", "1000000", "--get-interval", "0s",
        "--start-delay", "\(Int(joining * 1_000))ms", "--log", "\(folder)/log",
      ], output: "\(folder)/output")
    Thread.sleep(forTimeInterval: joining + lasting)
    program.end()
    let log = try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
    let times = log.split(separator: "\n").filter {
      $0.contains(#""purpose":"get""#) && $0.contains(#""lookup.finished""#)
    }.compactMap { $0.firstMatch(of: /"t":(\d+)/).flatMap { Double($0.1) } }
    guard let first = times.first, let last = times.last, last > first else {
      throw BenchmarkError(description: "the node looked nothing up; its log is \(folder)/log")
    }
    return Double(times.count - 1) / ((last - first) / 1e6)
  }

  private static func measureTheirs(
    _ kind: Kind, _ port: String, output: String
  ) throws -> Double {
    let program = try Program(
      [python, "-c", Self.program, port, String(kind.keys), String(joining), String(lasting)],
      output: output)
    defer { program.end() }
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let text = try String(contentsOfFile: output, encoding: .utf8)
      if let line = text.split(separator: "\n").last, let rate = Double(line) { return rate }
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw BenchmarkError(description: "the PyPI package did not finish; see \(output)")
  }
}
