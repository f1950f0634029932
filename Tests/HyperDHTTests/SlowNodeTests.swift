import Checks
import Exploration
import Foundation
import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Topology

/// Lookups where nodes answer slowly, or not at all.
@Suite("Slow and dead nodes of a HyperDHT network") struct SlowNodeTests {
  private static let root =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// One node keeps all that is announced, and one asks for it all the time.
  private static let loneKeeper = """
    network: hyperdht
    groups:
      keeper: { role: node, count: 1 }
      announcer: { role: node, count: 1, after: keeper, options: { bootstrap: keeper, announce: key-1,
        announce-interval: 200h, start-delay: 100ms } }
      other: { role: node, count: 6, joins: 1s, options: { bootstrap: keeper } }
      asker: { role: node, count: 1, joins: 3s, options: { bootstrap: keeper, lookup: key-1,
        lookup-count: 400, lookup-interval: 50ms } }
    stop: { at: 24s }
    """

  private static func topology(_ text: String, overrides: [String] = []) throws -> Topology {
    try Topology(
      TopologyFile(path: "test.yaml", text: text), overrides: overrides, roles: HyperDHTRoles.all,
      checks: nil)
  }

  /// How many peers each lookup of the asker found that began after a time.
  private static func found(in network: SimulatedNetwork, after start: Microseconds) -> [Int64] {
    network.logged(HyperDHTEvents.queryFinished, after: start).filter { $0.node == "asker-1" }
      .map { $0.event.integer("peers") }
  }

  @Test("Where answers take 20 to 120 ms, every lookup finds who is there", arguments: 1...4)
  func spread(seed: UInt64) throws {
    let topology = try Self.topology(
      Self.loneKeeper, overrides: ["network-model.latency={uniform: [10ms, 60ms]}"])
    let network = SimulatedNetwork(topology.plan(seed: seed), roles: HyperDHTRoles.all)
    let found = Self.found(in: network, after: .zero)
    #expect(found.count > 350)
    #expect(found.allSatisfy { $0 == 1 })
  }

  @Test(
    "One keeper is slow all of a sudden, and every lookup finds what it keeps",
    arguments: [1, 2], ["25ms", "100ms", "400ms"])
  func slowKeeper(seed: UInt64, latency: String) throws {
    let topology = try Self.topology(
      Self.loneKeeper + """

        faults:
          - { at: 5s, latency: { between: keeper, and: [announcer, other, asker], add: \(latency) } }
        """)
    let network = SimulatedNetwork(topology.plan(seed: seed), roles: HyperDHTRoles.all)
    let found = Self.found(in: network, after: .seconds(5))
    #expect(found.count > 300)
    #expect(found.allSatisfy { $0 == 1 })
  }

