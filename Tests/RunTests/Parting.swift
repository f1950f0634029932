import SeedbedTesting
import Testing

extension Workspace {
  /// Runs a topology of gossip peers until texts have gone from some to others and back, parts them for
  /// two seconds, and stops it when texts go between them again and `state`, an SQL expression, has come
  /// too. What crossed before, meanwhile and afterwards is asserted by what the nodes logged: a busy
  /// machine only makes it take longer.
  func part(
    _ here: [String], from there: [String], in topology: String, until state: String = "1"
  ) async throws {
    let nodes = here.map { "'\($0)'" }.joined(separator: ", ")
    func crossings(_ condition: String) -> String {
      """
      (SELECT count(*) FROM gossip_deliveries d LEFT JOIN faults f
          ON f.run = d.run AND f.action = 'partition'
        WHERE (d.origin IN (\(nodes))) <> (d.node IN (\(nodes))) AND \(condition))
      """
    }
    // The supervisor decides on the end two seconds after it has decided on the fault, which it writes
    // down a little later.
    let end = "f.applied_t + 1700000"
    let meanwhile = "d.sent_t BETWEEN f.confirmed_t AND \(end)"

    let file = try write("\(topology)\nstop: { at: 1h }\n", to: "t.yaml")
    let run = try await run(
      ["run", file, "--seed", "7", "--no-checks", "--wait", "SELECT \(crossings("1"))"])
    try #require(run.status == 0, "\(run.output)\(run.errors)")
    let sides = [here, there].map { $0.joined(separator: ", ") }
    let target = "{ between: [\(sides[0])], and: [\(sides[1])] }"
    let fault = try await self.run(["fault", "last", "partition", target, "--for", "2s"])
    try #require(fault.status == 0, "\(fault.errors)")
    let wait = try await self.run([
      "wait", "last",
      "SELECT \(crossings("d.sent_t > f.healed_t")) AND \(crossings(meanwhile)) AND (\(state))",
      "--timeout", "2m",
    ])
    #expect(wait.status == 0, "\(wait.errors)")
    _ = try await stop()
    #expect(try integer("SELECT \(crossings("\(meanwhile) AND d.received_t < \(end)"))") == 0)
  }
}
