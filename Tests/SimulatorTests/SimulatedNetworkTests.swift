import Faults
import Participants
import Simulator
import Supervisor
import Testing
import Topology

/// What the simulated network promises, seen by participants that only measure it.
@Suite("The simulated network") struct SimulatedNetworkTests {
  @Test("no byte of a stream is lost, doubled or overtaken, however it is cut", arguments: 0..<10)
  func streams(seed: UInt64) {
    var model = NetworkModel()
    model.latency = .uniform(.milliseconds(1), .milliseconds(50))
    model.stallRate = 50_000
    let run = Rig(senders: 3, seed: seed, model: model).run()
    let arrived = run.logged("rig.heard")
    #expect(arrived.count == 3)
    for event in arrived {
      #expect(event["bytes"] == .integer(Int64(Sender.total)))
      #expect(event["intact"] == .flag(true))
      #expect(event["longest"] != .integer(Int64(Sender.writes)), "cut and joined at random")
    }
  }

  @Test(
    "who waits for the drain hears of it after the last byte arrived, and before the end",
    arguments: 0..<5)
  func drain(seed: UInt64) throws {
    var model = NetworkModel()
    model.latency = .uniform(.milliseconds(1), .milliseconds(50))
    let run = Rig(senders: 2, seed: seed, model: model).run()
    let (drained, heard) = (run.logged("rig.drained", at: true), run.logged("rig.heard", at: true))
    #expect(drained.count == 2 && heard.count == 2)
    // The sender closes once it has heard: the end is told after that.
    #expect(try #require(drained.first) < #require(heard.first))
    #expect(try #require(drained.last) < #require(heard.last))
  }

  @Test("a connection from the listening port shows the node's address, another does not")
  func listeningPort() throws {
    let own = Rig(senders: 1, seed: 1, port: "listening").run()
    let other = Rig(senders: 1, seed: 1).run()
    let ownPort = try #require(own.logged("rig.accepted").first?.peer?.port)
    let otherPort = try #require(other.logged("rig.accepted").first?.peer?.port)
    #expect(ownPort == 4_000 && otherPort != 4_000)
  }

  @Test("written at once arrives at once where streams are not cut")
  func wholeStreams() {
    var model = NetworkModel()
    model.cut = .whole
    let run = Rig(senders: 1, seed: 1, model: model).run()
    #expect(run.logged("rig.heard").first?["longest"] == .integer(Int64(Sender.writes)))
  }

  @Test("datagrams are lost and doubled at the rates of the model", arguments: 0..<3)
  func datagramRates(seed: UInt64) {
    var model = NetworkModel()
    model.datagramLoss = 200_000
    model.datagramDuplication = 100_000
    let run = Rig(senders: 4, seed: seed, model: model).run()
    let sent = Double(4 * Sender.datagrams)
    let delays = run.delays
    // Each of n datagrams arrives 0.8 · 1.1 = 0.88 times; five standard deviations of that sum.
    let expected = sent * 0.88
    #expect(abs(Double(delays.count) - expected) < 5 * (sent * 0.25).squareRoot())
  }

  @Test("latencies have the quantiles of the model", arguments: 0..<3)
  func latencies(seed: UInt64) {
    var model = NetworkModel()
    model.jitter = .zero
    model.latency = .uniform(.milliseconds(10), .milliseconds(20))
    let uniform = Rig(senders: 4, seed: seed, model: model).run().delays
    #expect(uniform.count == 4 * Sender.datagrams)
    #expect(uniform.allSatisfy { (10_000...20_000).contains($0) })
    #expect(abs(uniform[uniform.count / 2] - 15_000) < 500)
    #expect(abs(uniform[uniform.count / 10] - 11_000) < 500)
    model.latency = .normal(mean: .milliseconds(50), deviation: .milliseconds(5))
    let normal = Rig(senders: 4, seed: seed, model: model).run().delays
    #expect(abs(normal[normal.count / 2] - 50_000) < 500)
    // 84.13 % lie below one deviation above the mean.
    #expect(abs(normal[normal.count * 8_413 / 10_000] - 55_000) < 500)
    model.latency = .measured([.milliseconds(1), .milliseconds(3)])
    let measured = Rig(senders: 4, seed: seed, model: model).run().delays
    #expect(Set(measured) == [1_000, 3_000])
  }

  @Test("bandwidth makes a stream take as long as its bytes do")
  func bandwidth() throws {
    var model = NetworkModel()
    model.bandwidth = 100_000
    let run = Rig(senders: 1, seed: 1, model: model).run()
    let took = try #require(run.logged("rig.heard").first?["took"])
    guard case .integer(let microseconds) = took else { return }
    #expect(microseconds >= Int64(Sender.total) * 10)
    #expect(microseconds < Int64(Sender.total) * 12)
  }

