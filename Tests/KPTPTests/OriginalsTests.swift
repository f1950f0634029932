import KPTP
import ParticipantTesting
import Participants
import Testing
import Topology

/// A peer that does as the original does with what it has no meaning for: nothing. It takes whoever
/// sends that for a client that says nothing, whom it welcomes after a while.
private struct Original: Participant {
  static let role = Role(
    network: "kptp", name: "original", summary: "passes values over",
    options: KPTPRoles.peer.options, transports: .stream, seedList: .unused, make: { Original($0) })

  private var peer: any Participant
  private var readers: [ConnectionID: KPTPReader] = [:]

  init(_ settings: ParticipantSettings) { peer = KPTPRoles.peer.make(settings) }

  mutating func handle(_ input: Input, _ turn: inout Turn) {
    guard case .received(let id, let bytes) = input else {
      return peer.handle(input, &turn)
    }
    for message in readers[id, default: KPTPReader()].read(bytes)
    where !(9...12).contains(message.type) {
      peer.handle(.received(id, message.encoded), &turn)
    }
  }
}

/// Values among originals, who keep none.
@Suite("Among originals, kPTP peers") struct OriginalsTests {
  /// - Parameter welcome: after which time an original says something to who stored a value there.
  private func network(seed: UInt64, welcome: String) -> SimulatedNetwork {
    let quick = [
      "heartbeat-interval": "500ms", "heartbeat-timeout": "250ms", "hello-interval": "20ms",
    ]
    let nodes = (1...30).map { number in
      let isOurs = number % 3 == 1
      let more =
        isOurs
        ? ["put-count": "3", "get-count": "60", "value-interval": "2s", "welcome-delay": "100ms"]
        : ["welcome-delay": welcome]
      return PlannedNode(
        name: "\(isOurs ? "ours" : "original")-\(number)", group: isOurs ? "ours" : "original",
        role: isOurs ? "kptp-peer" : "kptp-original", options: quick.merging(more) { $1 },
        addresses: number > 1 ? ["bootstrap": ["ours-1"]] : [:], delay: .milliseconds(20) * number)
    }
    return SimulatedNetwork(
      Plan(network: "kptp", seed: seed, nodes: nodes, stopAt: .seconds(40)),
      roles: KPTPRoles.all + [Original.role])
  }

  @Test(
    "put values at the nearest that keep them, and find them there",
    arguments: (0..<6 as Range<UInt64>).flatMap { [($0, "100ms"), ($0, "20s")] })
  func values(seed: UInt64, welcome: String) {
    let network = network(seed: seed, welcome: welcome)
    let settled = Microseconds.seconds(10)
    let puts = network.logged(KPTPEvents.valuePut, after: settled)
    #expect(puts.count > 100)
    #expect(puts.allSatisfy { $0.event["copies"] == .integer(3) })

    let keys = Set(
      puts.compactMap { put -> String? in
        if case .text(let key) = put.event["key"] { key } else { nil }
      })
    func isOfOurs(_ event: Event) -> Bool {
      if case .text(let key) = event["key"] { keys.contains(key) } else { false }
    }
    let found = network.logged(KPTPEvents.valueFound, after: settled)
    #expect(found.count { isOfOurs($0.event) } > 20)
    #expect(found.allSatisfy { $0.event["intact"] == .flag(true) })
    let missed = network.logged(KPTPEvents.valueMissing, after: settled)
    #expect(missed.count { isOfOurs($0.event) } == 0)
  }

  @Test("do not take them for dead, and ask them again only now and then", arguments: 0..<4)
  func life(seed: UInt64) {
    let network = network(seed: seed, welcome: "100ms")
    #expect(network.logged(KPTPEvents.entryRemoved).isEmpty)
    #expect(network.faults() == [])
    // Ten peers put three values and want one every two seconds, for thirty seconds: 600 ways to a
    // key. Each of twenty originals may be asked twice by each of them.
    let ignored = network.logged(KPTPEvents.messageIgnored, after: .seconds(10))
    #expect(!ignored.isEmpty)
    #expect(ignored.count <= 10 * 20 * 2)
  }

  @Test("keep a value themselves where nobody else does")
  func alone() {
    let table = Table(["put-count": .count(1), "value-interval": .duration(.seconds(5))])
    table.introduce(4101)
    table.stage.wait(.seconds(4))
    #expect(table.answer(4101).contains(9))
    // It says nothing about the value, and the way is gone again without it.
    table.stage.wait(.seconds(6))
    table.answer(4101)
    #expect(table.stage.logged(KPTPEvents.valuePut).first?["copies"] == .integer(1))
    #expect(table.entries == [4101])
  }
}
