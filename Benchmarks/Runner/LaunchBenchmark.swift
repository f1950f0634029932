import BenchmarkReferences
import Foundation

/// A gossip network from nothing to all ready.
///
/// Everyone starts the same executable with the same options, seeds first. Peers register with the
/// seeds at once but dial each other only after a minute: what is measured is the launch alone.
enum LaunchBenchmark: Benchmark {
  static let name = "launch"
  static let summary =
    "gossip networks of \(seeds) seeds and \(peerCounts) peers, until all are ready"

  static let seeds = 5
  private static let sizes = [(peers: 100, rounds: 7), (peers: 1_000, rounds: 3)]
  private static let peerCounts = sizes.map { String($0.peers) }.joined(separator: " and ")
  private static let options = [("gossip-count", "0"), ("join-delay", "1m")]
  private static let patience: CInt = 180_000
  private static let supervisord = ".build/supervisord/bin/supervisord"

  private enum Subject: String, CaseIterable {
    case loop = "a C loop of vfork and exec"
    case seedbed = "seedbed"
    case supervisord = "supervisord"
  }

  static func run() throws -> [Measurement] {
    var subjects = Subject.allCases
    if !FileManager.default.isExecutableFile(atPath: supervisord) {
      say("supervisord is not in .build/supervisord ('make bench' installs it): left out")
      subjects.removeLast()
    }
    // Removed at the end: a file system is slow to make files where many were just removed.
    return try withTemporaryFolder { folder in
      try sizes.flatMap { try measure($0.peers, rounds: $0.rounds, subjects, in: folder) }
    }
  }

  private static func measure(
    _ peers: Int, rounds: Int, _ subjects: [Subject], in folder: String
  ) throws -> [Measurement] {
    var times: [Subject: [Double]] = [:]
    for round in 1...rounds {
      for subject in subjects {
        let what = "\(name): round \(round) of \(rounds), \(peers) peers, \(subject.rawValue)"
        announce(what)
        let time = try launch(peers, by: subject, in: "\(folder)/\(peers)-\(subject)-\(round)")
        say("\(what): \(Int(time * 1_000)) ms")
        times[subject, default: []].append(time * 1_000)
      }
    }
    let medians = times.mapValues(median)
    return subjects.map { subject in
      var measurement = Measurement(
        subject: "\(peers) peers, \(subject.rawValue)", value: medians[subject] ?? .nan, unit: "ms")
      guard subject == .seedbed else { return measurement }
      measurement.comparisons = [(Subject.loop, 2), (.supervisord, 0.2)].compactMap {
        other, limit in
        medians[other].map {
          Measurement.Comparison(
            with: other.rawValue, ratio: measurement.value / $0, target: .atMost(limit))
        }
      }
      return measurement
    }
  }

  /// Launches a network and takes it down again. Returns the launch's seconds.
  private static func launch(_ peers: Int, by subject: Subject, in folder: String) throws -> Double
  {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return switch subject {
    case .loop: try launchByLoop(peers, in: folder)
    case .seedbed: try launchBySeedbed(peers, in: folder)
    case .supervisord: try launchBySupervisord(peers, in: folder)
    }
  }

  /// From the start of the program to the moment when it said that all are ready.
  private static func launchBySeedbed(_ peers: Int, in folder: String) throws -> Double {
    let options = options.map { "\($0.0): \($0.1)" }.joined(separator: ", ")
    let run = try SeedbedRun(SeedbedRun.topology(peers: peers, options: options), in: folder)
    defer { run.end() }
    return try Double(run.time(of: "run.began") - run.started) / 1e6
  }

  private static func launchByLoop(_ peers: Int, in folder: String) throws -> Double {
    var nodes: [pid_t] = []
    defer { for pid in nodes { launch_end(pid, SIGKILL) } }
    return try seconds {
      for (group, count) in [("seed", seeds), ("peer", peers)] {
        var started = [pid_t](repeating: 0, count: count)
        let command = try command(for: group, in: folder) + ["--listen", "127.0.0.1:0"]
        let result = unsafe withCStrings(command) {
          unsafe launch_nodes($0, folder, group, CInt(count), &started)
        }
        nodes += started.filter { $0 > 0 }
        guard result == 0 else { throw BenchmarkError.system(-result, "cannot start a \(group)") }
        try awaitReady(group, count, in: folder)
      }
    }
  }

  /// supervisord starts the groups by priority and does not wait in between, so the seeds get fixed
  /// ports, which are in the list before they start. It does what `seedbed` does: a log of its own
  /// and each node's output in a file. It gets no more descriptors than that takes (three a node),
  /// because every process it starts closes all that there may be.
  private static func launchBySupervisord(_ peers: Int, in folder: String) throws -> Double {
    var configuration = """
      [supervisord]
      nodaemon = true
      logfile = \(folder)/supervisord.log
      pidfile = \(folder)/pid
      minfds = \(3 * (seeds + peers) + 64)

      """
    var seedList = ""
    for number in 1...seeds {
      let port = launch_free_port()
      guard port > 0 else { throw BenchmarkError.system(-port, "no free port") }
      let listen = "127.0.0.1:\(port)"
      seedList += "\(listen)\n"
      configuration += try program("seed-\(number)", of: "seed", listen: listen, in: folder)
    }
    configuration += try program(
      "peer-%(process_num)d", of: "peer", listen: "127.0.0.1:0", in: folder)
    configuration += "numprocs_start = 1\nnumprocs = \(peers)\n"
    try Data(seedList.utf8).write(to: URL(filePath: "\(folder)/config.txt"))
    try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/supervisord.conf"))
    var program: Program?
    defer { program?.end() }
    return try seconds {
      program = try Program(
        [supervisord, "--configuration", "\(folder)/supervisord.conf"], output: "\(folder)/output")
      try awaitReady("seed", seeds, in: folder)
      try awaitReady("peer", peers, in: folder)
    }
  }

  private static func program(
    _ node: String, of group: String, listen: String, in folder: String
  ) throws -> String {
    let own = ["--name", node, "--log", "\(folder)/\(node).ndjson", "--listen", listen]
    let command = try (command(for: group, in: folder) + own).joined(separator: " ")
    return """

      [program:\(group == "seed" ? node : group)]
      process_name = \(node)
      command = \(command)
      priority = \(group == "seed" ? 1 : 2)
      startsecs = 0
      autorestart = false
      redirect_stderr = true
      stdout_logfile = \(folder)/\(node).out
      stopsignal = KILL

      """
  }

  /// What every node of a group is started with, besides its name, log and address.
  private static func command(for group: String, in folder: String) throws -> [String] {
    let fixed = [
      try Program.beside("seedbed-node"), "gossip-\(group)", "--config", "\(folder)/config.txt",
      "--seed", "1",
    ]
    return group == "peer" ? fixed + options.flatMap { ["--\($0.0)", $0.1] } : fixed
  }

  private static func awaitReady(_ group: String, _ count: Int, in folder: String) throws {
    let result = unsafe launch_await(folder, group, CInt(count), patience)
    guard result == 0 else {
      throw BenchmarkError.system(-result, "not every \(group) became ready")
    }
  }
}
