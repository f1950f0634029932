import Gossip
import Participants
import Testing

/// Whole gossip networks in virtual time: what the network promises, under many seeds.
@Suite struct GossipNetworkTests {
  /// Seeds and peers with quick timings. Peers start 20 ms apart.
  static func network(
    seed: UInt64, seeds: Int = 3, peers: Int, options: [String: OptionValue] = [:]
  ) -> VirtualNetwork {
    var network = VirtualNetwork(seed: seed)
    let seedAddresses = (0..<seeds).map { Address(host: "127.0.0.1", port: UInt16(5000 + $0)) }
    for address in seedAddresses { network.start(address, participant(GossipRoles.seed)) }
    for index in 0..<peers {
      network.start(peer(index), participant(GossipRoles.peer, seedAddresses, options))
      network.run(for: .milliseconds(20))
    }
    return network
  }

  /// Addresses whose order is not that of joining.
  static func peer(_ index: Int) -> Address {
    Address(host: "127.0.0.1", port: UInt16(10_000 + index * 7_919 % 50_000))
  }

  private static func participant(
    _ role: Role, _ seeds: [Address] = [], _ options: [String: OptionValue] = [:]
  ) -> any Participant {
    var given: [String: OptionValue] = [:]
    if role.name == "peer" {
      given = [
        "liveness-interval": .duration(.milliseconds(500)),
        "gossip-interval": .duration(.milliseconds(700)),
        "join-delay": .duration(.milliseconds(500)),
        "relink-interval": .duration(.milliseconds(500)),
        "answer-timeout": .duration(.seconds(1)),
        "gossip-count": .count(4),
      ]
    }
    let values = OptionValues(role.options, given: given.merging(options) { $1 })
    return role.make(ParticipantSettings(options: values, seeds: seeds))
  }

  /// The links as both ends' logs have them: peer → neighbours.
  static func links(_ network: VirtualNetwork) -> [Address: Set<Address>] {
    var links: [Address: Set<Address>] = [:]
    for (_, node, event) in network.events {
      guard let peer = event.peer else { continue }
      if event.kind == GossipEvents.linkOpened.name { links[node, default: []].insert(peer) }
      if event.kind == GossipEvents.linkClosed.name { links[node]?.remove(peer) }
    }
    return links.filter { network.live.contains($0.key) }
  }

  static func reachable(from start: Address, _ links: [Address: Set<Address>]) -> Set<Address> {
    var seen: Set<Address> = [start]
    var frontier = [start]
    while let next = frontier.popLast() {
      for neighbour in links[next] ?? [] where links[neighbour] != nil {
        if seen.insert(neighbour).inserted { frontier.append(neighbour) }
      }
    }
    return seen
  }

  static func peers(_ network: VirtualNetwork) -> [Address] {
    network.live.filter { $0.port >= 10_000 }
  }

  @Test("every text reaches every peer that was linked, once", arguments: 0..<8)
  func gossipReachesEveryone(seed: UInt64) {
    var network = Self.network(seed: seed, peers: 25)
    network.run(for: .seconds(15))
    let sent = network.logged(GossipEvents.gossipSent).compactMap { $0.event["message"] }
    #expect(sent.count == 100)
    for peer in Self.peers(network) {
      let received = network.logged(GossipEvents.gossipReceived)
        .filter { $0.node == peer }.compactMap { $0.event["message"] }
      #expect(received.count == 96, "\(peer) got each text of the others once, seed \(seed)")
    }
  }

  @Test("links stay one network through deaths, and slots are used again", arguments: 0..<8)
  func linksAreConnected(seed: UInt64) {
    var network = Self.network(seed: seed, peers: 30)
    network.run(for: .seconds(10))
    var random = SeededGenerator(seed: seed, stream: "victims")
    for victim in Self.peers(network).shuffled(using: &random).prefix(8) { network.kill(victim) }
    network.run(for: .seconds(20))
    let links = Self.links(network)
    let live = Self.peers(network)
    #expect(live.count == 22)
    #expect(Self.reachable(from: live[0], links).count == 22, "seed \(seed)")
    for (peer, neighbours) in links {
      #expect(neighbours.count <= 6, "\(peer) keeps to its limit and the two spare slots")
      #expect(neighbours.allSatisfy { links[$0]?.contains(peer) == true }, "both ends agree")
    }
  }

