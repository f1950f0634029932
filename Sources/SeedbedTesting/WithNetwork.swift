import Foundation
import Glibc
import Synchronization
public import Testing

/// Where a topology is: in a file, or in the test itself.
public struct TopologySource: Sendable, ExpressibleByStringLiteral {
  enum Content: Sendable {
    case file(String)
    case text(String)
  }

  let content: Content

  /// The path of a file.
  public static func file(_ path: String) -> TopologySource {
    TopologySource(content: .file(path))
  }

  /// The YAML itself, as a string literal is.
  public static func text(_ yaml: String) -> TopologySource {
    TopologySource(content: .text(yaml))
  }

  public init(stringLiteral yaml: String) { self.init(content: .text(yaml)) }

  private init(content: Content) { self.content = content }
}

/// Launches a topology's network, hands it to the test once every node is ready, and sees that nothing
/// of it is left, however the test goes.
///
/// When the test fails, by an error or by an expectation, it gets an attachment with the log lines of
/// that moment, the path of the run and the command that repeats it, and the run's folder is kept. If
/// the test's process dies, its networks die with it.
///
/// - Parameters:
///   - seed: what every random choice of the plan derives from; `nil`: a random one.
///   - changes: changes to the topology, `KEY=VALUE`, e.g. `groups.peer.count=50`.
///   - limit: how long the nodes may take to become ready.
/// - Throws: what `body` throws; ``SeedbedError`` when the nodes do not become ready.
public func withNetwork(
  _ topology: TopologySource, seed: UInt64? = nil, set changes: [String] = [],
  within limit: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Sendable (Network) async throws -> Void
) async throws {
  let workspace = try Workspace()
  let network = try await Network(launching: topology, seed, changes, in: workspace)
  let failure = FirstFailure()
  do {
    try await failure.watch {
      try await network.wait(for: "run.began", within: limit)
      try await body(network)
    }
  } catch {
    failure.note()
    await network.finish(failure, sourceLocation)
    throw error
  }
  await network.finish(failure, sourceLocation)
}

/// When a test began to fail.
private final class FirstFailure: Sendable {
  private let moment = Mutex<Date?>(nil)

  var date: Date? { moment.withLock(\.self) }

  func note() { moment.withLock { $0 = $0 ?? Date() } }

  /// Notes the issues that are recorded meanwhile, where a test runs.
  func watch(_ body: @escaping @Sendable () async throws -> Void) async throws {
    guard let test = Test.current else { return try await body() }
    let trait = IssueHandlingTrait.compactMapIssues { issue in
      if issue.severity >= .error { self.note() }
      return issue
    }
    try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
  }
}

extension Network {
  fileprivate init(
    launching topology: TopologySource, _ seed: UInt64?, _ changes: [String],
    in workspace: Workspace
  ) async throws {
    let file =
      switch topology.content {
      case .file(let path): path
      case .text(let yaml): try workspace.write(yaml, to: "topology.yaml")
      }
    let supervisor = try workspace.start(
      ["run", file, "--bound-to", String(getpid())] + changes.flatMap { ["--set", $0] }
        + (seed.map { ["--seed", String($0)] } ?? []))
    // Its first line is `run NAME: …`.
    while supervisor.isRunning || supervisor.output.contains("\n") {
      let words = supervisor.output.prefix { $0 != "\n" }.split(separator: " ")
      if supervisor.output.contains("\n"), words.count > 1, words[0] == "run" {
        self.init(
          name: String(words[1].dropLast()), workspace: workspace, supervisor: supervisor)
        return
      }
      do {
        try await Task.sleep(for: .milliseconds(10))
      } catch {
        supervisor.signal(SIGKILL)
        throw error
      }
    }
    throw SeedbedError("the network was not launched:\n\(supervisor.errors)")
  }

  /// Ends the run, if it goes on; of a test that failed, keeps the evidence.
  fileprivate func finish(_ failure: FirstFailure, _ sourceLocation: SourceLocation) async {
    // Not as part of a task that may have been cancelled.
    let ending = Task { await end(failedAt: failure.date) }
    guard let evidence = await ending.value else { return }
    Attachment.record(evidence, named: "\(name).txt", sourceLocation: sourceLocation)
  }

  private func end(failedAt moment: Date?) async -> String? {
    // While the collector still fills the history.
    let lines = if let moment { await lines(around: moment) } else { "" }
    supervisor.signal(SIGTERM)
    let isGone = Task { await supervisor.end() }
    let limit = Task {
      try await Task.sleep(for: .seconds(30))
      supervisor.signal(SIGKILL)
    }
    _ = await isGone.value
    limit.cancel()
    guard moment != nil else {
      workspace.remove()
      return nil
    }
    workspace.keep()
    return """
      run        \(folder)
      repeat it  seedbed rerun \(folder)
      ask it     seedbed query --logs \(workspace.logs) "SELECT * FROM events"

      log lines around the failure (node, seconds after the run began, kind, peer, data):
      \(lines)
      what the supervisor said:
      \(supervisor.output)\(supervisor.errors)
      """
  }

  /// How many log lines are kept as evidence, and how far from the failure, in seconds.
  private static let mostLines = 200
  private static let reach = 3.0

  private func lines(around moment: Date) async -> String {
    // The collector is a moment behind.
    try? await Task.sleep(for: .milliseconds(500))
    let sql = """
      SELECT node, s, kind, peer, data FROM (
        SELECT e.node, round((e.t - coalesce(r.began_t, r.launched_t)) / 1e6, 3) AS s, e.kind,
          coalesce(p.node, e.peer, '') AS peer, e.data, e.t, e.n
        FROM events e JOIN runs r ON r.run = e.run LEFT JOIN nodes p ON p.address = e.peer
        WHERE abs(e.t / 1e6 - \(moment.timeIntervalSince1970)) < \(Self.reach)
        ORDER BY abs(e.t / 1e6 - \(moment.timeIntervalSince1970)) LIMIT \(Self.mostLines))
      ORDER BY t, node, n
      """
    let command = try? await workspace.run(["query", sql, "--run", name])
    return command.map { $0.status == 0 ? $0.output : $0.errors } ?? ""
  }
}
