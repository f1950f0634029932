import Foundation
import SeedbedTesting
import Synchronization
import Testing

extension RunTests {
  @Suite("Networks in tests")
  struct WithNetworkTests {
    private static let quick = """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 6
          after: seed
          options:
            { join-delay: 50ms, liveness-interval: 100ms, answer-timeout: 500ms, gossip-count: 0 }
      stop: { at: 60s }
      checks: [dead-nodes-are-reported]
      """

    /// What a test left behind.
    private final class Seen: Sendable {
      let network = Mutex<Network?>(nil)

      var folder: String { network.withLock { $0?.folder } ?? "none" }

      func isRunning() throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").contains { name in
          guard Int(name) != nil,
            let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
          else { return false }
          return String(decoding: line, as: UTF8.self).contains(folder)
        }
      }
    }

    @Test("A test waits for events and states, does harm, asks questions and requires checks")
    func wholeTest() async throws {
      let seen = Seen()
      try await withNetwork(.text(Self.quick), seed: 7) { network in
        seen.network.withLock { $0 = network }
        let linked = try await network.wait(for: "link.opened", of: "peer-3")
        #expect(linked["node"]?.text == "peer-3")
        try await network.wait(
          until: "SELECT count(DISTINCT node) = 6 FROM events WHERE kind = 'link.opened'")
        try await network.fault("pause", "peer-2", for: .milliseconds(100))
        try await network.fault("kill", "peer-3")
        let report = try await network.wait(
          until: "SELECT reporter FROM dead_node_reports WHERE dead = 'peer-3'")
        #expect(report["reporter"]?.text?.hasPrefix("peer-") == true)
        #expect(try await network.integer("SELECT count(*) FROM nodes") == 8)
        struct Fault: Decodable, Equatable {
          var action: String
          var node: String
        }
        let faults = try await network.query(
          "SELECT action, node FROM faults ORDER BY fault", as: Fault.self)
        #expect(
          faults == [Fault(action: "pause", node: "peer-2"), Fault(action: "kill", node: "peer-3")])
        await #expect(throws: SeedbedError.self) { try await network.fault("kill", "peer-3") }
        await #expect(throws: SeedbedError.self) {
          try await network.wait(for: "run.digested", within: .milliseconds(100))
        }
        try await network.requireChecks(allowsInconclusive: true)
        let failure = await #expect(throws: SeedbedError.self) {
          try await network.requireChecks("gossip-reaches-every-live-peer")
        }
        // Nobody has a text to say.
        #expect(failure?.description.contains("not asked") == true, "\(failure?.description ?? "")")
      }
      #expect(try !seen.isRunning())
      #expect(!FileManager.default.fileExists(atPath: seen.folder))
    }

    @Test("A test that fails by an error keeps the run's folder, and no process")
    func error() async throws {
      struct Failure: Error {}
      let seen = Seen()
      await #expect(throws: Failure.self) {
        try await withNetwork(.text(Self.quick)) { network in
          seen.network.withLock { $0 = network }
          throw Failure()
        }
      }
      try expectKept(seen)
    }

    @Test("So does one whose expectation fails")
    func expectation() async throws {
      let seen = Seen()
      await withKnownIssue {
        try await withNetwork(.text(Self.quick)) { network in
          seen.network.withLock { $0 = network }
          Issue.record("as expected")
        }
      }
      try expectKept(seen)
    }

    @Test("One that is cancelled, as by a time limit, is cleaned up at once")
    func cancellation() async throws {
      let seen = Seen()
      let test = Task {
        try await withNetwork(.text(Self.quick)) { network in
          seen.network.withLock { $0 = network }
          try await network.wait(for: "run.digested", within: .seconds(600))
        }
      }
      try await eventually("the network is there") { seen.network.withLock { $0 != nil } }
      test.cancel()
      await #expect(throws: (any Error).self) { try await test.value }
      try expectKept(seen)
    }

    private func expectKept(_ seen: Seen) throws {
      #expect(try !seen.isRunning())
      #expect(FileManager.default.fileExists(atPath: "\(seen.folder)/plan.json"))
      let workspace = URL(filePath: seen.folder).deletingLastPathComponent()
        .deletingLastPathComponent()
      try FileManager.default.removeItem(at: workspace)
    }

    @Test("Networks side by side do not disturb one another")
    func sideBySide() async throws {
      try await withThrowingTaskGroup { group in
        for seed in UInt64(1)...3 {
          group.addTask {
            try await withNetwork(.text(Self.quick), seed: seed, set: ["groups.peer.count=2"]) {
              network in
              try await network.fault("kill", "peer-1")
              #expect(try await network.integer("SELECT seed FROM runs") == Int(seed))
              #expect(try await network.integer("SELECT count(*) FROM runs") == 1)
              try await network.stop()
            }
          }
        }
        try await group.waitForAll()
      }
    }

    @Test("A topology that is none is refused in the words of its reader")
    func badTopology() async throws {
      let error = await #expect(throws: SeedbedError.self) {
        try await withNetwork("network: gosip") { _ in }
      }
      #expect(error?.description.contains("unknown network 'gosip'") == true)
    }
  }
}
