import Foundation

/// What idle nodes cost: their memory, and the processor time that watching them takes.
enum FootprintBenchmark: Benchmark {
  static let name = "footprint"
  static let summary =
    "memory of idle nodes (\(LaunchBenchmark.seeds) seeds, \(fewPeers) linked peers), "
    + "and what watching \(manyPeers) peers takes"

  private static let fewPeers = 30
  private static let manyPeers = 1_000
  /// How long the peers have to link up and come to rest, in seconds.
  private static let settling = 20.0
  private static let watching = 15.0
  /// Everything else is as a peer has it by default.
  private static let options = "gossip-count: 0"

  static func run() throws -> [Measurement] { try memory() + [watchfulness()] }

  private static func memory() throws -> [Measurement] {
    announce("\(name): \(fewPeers) peers link up and come to rest")
    return try withTemporaryFolder { folder in
      let run = try SeedbedRun(
        SeedbedRun.topology(peers: fewPeers, options: options), in: folder)
      defer { run.end() }
      Thread.sleep(forTimeInterval: settling)
      let spawned = try run.lines(of: "supervisor").filter { $0.kind == "node.spawned" }
      var sizes: [String: [Double]] = [:]
      var links: [Double] = []
      for line in spawned {
        guard let node = line.node, let pid = line.pid else { continue }
        let group = String(node.prefix { $0 != "-" })
        sizes[group, default: []].append(try privateMemory(of: pid))
        if group == "peer" { links.append(try openLinks(of: node, in: run)) }
      }
      guard links.count == fewPeers, let fewest = links.min(), fewest > 0 else {
        throw BenchmarkError(description: "not every peer has a link after \(settling) s")
      }
      let (peers, seeds) = (sizes["peer"] ?? [], sizes["seed"] ?? [])
      return [
        Measurement(
          subject: "private memory of a peer with \(Int(median(links))) links",
          value: median(peers),
          unit: "KiB", target: .atMost(400)),
        Measurement(
          subject: "the same, the largest of \(fewPeers)", value: peers.max() ?? .nan, unit: "KiB",
          target: .atMost(400)),
        Measurement(
          subject: "private memory of a seed with \(fewPeers) peers", value: median(seeds),
          unit: "KiB"),
      ]
    }
  }

  private static func openLinks(of node: String, in run: SeedbedRun) throws -> Double {
    try run.lines(of: node).reduce(0) { count, line in
      line.kind == "link.opened" ? count + 1 : line.kind == "link.closed" ? count - 1 : count
    }
  }

  /// In KiB: the pages that no other process shares, from proc_pid_smaps(5).
  private static func privateMemory(of pid: Int32) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
    return text.split(separator: "\n").filter {
      $0.hasPrefix("Private_Clean:") || $0.hasPrefix("Private_Dirty:")
    }.reduce(0) { sum, line in
      sum + (Double(line.split(separator: " ").dropFirst().first ?? "") ?? 0)
    }
  }

  /// The processor time of supervisor and collector together, one process, from its own samples.
  private static func watchfulness() throws -> Measurement {
    announce("\(name): \(manyPeers) peers link up and come to rest")
    return try withTemporaryFolder { folder in
      let run = try SeedbedRun(
        SeedbedRun.topology(peers: manyPeers, options: options), in: folder)
      defer { run.end() }
      Thread.sleep(forTimeInterval: settling + watching)
      let samples = try run.lines(of: "supervisor").filter { $0.kind == "usage.sampled" }
      let begin = try run.time(of: "run.began") + Int64(settling * 1e6)
      let watched = samples.filter { $0.t >= begin }
      guard let first = watched.first, let last = watched.last, first.t < last.t,
        let before = first.supervisorCPU, let after = last.supervisorCPU
      else { throw BenchmarkError(description: "the run has too few samples of its usage") }
      return Measurement(
        subject: "supervisor and collector at \(manyPeers) idle peers",
        value: Double(after - before) / Double(last.t - first.t) * 100, unit: "% of a core",
        target: .atMost(10))
    }
  }
}
