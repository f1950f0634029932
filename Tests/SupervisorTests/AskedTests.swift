import Faults
import Participants
import Supervisor
import Testing
import Topology

@Suite("What is asked of a run under way")
struct AskedTests {
  private func ask(
    _ action: String, _ target: String, for lasting: String? = nil, by client: Int = 1
  ) throws -> SupervisorCore.Input {
    .faultAsked(try Fault(asking: action, target, lasting: lasting), by: client)
  }

  @Test("A fault is recorded like a planned one, and answered when it was seen to have happened")
  func kill() throws {
    var host = FakeHost(
      .small(faults: [.at(2, .kill, "peer-1"), .at(8, .restart, "peer-1", id: 2)]))
    host.schedule(try ask("kill", "peer-2"), after: .seconds(5))
    host.run()
    let places = try [
      "fault.confirmed 1", "fault.planned 3", "fault.applied 3", "kill peer-2",
      "node.exited peer-2", "fault.confirmed 3", "answer 1: peer-2", "fault.applied 2",
    ].map { try host.place(of: $0) }
    #expect(places == places.sorted())
    let planned = try #require(host.events.first { $0["fault"] == .integer(3) })
    #expect(planned["action"] == .text("kill"))
    #expect(
      try host.moment(of: "fault.planned 3") == host.moment(of: "fault.applied 3"))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test(
    "Each fault on nodes is answered once it is confirmed",
    arguments: [
      ("stop", "fault.confirmed 1"), ("pause", "fault.confirmed 1"), ("restart", "fault.healed 1"),
    ])
  func nodes(action: String, last: String) throws {
    var host = FakeHost(.small())
    host.schedule(try ask(action, "peer-1"), after: .seconds(5))
    host.run()
    #expect(host.count("answer 1: peer-1") == 1)
    #expect(
      try host.place(of: "fault.confirmed 1") < host.place(of: "answer 1: peer-1"))
    #expect(host.count(last) == 1)
  }

  @Test("Some of a group are chosen among those that it can be done to, and answered together")
  func some() throws {
    var host = FakeHost(.small(peers: 4, faults: [.at(2, .kill, "peer-1")]))
    host.schedule(try ask("kill", "{ group: peer, count: 3 }"), after: .seconds(5))
    host.schedule(try ask("kill", "{ group: peer }", by: 2), after: .seconds(6))
    host.run()
    #expect(host.count("answer 1: peer-2 peer-3 peer-4") == 1)
    #expect(host.count("refuse 2") == 1)
    #expect(
      try host.place(of: "fault.confirmed 4") < host.place(of: "answer 1: peer-2 peer-3 peer-4"))
  }

  @Test("A churn is put on the schedule, and spares nodes that other faults are to come for")
  func churn() throws {
    var host = FakeHost(.small(peers: 3, faults: [.at(8, .kill, "peer-1")]))
    host.schedule(
      try ask("churn", "{ group: peer, every: 300ms, down-for: 500ms }", for: "2s"),
      after: .seconds(2))
    host.run()
    guard case .done(let faults)? = host.answers.first?.answer else {
      Issue.record("refused: \(host.answers)")
      return
    }
    #expect(faults.count > 2)
    #expect(faults.allSatisfy { $0.node != "peer-1" })
    #expect(faults.map(\.at) == faults.map(\.at).sorted())
    for fault in faults { #expect(host.count("fault.confirmed \(fault.id)") == 1) }
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test(
    "What cannot be done is refused with what there is, and leaves no trace",
    arguments: [
      ("kill", "peer-9", "unknown node 'peer-9': group 'peer' has peer-1 to peer-2"),
      ("kill", "peer-1", "peer-1 has ended already"),
      (
        "kill", "{ group: pear }",
        "unknown group 'pear' (did you mean 'peer'?); there are: seed, peer"
      ),
      (
        "kill", "{ group: peer, count: 2 }",
        "a kill of 2 in group 'peer' finds only 1 of its nodes that it can be done to now"
      ),
      (
        "churn", "{ group: peer, every: 1ms, down-for: 1s }",
        "a churn every 1ms for 7s is 7000 kills; 5000 at most"
      ),
    ])
  func refusals(action: String, target: String, message: String) throws {
    var host = FakeHost(.small(faults: [.at(1, .kill, "peer-1")]))
    host.behaviours[1].readyAfter = .milliseconds(3)
    host.schedule(try ask(action, target), after: .seconds(3) + .milliseconds(6))
    host.run()
    guard case .refused(let why)? = host.answers.first?.answer else {
      Issue.record("\(host.answers)")
      return
    }
    #expect(why == message)
    #expect(host.answers.count == 1)
    #expect(host.count("fault.planned 2") == 0)
  }

  @Test("Before the run has begun, and when it ends, it is refused")
  func otherTimes() throws {
    var host = FakeHost(.small(stopAt: .seconds(3)))
    host.behaviours[0].endsAfterTerminate = .seconds(1)
    host.schedule(try ask("kill", "peer-1"), after: .milliseconds(1))
    host.schedule(try ask("kill", "peer-1", by: 2), after: .milliseconds(3_500))
    host.run()
    #expect(host.count("refuse 1") == 1)
    #expect(host.count("refuse 2") == 1)
  }

  @Test("A pause of a node that dies before it is seen, and a restart that fails, are answered")
  func overtaken() throws {
    var host = FakeHost(.small(allowsUnexpectedExits: true))
    host.behaviours[1].crashesAfter = .seconds(3)
    host.schedule(try ask("pause", "peer-1"), after: .milliseconds(3_003))
    host.run()
    #expect(host.answers.count == 1)
  }

  @Test(
    "Words that are no fault are refused, with those that there are",
    arguments: [
      ("kil", "peer-1", nil, "unknown fault 'kil' (did you mean 'kill'?)"),
      ("kill", "{", nil, "not YAML"),
      ("kill", "[a]", nil, "'kill' takes a word, found a list"),
      ("kill", "peer-1", "3s", "a kill has no end"),
      ("pause", "peer-1", "soon", "'for' takes a duration"),
    ] as [(String, String, String?, String)])
  func words(action: String, target: String, lasting: String?, message: String) throws {
    let error = try #require(throws: TopologyError.self) {
      try Fault(asking: action, target, lasting: lasting)
    }
    #expect(error.problems.contains { $0.message.hasPrefix(message) }, "\(error)")
  }

  @Test(
    "A stop that is asked for ends the run as its own time would; during the launch it breaks it off"
  )
  func stop() throws {
    var host = FakeHost(.small(faults: [.at(8, .kill, "peer-1")]))
    host.schedule(.stopAsked, after: .seconds(3))
    host.run()
    #expect(host.conclusion?.outcome == .completed)
    #expect(try host.moment(of: "run.stopping") < .seconds(4))
    #expect(host.count("fault.skipped 1") == 1)

    var launching = FakeHost(.small())
    launching.schedule(.stopAsked, after: .milliseconds(1))
    launching.run()
    #expect(launching.conclusion?.outcome == .interrupted)
  }

  @Test("The sides of a disturbance that is asked for are on record whole, in lines that hold them")
  func sides() throws {
    var plan = Plan.small(peers: 600)
    plan.readyWithin = .seconds(300)
    var host = FakeHost(plan)
    host.schedule(try ask("partition", "{ between: seed, and: peer }"), after: .seconds(5))
    host.run()
    let lines = host.events.filter { $0.kind == "fault.sides" }
    let names = lines.compactMap { line -> String? in
      guard case .text(let names)? = line["nodes"] else { return nil }
      return names
    }
    #expect(names.count > 2)
    #expect(names.allSatisfy { $0.utf8.count <= 2_048 })
    #expect(names.flatMap { $0.split(separator: ",") }.count == 601)
    #expect(
      host.count("answer 1: seed-1 <-> peer-1, peer-2, peer-3, peer-4, peer-5 and 595 more") == 1)
  }
}
