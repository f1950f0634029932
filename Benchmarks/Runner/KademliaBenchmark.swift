import Foundation

/// How fast one node of a large distributed hash table looks keys up: ours, and one of the PyPI
/// package `kademlia` that does the same.
///
/// Each keeps as many lookups under way (one, a few, many), of random keys that hold nothing, for some seconds: a lookup
/// goes on until the k closest nodes have answered. Each in a network of its own, because others
/// would wait for a node that has left.
enum KademliaBenchmark: Benchmark {
  static let name = "kademlia"
  static let summary =
    "lookups of one node against \(others) others, "
    + atOnce.map(String.init).joined(separator: ", ") + " under way at once"

  private static let others = 1_000
  private static let keys = 1_000_000
  private static let atOnce = [1, 8, 32]
  private static let rounds = 3
  /// How long a node looks keys up, after as long a time to join, in seconds.
  private static let lasting = 6.0
  private static let joining = 4.0
  /// From the moment when all are ready until all have joined.
  private static let settling = 5.0
  private static let python = ".build/pypi-kademlia/bin/python"
  private static let package = "the PyPI package kademlia 2.2.3"

  private static let topology = """
    network: kademlia
    groups:
      entry: { role: node, count: 1 }
      node: { count: \(others - 1), after: entry, every: 3ms, options: { bootstrap: entry } }
    ready: { within: 2m }
    stop: { at: 1h, within: 1m }

    """

  /// Prints how many keys it looked up in a second.
  private static let program = """
    import asyncio, random, sys, time
    from kademlia.network import Server

    async def main():
        port, keys, at_once = map(int, sys.argv[1:4])
        joining, lasting = map(float, sys.argv[4:6])
        server = Server()
        await server.listen(0, interface="127.0.0.1")
        while not server.bootstrappable_neighbors():
            await server.bootstrap([("127.0.0.1", port)])
        await asyncio.sleep(joining)
        ended, start = 0, time.monotonic()

        async def look_up():
            nonlocal ended
            while time.monotonic() - start < lasting:
                await server.get(f"value-{random.randint(1, keys)}")
                ended += 1

        await asyncio.gather(*(look_up() for _ in range(at_once)))
        print("rate", ended / (time.monotonic() - start), flush=True)

    asyncio.run(main())
    """

  static func run() throws -> [Measurement] {
    let hasPython = FileManager.default.isExecutableFile(atPath: python)
    if !hasPython {
      say("the PyPI package is not in .build/pypi-kademlia ('make bench' installs it): left out")
    }
    return try withTemporaryFolder { folder in
      var ours: [Int: [Double]] = [:]
      var theirs: [Int: [Double]] = [:]
      for round in 1...rounds {
        for count in atOnce {
          let what = "\(name): round \(round) of \(rounds), \(count) at once"
          let place = "\(folder)/\(round)-\(count)"
          let rate = try inNetwork("\(place)-ours") { try measureOurs($0, count, in: $1) }
          ours[count, default: []].append(rate)
          say("\(what), seedbed-node: \(Int(rate))/s")
          guard hasPython else { continue }
          let other = try inNetwork("\(place)-theirs") { try measureTheirs($0, count, in: $1) }
          theirs[count, default: []].append(other)
          say("\(what), \(package): \(Int(other))/s")
        }
      }
      return atOnce.flatMap { count in
        measurements(count, ours: ours[count] ?? [], theirs: theirs[count] ?? [])
      }
    }
  }

  private static func measurements(
    _ count: Int, ours: [Double], theirs: [Double]
  ) -> [Measurement] {
    var figure = Measurement(
      subject: "\(count) at once, seedbed-node", value: median(ours), unit: "/s")
    guard !theirs.isEmpty else { return [figure] }
    figure.comparisons = [
      Measurement.Comparison(
        with: package, ratio: median(zip(ours, theirs).map { $0 / $1 }), target: .atLeast(10))
    ]
    return [
      figure,
      Measurement(subject: "\(count) at once, \(package)", value: median(theirs), unit: "/s"),
    ]
  }

  /// Starts a network, and measures with the port of a node to join by and a folder.
  private static func inNetwork(
    _ folder: String, _ measure: (String, String) throws -> Double
  ) throws -> Double {
    announce("\(name): \(others) nodes start")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let run = try SeedbedRun(topology, in: folder)
    defer { run.end() }
    Thread.sleep(forTimeInterval: settling)
    return try measure(entryPort(of: run), folder)
  }

  private static func entryPort(of run: SeedbedRun) throws -> String {
    let log = try String(contentsOfFile: "\(run.folder)/entry-1.ndjson", encoding: .utf8)
    guard let port = log.firstMatch(of: /"address":"[^"]*:(\d+)"/)?.1 else {
      throw BenchmarkError(description: "the first node does not say where it listens")
    }
    return String(port)
  }

  private static func measureOurs(
    _ port: String, _ atOnce: Int, in folder: String
  ) throws -> Double {
    let program = try Program(
      [
        Program.beside("seedbed-node"), "kademlia-node", "--bootstrap", "127.0.0.1:\(port)",
        "--keys", String(keys), "--get-count", "1000000", "--get-interval", "0s", "--gets-at-once",
        String(atOnce),
        "--start-delay", "\(Int(joining * 1_000))ms", "--log", "\(folder)/asker.ndjson",
      ], output: "\(folder)/asker.out")
    Thread.sleep(forTimeInterval: joining + lasting)
    program.end()
    let log = try String(contentsOfFile: "\(folder)/asker.ndjson", encoding: .utf8)
    let times = log.split(separator: "\n").filter {
      $0.contains(#""purpose":"get""#) && $0.contains(#""lookup.finished""#)
    }.compactMap { $0.firstMatch(of: /"t":(\d+)/).flatMap { Double($0.1) } }
    guard let first = times.first, let last = times.last, last > first else {
      throw BenchmarkError(
        description: "the node looked nothing up; its log is \(folder)/asker.ndjson")
    }
    return Double(times.count - 1) / ((last - first) / 1e6)
  }

  private static func measureTheirs(
    _ port: String, _ atOnce: Int, in folder: String
  ) throws -> Double {
    let output = "\(folder)/asker.out"
    let program = try Program(
      [
        python, "-c", Self.program, port, String(keys), String(atOnce), String(joining),
        String(lasting),
      ],
      output: output)
    defer { program.end() }
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let text = try String(contentsOfFile: output, encoding: .utf8)
      // It may complain about tasks of its own before and after.
      if let rate = text.firstMatch(of: /rate ([0-9.]+)\n/).flatMap({ Double($0.1) }) {
        return rate
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw BenchmarkError(description: "the PyPI package did not finish; see \(output)")
  }
}
