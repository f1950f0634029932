import Faults
import Foundation
import History
import Participants
import Testing
import Topology

/// A folder that is removed with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appending(path: "seedbed-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}

/// A run's folder as a supervisor and its nodes would write it.
final class FakeRun {
  let folder = Result { try TemporaryFolder() }
  let path: String
  let history: String
  /// The time of the first line.
  static let start: Int64 = 1_790_000_000_000_000
  private var sequences: [String: Int] = [:]
  private var time = FakeRun.start

  init(
    name: String = "20261120-060000-gossip-0a1b", nodes: [String] = ["seed-1", "peer-1"],
    faults: [Fault] = [], programs: [String: Program] = [:]
  ) throws {
    let root = try folder.get().path
    path = "\(root)/\(name)"
    history = "\(root)/history.sqlite"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let plan = Plan(
      network: "gossip", seed: 42,
      nodes: nodes.map {
        let group = String($0.prefix { $0 != "-" })
        return PlannedNode(
          name: $0, group: group, role: "gossip-\(group)", options: [:], after: nil, delay: .zero,
          listen: nil)
      }, faults: faults, stopAt: .seconds(20), programs: programs)
    let manifest = RunManifest(
      name: name, network: "gossip", driver: "live", topology: "gossip.yaml", version: "0.1.0",
      launched: Microseconds(Self.start), plan: plan)
    try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(path)/plan.json"))
  }

  /// Appends bytes to a node's log.
  func append(_ text: String, to node: String) throws {
    try append(Array(text.utf8), to: node)
  }

  func append(_ bytes: [UInt8], to node: String) throws {
    try append(bytes, file: "\(node).ndjson")
  }

  func append(_ bytes: [UInt8], file name: String) throws {
    let file = "\(path)/\(name)"
    if !FileManager.default.fileExists(atPath: file) {
      try Data().write(to: URL(filePath: file))
    }
    let handle = try FileHandle(forWritingTo: URL(filePath: file))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
  }

  /// The node's next line, with its newline.
  func line(_ node: String, _ kind: String, _ fields: String = "") -> String {
    time += 1_000
    sequences[node, default: 0] += 1
    let rest = fields.isEmpty ? "" : ",\(fields)"
    return "{\"t\":\(time),\"n\":\(sequences[node, default: 0]),\"kind\":\"\(kind)\"\(rest)}\n"
  }

  /// Appends the node's next event.
  func log(_ node: String, _ kind: String, _ fields: String = "") throws {
    try append(line(node, kind, fields), to: node)
  }

  func collector() throws -> Collector {
    try Collector(folder: RunFolder(path), history: history)
  }

  @discardableResult
  func collect() throws -> Collector.Ending {
    var collector = try collector()
    return try collector.finish()
  }

  /// All rows of a query, as text: columns joined by `|`, NULL as nothing.
  func rows(_ sql: String) throws -> [String] {
    let database = try History.open(history)
    return try database.rows(sql)
  }
}

extension Database {
  func rows(_ sql: String) throws -> [String] {
    let statement = try prepare(sql)
    var rows: [String] = []
    while try statement.step() {
      rows.append(
        (0..<statement.columnCount).map { statement.text(at: $0) ?? "" }.joined(separator: "|"))
    }
    return rows
  }
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
