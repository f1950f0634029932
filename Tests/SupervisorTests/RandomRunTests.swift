import Faults
import Participants
import Supervisor
import Testing
import Topology

@Suite("Random runs")
struct RandomRunTests {
  @Test(
    "Whatever happens, every process ends, no dead process is signalled, and the ledger is whole",
    arguments: 0..<400 as Range<UInt64>)
  func anything(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var host = FakeHost(Self.plan(&random))
    for node in host.behaviours.indices { Self.misbehave(&host.behaviours[node], &random) }
    if Int.random(in: 0..<4, using: &random) == 0 { host.heedsAfter = Self.time(upTo: 2, &random) }
    if Int.random(in: 0..<4, using: &random) == 0 {
      host.schedule(.interrupted, after: Self.time(upTo: 12, &random))
      host.schedule(.interrupted, after: Self.time(upTo: 14, &random))
    }
    if Int.random(in: 0..<10, using: &random) == 0 {
      host.schedule(.failed("the disk is full"), after: Self.time(upTo: 12, &random))
    }
    // The host itself checks the signals and that no process is left.
    host.run()

    for fault in host.plan.faults { check(fault, host) }
    for node in host.plan.nodes {
      #expect(
        host.count("node.spawned \(node.name)") == host.count("node.exited \(node.name)"),
        "seed \(seed)")
    }
    #expect(host.count("run.launched") == 1)
    #expect(host.count("run.stopping") == 1)
    #expect(host.count("run.began") == (host.conclusion?.began == true ? 1 : 0))
    #expect(host.events.last?.kind == "run.ended")
  }

  /// A fault is planned once, then either applied or skipped, then perhaps confirmed, then perhaps
  /// healed.
  private func check(_ fault: Fault, _ host: FakeHost) {
    let ledger = host.events.filter { $0["fault"] == .integer(Int64(fault.id)) }.map(\.kind)
    let whole = ["fault.planned", "fault.applied", "fault.confirmed", "fault.healed"]
    let canHeal = fault.action == .pause || fault.action == .restart || fault.lasting != nil
    let allowed =
      [["fault.planned", "fault.skipped"], Array(whole.prefix(2)), Array(whole.prefix(3))]
      + (canHeal ? [whole, [whole[0], whole[1], whole[3]]] : [])
    #expect(allowed.contains(ledger), "\(fault): \(ledger)\n\(host.describe)")
  }

  private static func plan(_ random: inout SeededGenerator) -> Plan {
    let peers = Int.random(in: 1...5, using: &random)
    let seeds = Int.random(in: 1...2, using: &random)
    let count = Int.random(in: 0...8, using: &random)
    let late = (0..<Int.random(in: 0...3, using: &random)).map { _ in
      Self.time(upTo: 9, &random)
    }
    let times = (0..<count).map { _ in Self.time(upTo: 9, &random) }.sorted()
    let faults = times.enumerated().map { index, time in
      let word = Fault.Action.words.randomElement(using: &random) ?? "kill"
      let action = Fault.Action(word: word, amount: 1_000) ?? .kill
      let lasts = (action == .pause || action.isOnNetwork) && Bool.random(using: &random)
      let lasting = lasts ? Self.time(upTo: 3, &random) : nil
      if action.isOnNetwork {
        return Fault(
          id: index + 1, action: action, between: ["peer-1"], and: ["seed-1"], at: time,
          lasting: lasting)
      }
      let victim = Int.random(in: 1...(peers + late.count), using: &random)
      return Fault(
        id: index + 1, action: action,
        node: victim > peers ? "late-\(victim - peers)" : "peer-\(victim)", at: time,
        lasting: lasting)
    }
    return .small(
      seeds: seeds, peers: peers, every: Self.time(upTo: 1, &random), late: late, faults: faults,
      allowsUnexpectedExits: Bool.random(using: &random))
  }

  private static func misbehave(
    _ behaviour: inout FakeHost.Behaviour, _ random: inout SeededGenerator
  ) {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: behaviour.readyAfter = Self.time(upTo: 40, &random)
    case 1: behaviour.endsAfterTerminate = nil
    case 2: behaviour.crashesAfter = Self.time(upTo: 15, &random)
    case 3: behaviour.readyAgainAfter = Self.time(upTo: 40, &random)
    case 4: behaviour.endsAfterTerminate = Self.time(upTo: 8, &random)
    default: break
    }
  }

  /// In steps of a quarter of a second, so that things also happen at the same time.
  private static func time(upTo seconds: Int64, _ random: inout SeededGenerator) -> Microseconds {
    .milliseconds(Int64.random(in: 0...(seconds * 4), using: &random) * 250)
  }
}
