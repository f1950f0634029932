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
            gossip-count: 100000 }
        late: { role: peer, count: 1, joins: 300ms, options: { join-delay: 50ms } }
      """

    @Test("Every kind is applied, confirmed by what its nodes saw, and healed")
    func everyKind() async throws {
      let workspace = try Workspace()
      // The late one joins in the first, also where it is slow to.
      let faults = """
        { at: 100ms, partition: { between: peer-1, and: [peer, seed, late] }, for: 3s },
        { at: 150ms, partition: { between: peer-2, and: seed, one-way: true }, for: 500ms },
        { at: 200ms, loss: { between: peer-3, and: peer, rate: 0.2 }, for: 500ms },
        { at: 250ms, latency: { between: peer-4, and: [peer, seed], add: 20ms }, for: 500ms },
        { at: 300ms, bandwidth: { between: peer-5, and: [peer, seed], limit: 5KB/s }, for: 500ms },
        { at: 400ms, kill: peer-6 }
        """
      _ = try await workspace.run(
        "\(Self.peers)\nfaults: [\(faults)]",
        until: "SELECT count(confirmed_t) = 6 AND count(healed_t) = 5 FROM faults")
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
      try await workspace.part(
        ["peer-1", "peer-2"], from: ["peer-3", "peer-4", "peer-5", "peer-6", "late", "seed"],
        in: Self.peers)
    }
  }
}
