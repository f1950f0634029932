import Participants
import Supervisor
import Testing
import Topology

@Suite("Programs as nodes")
struct ProgramTests {
  private func program(
    _ ready: Program.Ready = .event, _ command: [String] = ["/bin/x", "{port}"]
  ) -> Program {
    Program(command: command, ready: ready)
  }

  /// Two seeds that are programs, and two peers of ours; ports as the supervisor picks them.
  private func mixed(_ ready: Program.Ready = .tcp(port: nil)) -> Plan {
    var plan = Plan.small(seeds: 2, peers: 2)
    plan.programs = ["seed": program(ready)]
    for node in 0..<2 { plan.nodes[node].listen = "127.0.0.1:2000\(node)" }
    return plan
  }

  @Test("One that is ready without saying where it listens is where the plan says")
  func plannedAddress() throws {
    var host = FakeHost(mixed())
    host.saysAddress = false
    host.run()
    let lists = host.trace.compactMap {
      if case .writeSeedList(let seeds) = $0.effect { seeds.map(\.description) } else { nil }
    }
    #expect(lists == [["127.0.0.1:20000", "127.0.0.1:20001"]])
    let ready = try host.event("program.ready", node: "seed-2")
    #expect(ready["address"] == .text("127.0.0.1:20001"))
    #expect(host.events.count { $0.kind == "program.ready" } == 2)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("Nodes of ours are told of programs, and programs of nodes of ours")
  func toldOfEachOther() throws {
    var plan = mixed()
    plan.programs["guest"] = program(.event, ["/bin/x", "{address:peer-2}"])
    plan.nodes[2].addresses = ["friends": ["seed-2"]]
    plan.nodes.append(
      PlannedNode(
        name: "guest-1", group: "guest", role: "external", addresses: ["peer-2": ["peer-2"]]))
    var host = FakeHost(plan)
    host.run()
    #expect(host.count("spawn peer-1 127.0.0.1:0 friends=127.0.0.1:102") == 1)
    #expect(host.count("spawn guest-1 127.0.0.1:0 peer-2=127.0.0.1:104") == 1)
    #expect(
      try host.place(of: "seeds 2")
        < host.place(of: "spawn peer-1 127.0.0.1:0 friends=127.0.0.1:102"))
  }

  @Test(
    "Programs that are told of their whole group start at once; one that is named is waited for")
  func ownGroup() throws {
    var plan = mixed()
    plan.nodes[0].addresses = ["seed": ["seed-2"]]
    plan.nodes[1].addresses = ["seed": ["seed-1"]]
    var host = FakeHost(plan)
    host.behaviours[0].readyAfter = .milliseconds(50)
    host.run()
    let first = "spawn seed-1 127.0.0.1:20000 seed=127.0.0.1:20001"
    let second = "spawn seed-2 127.0.0.1:20001 seed=127.0.0.1:20000"
    #expect(try host.moment(of: first) == host.moment(of: second))

    plan.nodes[0].addresses = [:]
    plan.nodes[1].addresses = ["seed-1": ["seed-1"]]
    var waiting = FakeHost(plan)
    waiting.behaviours[0].readyAfter = .milliseconds(50)
    waiting.run()
    let told = "spawn seed-2 127.0.0.1:20001 seed-1=127.0.0.1:101"
    #expect(
      try waiting.moment(of: told) - waiting.moment(of: "spawn seed-1 127.0.0.1:20000")
        == .milliseconds(50))
  }

  @Test("One that is not ready in time fails the run, which says what it has not done")
  func notReady() {
    var plan = mixed(.http(port: nil, path: "/up"))
    plan.programs["guest"] = program(.log("^up"))
    plan.nodes.append(PlannedNode(name: "guest-1", group: "guest", role: "external"))
    var host = FakeHost(plan)
    for node in [0, 1, 4] { host.behaviours[node].readyAfter = nil }
    host.run()
    #expect(
      host.conclusion?.reason
        == "not ready within 30s: seed-1, seed-2 (started, but does not answer GET /up at its port with "
        + "2xx or 3xx); guest-1 (started, but printed no line that matches '^up'); not started: peer-1, "
        + "peer-2, waiting for seed")
  }

  @Test(
    "One that ends by a shell's word for SIGTERM has done what it was told", arguments: [143, 0])
  func shellExit(code: Int32) {
    var host = FakeHost(mixed())
    host.behaviours[0].endsWith = .code(code)
    host.run()
    #expect(host.conclusion?.outcome == .completed)
    #expect(host.conclusion?.reason == "")
  }

  @Test("One that ends otherwise when told to end in order has not")
  func otherExit() {
    var host = FakeHost(mixed())
    host.behaviours[0].endsWith = .code(1)
    host.run()
    #expect(host.conclusion?.reason == "ended unasked: seed-1 (exit code 1)")
  }
}
