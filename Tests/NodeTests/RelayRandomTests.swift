import Faults
import Foundation
import Participants
import Testing

extension NodeTests {
  @Suite("Whatever faults come and heal, the relay") struct RelayRandomTests {
    private final class Scene {
      let relay: RelayUnderTest
      let names = ["a", "b", "c"]
      let nodes: [Listening]
      var random: SeededGenerator
      var traffic: [Traffic] = []
      /// Datagrams by number, and how often each has come.
      var sent = 0
      var arrivals: [Int: Int] = [:]
      var lost = 0

      init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        let relay = try RelayUnderTest()
        self.relay = relay
        nodes = try names.map { try relay.open($0) }
      }

      func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

      func rule() -> Fault {
        let from = number(0..<3)
        let action: Fault.Action =
          switch number(0..<5) {
          case 0, 1: .partition
          case 2: .latency(Microseconds(Int64(number(1..<20_000))))
          case 3: .bandwidth(Int64(number(2_000_000..<20_000_000)))
          default: .loss(number(1..<20_000))
          }
        return relay.rule(
          action, oneWay: number(0..<2) == 0, from: names[from],
          to: names[(from + number(1..<3)) % 3])
      }

      /// A connection that is only accepted once the faults let it through.
      func dial() throws {
        let (from, to) = (nodes[number(0..<3)], nodes[number(0..<3)])
        lost += try relay.apply().lost
        let near = try Connection(to: to.address, from: from.source)
        let far = try to.listener.accept()
        traffic += [Traffic(from: near, to: far), Traffic(from: far, to: near)]
      }

      func step() throws {
        switch number(0..<20) {
        case 0 where traffic.count < 16: try dial()
        case 1, 2: lost += try relay.apply((0..<number(0..<4)).map { _ in rule() }).lost
        case 3...8:
          guard let one = traffic.filter({ !$0.isFinished }).randomElement(using: &random) else {
            break
          }
          let most = [2, 100, 10_000, 300_000][number(0..<4)]
          one.add(.random(number(1..<most), using: &random))
        case 9 where traffic.count > 4:
          let idle = traffic.filter { !$0.isFinished && $0.sent == $0.all.count }
          idle.randomElement(using: &random)?.finish()
        case 10...14:
          let text = "\(sent) " + String(repeating: "x", count: number(0..<1_000))
          nodes[number(0..<3)].datagrams.send(text, to: nodes[number(0..<3)].address)
          sent += 1
        default: break
        }
        try exchange()
      }

      func exchange() throws {
        for one in traffic {
          one.send()
          try one.receive()
        }
        for node in nodes {
          while let (bytes, _) = node.datagrams.receiveNow() {
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            arrivals[words.first.flatMap { Int($0) } ?? -1, default: 0] += 1
          }
        }
      }
    }

    @Test(
      "delivers every byte of a stream in order and once, then its end, and accounts for datagrams",
      arguments: 1...6)
    func everything(seed: UInt64) throws {
      let scene = try Scene(seed: seed)
      let before = try scene.relay.openDescriptors()
      try scene.dial()
      for _ in 0..<600 { try scene.step() }
      scene.lost += try scene.relay.apply().lost
      try Traffic.complete(scene.traffic)
      for one in scene.traffic where !one.isFinished { one.finish() }
      _ = try Deadline.poll("every end, and every datagram (seed \(seed))") { () -> Bool? in
        try scene.exchange()
        let isOver = scene.traffic.allSatisfy(\.hasEnded)
        return isOver && scene.arrivals.count + scene.lost >= scene.sent ? true : nil
      }
      for one in scene.traffic { #expect(one.received == one.all, "seed \(seed)") }
      #expect(scene.arrivals.allSatisfy { (0..<scene.sent).contains($0.key) && $0.value == 1 })
      #expect(scene.arrivals.count + scene.lost == scene.sent, "seed \(seed)")
      _ = try Deadline.poll("the descriptors") {
        try scene.relay.openDescriptors() == before ? true : nil
      }
    }
  }
}
