import Faults
import Participants
import Testing

@Suite("Rules for the network")
struct NetworkRulesTests {
  private let rules = NetworkRules(
    number: 3,
    faults: [
      Fault(
        id: 5, action: .latency(.milliseconds(200)), between: ["n1", "n2"], and: ["n3"],
        oneWay: true, at: .zero),
      Fault(id: 6, action: .partition, between: ["n1"], and: ["late"], at: .zero),
    ], addresses: addresses)

  private static let addresses = Dictionary(
    uniqueKeysWithValues: (1...3 as ClosedRange<UInt16>).map {
      ("n\($0)", Address(host: "127.0.0.1", port: $0))
    })

  private func rule(
    _ action: Fault.Action, oneWay: Bool = false, from: [UInt16], to: [UInt16]
  ) -> Fault {
    Fault(
      id: 1, action: action, between: from.map { "n\($0)" }, and: to.map { "n\($0)" },
      oneWay: oneWay, at: .zero)
  }

  private func paths(of number: Int, _ faults: Fault...) -> [UInt16: NetworkRules.Path] {
    let rules = NetworkRules(number: 1, faults: faults, addresses: Self.addresses)
    let paths = rules.paths(of: "n\(number)")
    return Dictionary(uniqueKeysWithValues: paths.map { ($0.key.port, $0.value) })
  }

  @Test("are read as they were written")
  func roundTrip() throws {
    #expect(try NetworkRules(parsing: rules.description) == rules)
    #expect(try NetworkRules(parsing: "rules 7\n") == NetworkRules(number: 7))
  }

  @Test(
    "that make no sense are refused with the line",
    arguments: [
      ("", 1), ("rules 0", 1), ("rules x", 1), ("rules 1\nrules 2", 2), ("fault 1 loss both 1", 1),
      ("rules 1\nfault 1 storm both 1", 2), ("rules 1\nfault 1 loss some 1", 2),
      ("rules 1\nfault 1 loss both -1", 2), ("rules 1\nfrom a 127.0.0.1:1", 2),
      ("rules 1\nfault 1 loss both 1\nto a nowhere", 3), ("rules 1\nfault 1 loss both 1\nto a", 3),
    ])
  func malformed(text: String, line: Int) {
    #expect(throws: NetworkRules.Malformed(line: line)) { try NetworkRules(parsing: text) }
  }

  @Test("disturb both ways between the sides, and nobody else")
  func bothWays() {
    let cut = rule(.partition, from: [1], to: [2, 3])
    #expect(
      paths(of: 1, cut).mapValues { [$0.outbound.isCut, $0.inbound.isCut] } == [
        2: [true, true], 3: [true, true],
      ])
    #expect(Array(paths(of: 3, cut).keys) == [1])
    #expect(paths(of: 4, cut).isEmpty)
  }

  @Test("that go one way spare the other")
  func oneWay() {
    let cut = rule(.partition, oneWay: true, from: [1], to: [2])
    #expect(paths(of: 1, cut)[2].map { [$0.outbound.isCut, $0.inbound.isCut] } == [true, false])
    #expect(paths(of: 2, cut)[1].map { [$0.outbound.isCut, $0.inbound.isCut] } == [false, true])
  }

  @Test("count once for a node on both sides, and not between it and itself")
  func bothSides() {
    let slow = rule(.latency(Microseconds(100)), from: [1, 2], to: [1, 2, 3])
    let paths = paths(of: 1, slow)
    #expect(Set(paths.keys) == [2, 3])
    #expect(paths[2]?.outbound.latency == Microseconds(100))
    #expect(paths[2]?.inbound.latency == Microseconds(100))
  }

  @Test("add up latencies, and take the worst loss and the least bandwidth")
  func together() {
    let path = paths(
      of: 1, rule(.latency(Microseconds(100)), from: [1], to: [2]),
      rule(.latency(Microseconds(20)), from: [2], to: [1]),
      rule(.loss(5), from: [1], to: [2]), rule(.loss(9), oneWay: true, from: [1], to: [2]),
      rule(.bandwidth(2_000), from: [1], to: [2]), rule(.bandwidth(1_000), from: [1], to: [2]))[2]
    #expect(path?.outbound.latency == Microseconds(120))
    #expect(path.map { [$0.outbound.loss, $0.inbound.loss] } == [9, 5])
    #expect(path?.inbound.bandwidth == 1_000)
  }

  @Test("lose everything as a partition does")
  func totalLoss() {
    let path = paths(of: 1, rule(.loss(1_000_000), oneWay: true, from: [1], to: [2]))[2]
    #expect(path.map { [$0.outbound.isCut, $0.inbound.isCut] } == [true, false])
  }

  @Test("know a late joiner by its name before they have its address")
  func lateJoiner() {
    #expect(rules.paths(of: "late").keys.map(\.port) == [1])
    #expect(rules.paths(of: "n1").keys.map(\.port) == [3])
    #expect(rules.faults(of: "late") == [6])
    #expect(rules.faults(of: "n1") == [5, 6])
  }
}