  @Test(
    "a partition, or a loss of everything, holds streams back and loses datagrams, until it heals",
    arguments: [nil, 1_000_000])
  func partition(loss: Int?) {
    let cut = Fault(
      id: 1, action: loss.map { .loss($0) } ?? .partition, between: ["sender-1"], and: ["sink-1"],
      at: .milliseconds(200), lasting: .seconds(5))
    let run = Rig(senders: 1, seed: 4, faults: [cut]).run()
    #expect(run.delays.count < Sender.datagrams)
    let heard = run.logged("rig.heard")
    #expect(heard.first?["intact"] == .flag(true))
    let began = run.logged("run.began", at: true)[0]
    let after = (run.logged("rig.heard", at: true).first ?? began) - began
    #expect(after > .seconds(5) && after < .seconds(6))
  }

  @Test("a fault that limits bandwidth slows streams, and loses datagrams that would wait too long")
  func limitedBandwidth() throws {
    let limit = { (bandwidth: Int64, name: String) in
      Fault(id: 1, action: .bandwidth(bandwidth), between: [name], and: ["sink-1"], at: .zero)
    }
    let slow = Rig(senders: 2, seed: 1, faults: [limit(100_000, "sender-1")]).run()
    let took = slow.logged("rig.heard").compactMap {
      if case .integer(let took) = $0["took"] { took } else { nil }
    }
    #expect(took.count == 2)
    #expect(try #require(took.max()) >= Int64(Sender.total) * 10)
    #expect(try #require(took.min()) < Int64(Sender.total) * 10)
    // Eight bytes each millisecond, of which one goes through.
    let lossy = Rig(senders: 1, seed: 1, faults: [limit(1_000, "sender-1")]).run()
    #expect(lossy.delays.count < Sender.datagrams / 2)
    #expect(try #require(lossy.delays.last) > 900_000)
    #expect(lossy.delays.allSatisfy { $0 < 1_000_000 + 3_000 })
  }

  @Test("a node says that it goes by the rules, and one that is frozen when it is continued")
  func rulesApplied() throws {
    let cut = Fault(
      id: 2, action: .partition, between: ["sender-1"], and: ["sink-1"], at: .seconds(1),
      lasting: .seconds(1))
    let freeze = Fault(
      id: 1, action: .pause, node: "sender-1", at: .milliseconds(900), lasting: .milliseconds(500))
    let run = Rig(senders: 2, seed: 1, faults: [freeze, cut]).run()
    let began = try #require(run.events.first { $0.event.kind == "run.began" }).at
    let said = run.events.filter { $0.event.kind == "rules.applied" }.map {
      "\($0.node) \($0.at - began) \($0.event["faults"] == "2")"
    }
    #expect(
      said == [
        "sink-1 1s true", "sender-1 1400ms true", "sink-1 2s false", "sender-1 2s false",
      ])
    #expect(
      try #require(
        run.events.first { $0.event.kind == "fault.confirmed" && $0.event["fault"] == .integer(2) }
      ).at - began == .seconds(1))
  }

  @Test("a dial is refused where nobody listens, and given up where nobody answers")
  func dials() {
    let gone = Fault(id: 1, action: .kill, node: "sink-1", at: .milliseconds(1))
    let refused = Rig(senders: 1, seed: 4, faults: [gone], startDelay: .milliseconds(50)).run()
    #expect(refused.logged("rig.failed").first?["reason"] == "refused")
    let cut = Fault(
      id: 1, action: .partition, between: ["sender-1"], and: ["sink-1"], at: .milliseconds(1))
    let silent = Rig(senders: 1, seed: 4, faults: [cut], startDelay: .milliseconds(50)).run()
    #expect(silent.logged("rig.failed").first?["reason"] == "unreachable")
  }

  @Test("a process that is killed while it starts never comes up, and its successor does")
  func killedWhileStarting() {
    let faults = [(1, Fault.Action.restart, 10), (2, .kill, 11), (3, .restart, 20)].map {
      Fault(id: $0.0, action: $0.1, node: "sender-1", at: .milliseconds(Int64($0.2)))
    }
    var model = NetworkModel()
    model.startDelay = .milliseconds(5)
    let run = Rig(senders: 1, seed: 1, model: model, faults: faults).run()
    #expect(run.outcome.conclusion.outcome == .completed, "\(run.outcome.conclusion.reason)")
    let lives = run.events.filter { $0.event.kind == "node.ready" && $0.node == "sender-1" }
    #expect(lives.count == 2)
  }

  @Test("the same plan gives the same digest, another seed another")
  func determinism() {
    let digests = [1, 1, 2].map { Rig(senders: 3, seed: $0).run().outcome.digest }
    #expect(digests[0] == digests[1])
    #expect(digests[0] != digests[2])
    #expect(digests[0].count == 64)
  }
}
