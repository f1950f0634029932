import Foundation

/// How fast one node of a large distributed hash table looks values up: ours, and one of the PyPI
/// package `kademlia` that does the same in the same network.
///
/// Each looks up random ones of the same values, one after another, for some seconds; in turns.
enum KademliaBenchmark: Benchmark {
  static let name = "kademlia"
  static let summary = "values that one node finds among \(others) others, one after another"

  private static let others = 1_000
  private static let keys = 100
  private static let rounds = 3
  /// How long a node looks values up, after as long a time to join, in seconds.
  private static let lasting = 8.0
  private static let joining = 4.0
  /// From the moment when all are ready until every value is stored.
  private static let settling = 20.0
  private static let python = ".build/pypi-kademlia/bin/python"

  private static let topology = """
    network: kademlia
    groups:
      entry: { role: node, count: 1 }
      node: { count: \(others - 2), after: entry, every: 3ms, options: { bootstrap: entry } }
      publisher:
        role: node
        count: 1
        after: node
        options: { bootstrap: entry, keys: \(keys), put-count: 1000, put-interval: 10ms }
    ready: { within: 2m }
    stop: { at: 1h, within: 1m }

    """

  /// Prints how many values it found in a second.
  private static let program = """
    import asyncio, random, sys, time
    from kademlia.network import Server

    async def main():
        port, keys, joining, lasting = int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:5])
        server = Server()
        await server.listen(0, interface="127.0.0.1")
        await server.bootstrap([("127.0.0.1", port)])
        await asyncio.sleep(joining)
        found, start = 0, time.monotonic()
        while time.monotonic() - start < lasting:
            found += await server.get(f"value-{random.randint(1, keys)}") is not None
        print(found / (time.monotonic() - start), flush=True)

    asyncio.run(main())
    """

  static func run() throws -> [Measurement] {
    let hasPython = FileManager.default.isExecutableFile(atPath: python)
    if !hasPython {
      say("the PyPI package is not in .build/pypi-kademlia ('make bench' installs it): left out")
    }
    return try withTemporaryFolder { folder in
      announce("\(name): \(others) nodes start and store \(keys) values")
      let run = try SeedbedRun(topology, in: folder)
      defer { run.end() }
      Thread.sleep(forTimeInterval: settling)
      let port = try entryPort(of: run)
      var (ours, theirs): ([Double], [Double]) = ([], [])
      for round in 1...rounds {
        ours.append(try measureOurs(port, in: "\(folder)/ours-\(round)"))
        say("\(name): round \(round) of \(rounds), seedbed-node: \(Int(ours[round - 1]))/s")
        guard hasPython else { continue }
        theirs.append(try measureTheirs(port, in: "\(folder)/theirs-\(round)"))
        say("\(name): round \(round) of \(rounds), the PyPI package: \(Int(theirs[round - 1]))/s")
      }
      var figure = Measurement(
        subject: "values found, seedbed-node", value: median(ours), unit: "/s")
      guard hasPython else { return [figure] }
      let package = "the PyPI package kademlia 2.2.3"
      figure.comparisons = [
        Measurement.Comparison(
          with: package, ratio: figure.value / median(theirs), target: .atLeast(10))
      ]
      return [
        figure,
        Measurement(subject: "values found, \(package)", value: median(theirs), unit: "/s"),
      ]
    }
  }

  private static func entryPort(of run: SeedbedRun) throws -> String {
    let log = try String(contentsOfFile: "\(run.folder)/entry-1.ndjson", encoding: .utf8)
    guard let port = log.firstMatch(of: /"address":"[^"]*:(\d+)"/)?.1 else {
      throw BenchmarkError(description: "the first node does not say where it listens")
    }
    return String(port)
  }

  private static func measureOurs(_ port: String, in folder: String) throws -> Double {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let program = try Program(
      [
        Program.beside("seedbed-node"), "kademlia-node", "--bootstrap", "127.0.0.1:\(port)",
        "--keys", String(keys), "--get-count", "1000000", "--get-interval", "0s", "--start-delay",
        "\(Int(joining * 1_000))ms", "--log", "\(folder)/log",
      ], output: "\(folder)/output")
    Thread.sleep(forTimeInterval: joining + lasting)
    program.end()
    // What was found by asking others; the first second warms up.
    let log = try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
    let times = log.split(separator: "\n").lazy.filter { $0.contains(#""dht.found""#) }
      .filter { !$0.contains(#""steps":0,"#) }
      .compactMap { $0.firstMatch(of: /"t":(\d+)/).flatMap { Double($0.1) } }
    guard let first = times.first, let last = times.reversed().first, last > first else {
      throw BenchmarkError(description: "the node found nothing; its log is \(folder)/log")
    }
    return Double(times.count) / ((last - first) / 1e6)
  }

  private static func measureTheirs(_ port: String, in folder: String) throws -> Double {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let output = "\(folder)/output"
    let program = try Program(
      [python, "-c", Self.program, port, String(keys), String(joining), String(lasting)],
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
