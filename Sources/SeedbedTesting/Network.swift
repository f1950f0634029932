import Foundation
import Glibc

/// A network that runs under Seedbed, for a test to talk to. ``withNetwork(_:seed:set:within:_:)``
/// launches one.
public struct Network: Sendable {
  /// The run's name.
  public let name: String
  let workspace: Workspace
  let supervisor: Invocation

  /// The path of the run's folder.
  public var folder: String { "\(workspace.logs)/\(name)" }

  /// Waits until an event is in the history, or is there already.
  ///
  /// - Parameters:
  ///   - event: its kind, e.g. `link.opened` (docs/EVENTS.md).
  ///   - node: whose event; `nil`: anybody's.
  /// - Returns: the event: `node`, `s` (seconds after the run began), `kind`, `peer` and `data`.
  /// - Throws: ``SeedbedError`` when it does not come in time, or the run ends without it.
  @discardableResult
  public func wait(
    for event: String, of node: String? = nil, within limit: Duration = .seconds(120)
  ) async throws -> Row {
    try await wait([event] + (node.map { ["--node", $0] } ?? []), within: limit)
  }

  /// Waits until the first value of a query is neither NULL nor 0.
  ///
  /// - Parameter sql: a query of the run's tables and views (docs/SCHEMA.md).
  /// - Returns: the query's first row.
  /// - Throws: ``SeedbedError`` when it does not come in time, or the run ends without it.
  @discardableResult
  public func wait(
    until sql: String, within limit: Duration = .seconds(120)
  ) async throws -> Row {
    // A query has a space; one word would be taken for an event.
    try await wait([sql + " "], within: limit)
  }

  private func wait(_ arguments: [String], within limit: Duration) async throws -> Row {
    let output = try await output(
      of: ["wait", folder] + arguments + ["--timeout", limit.argument, "--format", "json"])
    return try JSONDecoder().decode([Row].self, from: Data(output.utf8)).first ?? Row()
  }

  /// Does something to the network, and returns when it was seen to have happened.
  ///
  /// - Parameters:
  ///   - action: a fault of a topology: `kill`, `stop`, `pause`, `restart`… (docs/TOPOLOGY.md).
  ///   - target: a node's name, or whatever else a topology would say, in YAML.
  ///   - duration: how long it lasts, where it ends.
  /// - Throws: ``SeedbedError`` when it cannot be done, or was not seen to happen in time.
  public func fault(
    _ action: String, _ target: String, for duration: Duration? = nil
  ) async throws {
    let lasting = duration.map { ["--for", $0.argument] } ?? []
    _ = try await output(of: ["fault", folder, action, target] + lasting)
  }

  /// The rows that a query gives, so far.
  ///
  /// - Throws: ``SeedbedError`` with what is wrong with the SQL.
  public func query(_ sql: String) async throws -> [Row] {
    try await query(sql, as: Row.self)
  }

  /// The same, each row as a value with a property for each column.
  ///
  /// - Throws: ``SeedbedError`` with what is wrong with the SQL; `DecodingError` where a row is no
  ///   such value.
  public func query<Value: Decodable>(
    _ sql: String, as type: Value.Type
  ) async throws -> [Value] {
    let output = try await output(of: ["query", sql, "--run", name, "--format", "json"])
    return try JSONDecoder().decode([Value].self, from: Data(output.utf8))
  }

  /// The one number that a query gives; `nil` without a row, or for NULL.
  ///
  /// - Throws: ``SeedbedError`` with what is wrong with the SQL.
  public func integer(_ sql: String) async throws -> Int? {
    try await query(sql).first?.values.first?.integer
  }

  /// Lets the run come to its stop now, and returns when it was recorded and judged.
  ///
  /// - Throws: ``SeedbedError`` when the run cannot be asked to.
  public func stop() async throws {
    guard supervisor.isRunning else { return }
    let command = try await workspace.run(["stop", folder])
    // It may have come to its stop by itself meanwhile.
    if command.status != 0, supervisor.isRunning { throw error(of: command) }
    try await supervisor.finish()
  }

  /// Ends the run, if it goes on, and requires that checks pass.
  ///
  /// - Parameters:
  ///   - names: names of the network's checks, or paths of files that end in `.sql`; without any,
  ///     those that the topology asks for.
  ///   - allowsInconclusive: whether a check may have had too little to judge.
  /// - Throws: ``SeedbedError`` that names each check that did not pass, with its violations and the
  ///   log lines around them.
  public func requireChecks(_ names: String..., allowsInconclusive: Bool = false) async throws {
    try await stop()
    let check = try await workspace.run(["check", name] + names.flatMap { ["--check", $0] })
    switch check.status {
    case 0: return
    case 2 where allowsInconclusive: return
    default:
      throw SeedbedError("the checks of \(name) did not all pass\n\(check.output)\(check.errors)")
    }
  }

  private func output(of arguments: [String]) async throws -> String {
    let command = try await workspace.run(arguments)
    guard command.status == 0 else { throw error(of: command) }
    return command.output
  }

  private func error(of command: Invocation) -> SeedbedError {
    let said = command.errors.split(separator: "\n").map { line in
      line.hasPrefix("seedbed: ") ? line.dropFirst("seedbed: ".count) : line
    }
    return SeedbedError(said.joined(separator: "\n"))
  }
}

/// A row of a query, by column.
public typealias Row = [String: Value]

/// A value of a row.
public enum Value: Equatable, Sendable, Decodable {
  case null
  case integer(Int)
  case real(Double)
  case text(String)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let real = try? container.decode(Double.self) {
      self = .real(real)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// The number, where it is a whole one.
  public var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
  /// The text, where it is one.
  public var text: String? { if case .text(let text) = self { text } else { nil } }
}

extension Duration {
  /// In whole microseconds, as commands take it.
  fileprivate var argument: String {
    "\(components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000)us"
  }
}
