import Foundation
import Participants

/// A run of the real `seedbed` under way, as its own log tells it.
struct SeedbedRun {
  /// A line of an event log, with the fields that benchmarks look at.
  struct Line: Decodable {
    var t: Int64
    var kind: String
    var node: String?
    var pid: Int32?
    var bytes: Int?
    var address: String?
    var supervisorCPU: Int64?

    enum CodingKeys: String, CodingKey {
      case t, kind, node, pid, bytes, address
      case supervisorCPU = "supervisor_cpu"
    }
  }

  /// A gossip network that nothing happens in. It runs until ``end()``.
  static func topology(peers: Int, options: String) -> String {
    """
    network: gossip
    groups:
      seed: { count: \(LaunchBenchmark.seeds) }
      peer: { count: \(peers), after: seed, options: { \(options) } }
    ready: { within: 2m }
    stop: { at: 1h, within: 1m }

    """
  }

  private static let patience = Duration.seconds(180)

  let folder: String
  /// Just before the program was started, in microseconds since the epoch.
  let started: Int64
  private let program: Program

  /// Starts `seedbed run` with its files in `folder`, and waits until all nodes are ready.
  init(_ topology: String, in folder: String) throws {
    let file = "\(folder)/topology.yaml"
    let output = "\(folder)/output"
    try Data(topology.utf8).write(to: URL(filePath: file))
    let seedbed = try Program.beside("seedbed")
    started = Self.now()
    program = try Program(
      [
        seedbed, "run", file, "--no-checks", "--logs", "\(folder)/logs", "--history",
        "\(folder)/history.sqlite",
      ], output: output)
    guard let begun = try Self.awaitBegin(in: "\(folder)/logs") else {
      program.end()
      let said = try String(contentsOfFile: output, encoding: .utf8)
      throw BenchmarkError(description: "the run did not begin: \(said)")
    }
    self.folder = begun
  }

  /// The folder of the run, the only one, once it has begun; `nil` when it does not.
  private static func awaitBegin(in logs: String) throws -> String? {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if let run = try? FileManager.default.contentsOfDirectory(atPath: logs).first {
        let lines = try lines(of: "supervisor", in: "\(logs)/\(run)")
        if lines.contains(where: { $0.kind == "run.began" }) { return "\(logs)/\(run)" }
        if lines.contains(where: { $0.kind == "run.ended" }) { return nil }
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return nil
  }

  /// Stops the nodes, and waits until the run is recorded.
  func end() { program.end() }

  /// The complete lines of a node's log.
  func lines(of node: String) throws -> [Line] { try Self.lines(of: node, in: folder) }

  /// When the first event of a kind happened, in microseconds since the epoch.
  func time(of kind: String) throws -> Int64 {
    guard let line = try lines(of: "supervisor").first(where: { $0.kind == kind }) else {
      throw BenchmarkError(description: "the run wrote no \(kind)")
    }
    return line.t
  }

  static func lines(of node: String, in folder: String) throws -> [Line] {
    guard let log = FileManager.default.contents(atPath: "\(folder)/\(node).ndjson") else {
      return []
    }
    guard let end = log.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let decoder = JSONDecoder()
    return try log[..<end].split(separator: UInt8(ascii: "\n")).map {
      try decoder.decode(Line.self, from: $0)
    }
  }

  private static func now() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
