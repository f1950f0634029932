import Foundation
import Testing
import Topology

@Suite struct `Where a group listens` {
  private func complaints(
    _ group: String, more: String = "", isSimulated: Bool = false
  ) -> [String] {
    let text = "network: mesh\ngroups:\n  hub: { \(group) }\nstop: { at: 9s }\n\(more)"
    do {
      _ = try Topology(
        TopologyFile(path: "t.yaml", text: text), roles: roles, checks: nil,
        isSimulated: isSimulated)
      return []
    } catch { return error.messages }
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:0", nil), ("'::1'", "[::1]:0", nil),
    ("127.0.0.1:8100", "127.0.0.1:8100", nil), ("'[::1]:8100'", "[::1]:8100", nil),
    ("localhost", "localhost:0", nil), ("0.0.0.0", "0.0.0.0:0", nil),
    ("[127.0.0.1, '::1']", "127.0.0.1:0", "::1"), ("['::1', 127.0.0.1]", "[::1]:0", "127.0.0.1"),
    ("['127.0.0.1:8100', '[::1]:8100']", "127.0.0.1:8100", "::1"),
  ])
  func `is one host or one of each family, any port or one`(
    listen: String, place: String, also: String?
  ) throws {
    let text = "network: mesh\ngroups: { hub: { count: 1, listen: \(listen) } }\nstop: { at: 9s }\n"
    let read = try topology(text)
    let node = try #require(read.plan(seed: 1).nodes.first)
    #expect(node.listen == place)
    #expect(node.also == also)
    #expect(try topology(read.text(roles: roles)) == read, "it is written as it is read")
    let stored = try JSONEncoder().encode(read.plan(seed: 1))
    #expect(try JSONDecoder().decode(Plan.self, from: stored) == read.plan(seed: 1))
  }

  @Test(arguments: [
    "hub.example", "127.0.0.1:0", "8100", "{}", "[]", "[127.0.0.1, 127.0.0.2]",
    "[127.0.0.1, '::1', '::2']", "['127.0.0.1:1', '[::1]:2']", "['127.0.0.1:1', '::1']",
  ])
  func `is nothing else`(listen: String) throws {
    let found = complaints("count: 1, listen: \(listen)")
    #expect(found.count == 1)
    #expect(found.first?.contains("'listen' takes an IP address, one with a port") == true)
  }

  @Test(arguments: [
    ("count: 2, listen: '127.0.0.1:8100'", "", "cannot all listen at port 8100"),
    ("count: 1, listen: '::1'", "isolation: relay\n", "'isolation: relay' gives each node"),
    ("count: 1, listen: '::1'", "isolation: namespace\n", "'isolation: namespace' gives each"),
    (
      "count: 2, listen: [127.0.0.1, '::1']",
      "faults: [{ at: 1s, partition: { between: hub-1, and: hub-2 } }]\n",
      "faults on the network are carried out by nodes that know one another by addresses of 127.0.0.1"
    ),
  ])
  func `is refused by name where it cannot be so`(group: String, more: String, why: String) {
    let found = complaints(group, more: more)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains(why) == true, "\(found)")
  }

  @Test func `can be anywhere while nothing disturbs the network, or it is simulated`() {
    let fault = "faults: [{ at: 1s, partition: { between: hub-1, and: hub-2 } }]\n"
    #expect(complaints("count: 2, listen: '::1'").isEmpty)
    #expect(complaints("count: 2, listen: 127.0.0.1", more: fault).isEmpty)
    #expect(complaints("count: 2, listen: '::1'", more: fault, isSimulated: true).isEmpty)
  }

  @Test func `is no address of another group, and none of a node behind a NAT`() {
    let two = complaints(
      "count: 1, listen: '127.0.0.1:8100' }\n  leaf: { count: 1, after: hub, "
        + "listen: '127.0.0.1:8100'")
    #expect(two.count == 1 && two[0].contains("listens at 127.0.0.1:8100, as another group does"))
    let hidden = complaints(
      "count: 1 }\n  leaf: { count: 1, after: hub, nat: symmetric, listen: '::1'", isSimulated: true
    )
    #expect(hidden.count == 1 && hidden[0].contains("behind a NAT, with a private address"))
  }
}