  @Test(
    "a killed peer is reported by every neighbour to every seed, which drops it",
    arguments: 0..<8)
  func theDeadAreReported(seed: UInt64) {
    var network = Self.network(seed: seed, peers: 12)
    network.run(for: .seconds(8))
    let victim = Self.peer(Int(seed) % 12)
    let neighbours = Self.links(network)[victim] ?? []
    #expect(!neighbours.isEmpty)
    network.kill(victim)
    network.run(for: .seconds(5))
    for neighbour in neighbours {
      let told = network.logged(GossipEvents.deadReported)
        .filter { $0.node == neighbour && $0.event.peer == victim }
      #expect(Set(told.compactMap { $0.event["seed"] }.map { "\($0)" }).count == 3)
    }
    for seedNode in network.live where seedNode.port < 10_000 {
      let words = network.events.filter { $0.node == seedNode && $0.event.peer == victim }
        .map(\.event.kind)
        .filter { $0 == GossipEvents.peerRegistered.name || $0 == GossipEvents.peerRemoved.name }
      #expect(words.last != GossipEvents.peerRegistered.name, "\(seedNode) dropped it")
    }
    let falselyReported = network.logged(GossipEvents.deadReported).filter {
      $0.event.peer != victim
    }
    #expect(falselyReported.isEmpty)
  }

  @Test(
    "a frozen peer is reported for its silence, and joins again when it wakes", arguments: 0..<5)
  func aFrozenPeerIsReported(seed: UInt64) {
    var network = Self.network(seed: seed, peers: 12)
    network.run(for: .seconds(8))
    let victim = Self.peer(3)
    network.freeze(victim)
    network.run(for: .seconds(6))
    let reports = network.logged(GossipEvents.deadReported).filter { $0.event.peer == victim }
    #expect(!reports.isEmpty)
    #expect(network.logged(GossipEvents.livenessMissed).contains { $0.event.peer == victim })
    network.thaw(victim)
    network.run(for: .seconds(10))
    let links = Self.links(network)
    #expect(Self.reachable(from: victim, links).count == 12, "seed \(seed)")
    #expect(!(links[victim] ?? []).isEmpty)
  }

  @Test("a peer that freezes for less than the tolerance is not reported", arguments: 0..<5)
  func aShortFreezeIsTolerated(seed: UInt64) {
    var network = Self.network(seed: seed, peers: 12)
    network.run(for: .seconds(8))
    network.freeze(Self.peer(3))
    network.run(for: .milliseconds(1_300))
    network.thaw(Self.peer(3))
    network.run(for: .seconds(5))
    #expect(network.logged(GossipEvents.deadReported).isEmpty)
  }

  @Test("a peer told not to report says nothing")
  func silence() {
    var network = Self.network(seed: 1, peers: 8, options: ["report-dead": .flag(false)])
    network.run(for: .seconds(5))
    network.kill(Self.peer(2))
    network.run(for: .seconds(5))
    #expect(network.logged(GossipEvents.deadReported).isEmpty)
    #expect(!network.logged(GossipEvents.peerSuspected).isEmpty)
  }

  @Test("the same seed gives the same events")
  func determinism() {
    func events(_ seed: UInt64) -> [String] {
      var network = Self.network(seed: seed, peers: 10)
      network.run(for: .seconds(3))
      network.kill(Self.peer(4))
      network.run(for: .seconds(3))
      return network.events.map { "\($0.at) \($0.node) \($0.event)" }
    }
    #expect(events(7) == events(7))
    #expect(events(7) != events(8))
  }

  @Test("every event has a documented kind and only documented fields")
  func documentedEvents() {
    var network = Self.network(seed: 3, peers: 12)
    network.run(for: .seconds(4))
    network.kill(Self.peer(1))
    network.freeze(Self.peer(2))
    network.run(for: .seconds(6))
    let kinds = Dictionary(uniqueKeysWithValues: GossipEvents.all.map { ($0.name, $0) })
    #expect(network.events.count > 200)
    for (_, _, event) in network.events {
      guard let kind = kinds[event.kind] else {
        Issue.record("\(event.kind) is not documented")
        continue
      }
      #expect(event.peer == nil || kind.peer != nil, "\(event.kind) has a peer")
      #expect(Set(event.fields.map(\.name)).isSubset(of: Set(kind.fields.map(\.name))), "\(event)")
    }
  }
}
