import Foundation
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("Faults on the live network")
  struct LiveFaultTests {
    private static let peers = """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 6
          after: seed
          options: { join-delay: 50ms, gossip-delay: 50ms, gossip-interval: 50ms,
            gossip-count: 100 }
        late: { role: peer, count: 1, joins: 300ms, options: { join-delay: 50ms } }
      """

    private func run(_ faults: String, stop: String, in workspace: Workspace) async throws {
      let text = "\(Self.peers)\nfaults: [\(faults)]\nstop: { at: \(stop) }\n"
      let file = try workspace.write(text, to: "t.yaml")
      let run = try await workspace.run(["run", file, "--seed", "7", "--no-checks"])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }

    @Test("Every kind is applied, confirmed by what its nodes saw, and healed")
    func everyKind() async throws {
      let workspace = try Workspace()
      try await run(
        """
        { at: 100ms, partition: { between: peer-1, and: [peer, seed, late] }, for: 900ms },
        { at: 150ms, partition: { between: peer-2, and: seed, one-way: true }, for: 500ms },
        { at: 200ms, loss: { between: peer-3, and: peer, rate: 0.2 }, for: 500ms },
        { at: 250ms, latency: { between: peer-4, and: [peer, seed], add: 20ms }, for: 500ms },
        { at: 300ms, bandwidth: { between: peer-5, and: [peer, seed], limit: 5KB/s }, for: 500ms },
        { at: 400ms, kill: peer-6 }
        """, stop: "2s", in: workspace)
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM faults WHERE applied_t <= confirmed_t AND confirmed_t < healed_t")
          == 5)
      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE confirmed_t IS NULL") == 0)
      // Whoever was there on a side said so before the fault was confirmed, and again of its end.
      let said = { (moment: String, isOn: Bool) in
        """
        SELECT count(*) FROM faults f JOIN fault_sides s USING (run, fault) JOIN nodes n
          USING (run, node)
        WHERE s.node NOT IN ('peer-6', 'late-1') AND NOT EXISTS (
          SELECT 1 FROM events e
          WHERE e.run = f.run AND e.node = s.node AND e.kind = 'rules.applied'
            AND e.t BETWEEN f.\(moment == "confirmed_t" ? "applied_t" : "confirmed_t") AND f.\(moment)
            AND \(isOn ? "" : "NOT") ',' || (e.data ->> 'faults') || ',' LIKE '%,' || f.fault || ',%')
        """
      }
      #expect(try workspace.integer(said("confirmed_t", true)) == 0)
      #expect(try workspace.integer(said("healed_t", false)) == 0)
      // The one that joined in a partition knew of it from its first moment.
      #expect(
        try workspace.integer(
          """
          SELECT data ->> 'faults' LIKE '1%' FROM events
          WHERE node = 'late-1' AND kind = 'rules.applied' ORDER BY n LIMIT 1
          """) == 1)
      #expect(
        try workspace.integer(
          "SELECT sum(data ->> 'held') FROM events WHERE kind = 'rules.applied'"
        ).map { $0 > 0 }
          == true)
    }

    @Test("In a partition nothing crosses, and what was sent meanwhile comes after it")
    func partition() async throws {
      let workspace = try Workspace()
      try await run(
        "{ at: 1s, partition: { between: [peer-1, peer-2], and: [peer-3, peer-4, peer-5, peer-6, "
          + "late, seed] }, for: 1s }", stop: "4s", in: workspace)
      let crossing = { (from: String, to: String) in
        """
        SELECT count(*) FROM gossip_deliveries d JOIN faults f USING (run)
        WHERE (d.origin IN ('peer-1', 'peer-2')) <> (d.node IN ('peer-1', 'peer-2'))
          AND d.received_t > \(from) AND d.received_t < \(to)
        """
      }
      #expect(try workspace.integer(crossing("f.confirmed_t", "f.confirmed_t + 900000")) == 0)
      #expect(try workspace.integer(crossing("0", "f.applied_t")).map { $0 > 0 } == true)
      #expect(
        try workspace.integer(crossing("f.healed_t - 100000", "f.healed_t + 1e6")).map { $0 > 0 }
          == true)
    }
  }
}
