import BenchmarkReferences
import Foundation
import History

/// A million event lines into a fresh history, with durable transactions.
enum IngestBenchmark: Benchmark {
  static let name = "ingest"
  static let summary =
    "\(nodeCount * linesPerNode) event lines in \(nodeCount) logs into a fresh history"

  private static let nodeCount = 200
  private static let linesPerNode = 5_000
  private static let rounds = 5
  private static let rowsPerTransaction = 10_000

  static func run() throws -> [Measurement] { try withTemporaryFolder(measure) }

  private static func measure(in folder: String) throws -> [Measurement] {
    let logs = try EventLogs(in: folder, nodeCount: nodeCount, linesPerNode: linesPerNode)
    let subjects: [(name: String, ingest: (String) throws -> Void)] = [
      ("the collector", { try collect(logs, into: $0) }),
      ("prepared inserts in C", try reference(logs)),
      ("the sqlite3 shell", { try importWithShell(logs, into: $0) }),
    ]
    // Interleaved, so that what else the machine does falls on all of them.
    var rates: [[Double]] = subjects.map { _ in [] }
    for round in 1...rounds {
      for (index, subject) in subjects.enumerated() {
        let what = "\(name): round \(round) of \(rounds), \(subject.name)"
        announce(what)
        let history = "\(folder)/history.sqlite"
        try empty(history)
        let rate = Double(logs.lineCount) / (try seconds { try subject.ingest(history) })
        rates[index].append(rate)
        try check(history, has: logs.lineCount)
        say("\(what): \(Int(rate)) lines/s")
      }
    }
    let medians = rates.map(median)
    return subjects.indices.map { index in
      var measurement = Measurement(
        subject: subjects[index].name, value: medians[index], unit: "lines/s")
      if index == 0 {
        measurement.comparisons = [
          .init(with: subjects[1].name, ratio: medians[0] / medians[1], target: .atLeast(1)),
          .init(with: subjects[2].name, ratio: medians[0] / medians[2]),
        ]
      }
      return measurement
    }
  }

  /// Makes an empty history, the same for all.
  private static func empty(_ history: String) throws {
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: history + suffix)
    }
    _ = try History.open(history)
    sync()
  }

  private static func check(_ history: String, has count: Int) throws {
    let found = try ReadOnlyHistory(history).database.integer("SELECT count(*) FROM events")
    guard found == Int64(count) else {
      throw BenchmarkError(description: "\(found ?? 0) of \(count) lines arrived")
    }
  }

  private static func collect(_ logs: EventLogs, into history: String) throws {
    var collector = try Collector(folder: RunFolder(logs.folder), history: history)
    _ = try collector.finish()
  }

  /// Reads and parses the logs now, so that only the inserts are timed.
  private static func reference(_ logs: EventLogs) throws -> (String) throws -> Void {
    guard let rows = unsafe ingest_rows_create() else {
      throw BenchmarkError(description: "no memory for the reference's rows")
    }
    for node in logs.nodes {
      guard unsafe ingest_rows_read(rows, node, logs.file(of: node)) == 0 else {
        throw BenchmarkError(description: "the reference cannot read the log of \(node)")
      }
    }
    // Never freed: the process ends with the benchmark.
    return { history in
      let code = unsafe ingest_rows_insert(rows, history, rowsPerTransaction)
      guard code == 0 else {
        throw BenchmarkError(description: "the reference's inserts failed: SQLite's code \(code)")
      }
    }
  }

  /// `.import` takes a line as one column, since no line has a \\u0001; then SQL takes it apart.
  private static func importWithShell(_ logs: EventLogs, into history: String) throws {
    var script = """
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TEMP TABLE lines (line TEXT);
      .mode ascii
      .separator "\\001" "\\n"

      """
    for node in logs.nodes {
      script += """
        .import '\(logs.file(of: node))' lines
        INSERT INTO events (run, node, n, t, kind, peer, data)
        SELECT 1, '\(node)', json_extract(line, '$.n'), json_extract(line, '$.t'),
          json_extract(line, '$.kind'), json_extract(line, '$.peer'),
          json_remove(line, '$.n', '$.t', '$.kind', '$.peer')
        FROM lines;
        DELETE FROM lines;

        """
    }
    let shell = Process()
    shell.executableURL = URL(filePath: "/usr/bin/env")
    shell.arguments = ["sqlite3", "-batch", history]
    let input = Pipe()
    shell.standardInput = input
    shell.standardOutput = FileHandle.nullDevice
    try shell.run()
    try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
    try input.fileHandleForWriting.close()
    shell.waitUntilExit()
    guard shell.terminationStatus == 0 else {
      throw BenchmarkError(
        description: "the sqlite3 shell failed: is the package 'sqlite3' installed?")
    }
  }
}