  /// What did not pass, of two checks of a topology's.
  private static func objections(_ name: String, seed: UInt64, _ checks: [String]) throws
    -> [String]
  {
    let file = try TopologyFile(reading: root.appending(path: "topologies/\(name).yaml").path)
    let topology = try Topology(file, overrides: [], roles: HyperDHTRoles.all, checks: nil)
    let checks = try CheckLibrary()
      .checks(network: "hyperdht").filter { checks.contains($0.name) }
    return try Laboratory(roles: HyperDHTRoles.all, checks: checks)
      .examine(topology.plan(seed: seed)).judgements
      .filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test(
    "A fifth of the nodes die: the median lookup is as quick, and finds who lives", arguments: 5...7
  )
  func massacre(seed: UInt64) throws {
    let objections = try Self.objections(
      "hyperdht-massacre", seed: seed,
      ["the-dead-do-not-stall-lookups", "lookups-find-every-live-announcer"])
    #expect(objections == [])
  }

  @Test(
    "Every lookup comes to the closest node, also where whoever is asked first knows none near it")
  func convergence() throws {
    #expect(try Self.objections("hyperdht-hops", seed: 202, ["lookups-converge"]) == [])
  }

  // MARK: A node by itself

  private static let key = HyperDHTNode.key(of: "a key")

  /// A node that looks a key up every ten seconds, from the twentieth on, and knows those, who
  /// always answer at once.
  private static func asker(_ living: [Contact]) -> Stage {
    var stage = Stage(
      HyperDHTRoles.node,
      [
        "bootstrap": .addresses([living[0].address.description]), "lookup": .text("a key"),
        "lookup-count": .count(3), "lookup-interval": .duration(.seconds(10)),
        "start-delay": .duration(.seconds(20)),
      ])
    stage.answer(as: living[0])
    for contact in living.dropFirst() { stage.introduce(contact) }
    stage.wait(.seconds(20))
    return stage
  }

  @Test("the dead cost a query a wait once, and are asked for through who named them")
  func deadNodes() throws {
    let living = (1...12).map(Stage.contact)
    let dead = (20...27).map(Stage.contact)
    var stage = Self.asker(living)
    for contact in living { stage.answer(as: contact, naming: dead) }
    stage.wait(.milliseconds(1))
    let punches = living.flatMap { stage.requests(to: $0.address) }
      .filter { $0.request.forwardRequest != nil }
    #expect(punches.count == dead.count)
    // They may be slow, until they have been asked again.
    stage.wait(.milliseconds(998))
    #expect(stage.logged(HyperDHTEvents.queryFinished).isEmpty)
    stage.wait(.milliseconds(10))
    let finished = try #require(stage.logged(HyperDHTEvents.queryFinished).first)
    #expect(finished["answered"] == .integer(12))
    // The next one asks them as well, and waits for the others only.
    stage.wait(.seconds(9))
    for contact in living { stage.answer(as: contact, naming: dead) }
    let next = try #require(stage.logged(HyperDHTEvents.queryFinished).last)
    #expect(next["query"] != finished["query"] && next["answered"] == .integer(12))
    #expect(next["asked"] == .integer(20))
    #expect(next.integer("took") < 1_000_000)
  }

  @Test(
    "a slow node counts, is waited for however often, and stays known", arguments: [50, 500, 999])
  func slowNode(milliseconds: Int64) throws {
    let living = (1...12).map(Stage.contact)
    let slow = Stage.contact(20)
    var stage = Self.asker(living)
    for lookup in 1...3 {
      for contact in living { stage.answer(as: contact, naming: [slow]) }
      stage.wait(.milliseconds(milliseconds))
      #expect(stage.logged(HyperDHTEvents.queryFinished).count == lookup - 1)
      stage.answer(as: slow)
      #expect(stage.logged(HyperDHTEvents.queryFinished).count == lookup)
      stage.wait(.milliseconds(10_000 - milliseconds))
    }
    #expect(
      stage.logged(HyperDHTEvents.queryFinished).allSatisfy { $0["answered"] == .integer(13) })
  }

  @Test("who is silent is named to nobody until they are heard")
  func silentNodes() throws {
    let living = (1...12).map(Stage.contact)
    var stage = Self.asker(living)
    for contact in living.dropFirst() { stage.answer(as: contact) }
    #expect(try stage.nodes(closeTo: Self.key).contains(living[0]))
    stage.wait(.milliseconds(1_010))
    #expect(stage.logged(HyperDHTEvents.queryFinished).count == 1)
    #expect(try !stage.nodes(closeTo: Self.key).contains(living[0]))
    stage.answer(as: living[0])
    #expect(try stage.nodes(closeTo: Self.key).contains(living[0]))
  }

  @Test("where several become silent at once, every contact that was not heard lately is asked")
  func massacre() throws {
    let living = (1...30).map(Stage.contact)
    let dead = (0..<DHTRPC.severalSilent).map { number in
      Contact(
        id: Self.key.dropLast() + [UInt8(number)],
        address: Address(host: "10.2.1.\(number)", port: 4_000))
    }
    var stage = Self.asker(living)
    var heard: Set<Contact> = []
    // Not all are asked at once, and the last only when the dead are late.
    for _ in 1...3 {
      for contact in living where stage.sent.contains(where: { $0.to == contact.address }) {
        heard.insert(contact)
        stage.answer(as: contact, naming: dead)
      }
      stage.wait(.milliseconds(1))
    }
    func pinged() -> Set<Contact> {
      Set(
        living.filter { contact in
          stage.requests(to: contact.address).contains {
            $0.request.command == RPCRequest.ping && $0.request.forwardRequest == nil
          }
        })
    }
    stage.wait(.milliseconds(996))
    #expect(heard.count == 20)
    #expect(pinged().isEmpty)
    stage.wait(.milliseconds(10))
    #expect(pinged() == Set(living).subtracting(heard))
  }
}
