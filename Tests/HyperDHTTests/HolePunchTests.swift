import Foundation
import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Topology

/// Ways through simulated NATs, between two peers that know each other by a key alone.
@Suite("A way through NATs") struct HolePunchTests {
  private typealias Dependence = NATModel.Dependence

  private struct Result {
    let log: SimulatedNetwork
    /// All datagrams over some open way were answered.
    var isOpen: Bool {
      log.logged(HyperDHTEvents.punchFinished, by: "asker-1").contains {
        $0["answered"] == $0["sent"]
      }
    }
    var hasEnded: Bool {
      isOpen || !log.logged(HyperDHTEvents.punchFailed, by: "asker-1").isEmpty
    }
  }

  /// Six nodes on the internet, somebody who announces a key, and somebody who wants a way there.
  private static func run(
    asker: PlannedNAT?, announcer: PlannedNAT?, seed: UInt64, options: [String: String] = [:],
    loss: Int = 0, areLocalTold: Bool = false
  ) -> Result {
    let quick = ["rpc-timeout": "200ms", "join-retry": "1s", "announcement-lifetime": "8s"]
    var nodes = [
      PlannedNode(
        name: "keeper-1", group: "keeper", role: "hyperdht-bootstrap", options: quick)
    ]
    nodes += (2...6).map {
      PlannedNode(
        name: "keeper-\($0)", group: "keeper", role: "hyperdht-node", options: quick,
        addresses: ["bootstrap": ["keeper-1"]])
    }
    for (name, nat, more) in [
      ("announcer-1", announcer, ["announce": "film", "announce-interval": "2s"]),
      (
        "asker-1", asker,
        [
          "connect": "film", "connect-interval": "1s", "start-delay": "2s",
          "datagram-interval": "500ms",
        ]
      ),
    ] {
      nodes.append(
        PlannedNode(
          name: name, group: name, role: "hyperdht-node",
          options: quick.merging(["ephemeral": "true"].merging(more) { $1 }) { $1 }
            .merging(options) { $1 },
          addresses: [
            "bootstrap": ["keeper-1"],
            "local-address": areLocalTold ? ["172.16.0.\(nodes.count + 1):4000"] : [],
          ], nat: nat))
    }
    var model = NetworkModel()
    model.datagramLoss = loss
    let plan = Plan(
      network: "hyperdht", seed: seed, nodes: nodes, stopAt: .seconds(9), networkModel: model)
    return Result(log: SimulatedNetwork(plan, roles: HyperDHTRoles.all))
  }

  private static func run(_ asker: NATModel?, _ announcer: NATModel?, seed: UInt64) -> Result {
    run(
      asker: asker.map { PlannedNAT(name: "asker-1", model: $0) },
      announcer: announcer.map { PlannedNAT(name: "announcer-1", model: $0) }, seed: seed)
  }

  /// Nothing, and every kind that RFC 4787 tells apart.
  static let kinds: [NATModel?] =
    [nil]
    + NATModel.Dependence.allCases.flatMap { mapping in
      NATModel.Dependence.allCases.map { NATModel(mapping: mapping, filtering: $0) }
    }

  /// Whether two peers can hear each other at one address each. Where nothing is in between, all that
  /// a NAT may depend on does not matter.
  private static func isPossible(_ asker: NATModel?, _ announcer: NATModel?) -> Bool {
    let open = NATModel(mapping: .endpointIndependent, filtering: .endpointIndependent)
    let (a, b) = (asker ?? open, announcer ?? open)
    switch (a.mapping == .endpointIndependent, b.mapping == .endpointIndependent) {
    // Both are where others see them: what each sends lets the other in.
    case (true, true): return true
    // The announcer is elsewhere: what it sends must get in from a port that nothing was sent to.
    case (true, false): return a.filtering != .addressAndPortDependent
    case (false, true): return b.filtering != .addressAndPortDependent
    // Both are elsewhere: the asker's port that others know must be open to anybody, and the
    // announcer's to any port of the asker's, for which it keeps its own.
    case (false, false):
      return a.filtering == .endpointIndependent && b.filtering != .addressAndPortDependent
        && b.mapping == .addressDependent
    }
  }

  @Test("is opened between all kinds that theory lets, and no others", arguments: kinds, 0..<2)
  func everyPair(asker: NATModel?, seed: UInt64) {
    for announcer in Self.kinds {
      let result = Self.run(asker, announcer, seed: seed)
      let pair = "\(asker?.description ?? "none") → \(announcer?.description ?? "none")"
      #expect(result.hasEnded, "\(pair)")
      #expect(result.isOpen == Self.isPossible(asker, announcer), "\(pair)")
    }
  }

  @Test("the reference has the table of the kinds with names")
  func reference() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "networks/hyperdht/README.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    let named: [(name: String, model: NATModel?)] =
      [("none", nil)] + NATModel.Kind.allCases.map { ("`\($0.rawValue)`", NATModel($0)) }
    let header = ["| who asks ↓, announcer →"] + named.map(\.name)
    #expect(text.contains(header.joined(separator: " | ") + " |"))
    for asker in named {
      let cells = named.map { Self.run(asker.model, $0.model, seed: 7).isOpen ? "yes" : "no" }
      let row = "| \(([asker.name] + cells).joined(separator: " | ")) |"
      #expect(text.contains(row), "\(row)")
    }
  }

  @Test("is opened behind one NAT if that hairpins", arguments: [true, false])
  func hairpin(hairpins: Bool) {
    for (kind, isOpen) in [(NATModel.Kind.portRestrictedCone, hairpins), (.symmetric, false)] {
      var model = NATModel(kind)
      model.isShared = true
      model.hairpinning = hairpins
      let nat = PlannedNAT(name: "home", model: model)
      let result = Self.run(asker: nat, announcer: nat, seed: 3)
      #expect(result.hasEnded)
      #expect(result.isOpen == isOpen, "\(kind)")
    }
  }

  @Test("is opened behind one NAT that does not hairpin, where private addresses are announced")
  func local() throws {
    var model = NATModel(.symmetric)
    model.isShared = true
    model.hairpinning = false
    let nat = PlannedNAT(name: "home", model: model)
    let result = Self.run(asker: nat, announcer: nat, seed: 3, areLocalTold: true)
    #expect(result.isOpen)
    let opened = result.log.logged(HyperDHTEvents.punchOpened, by: "asker-1")
    #expect(opened.map(\.peer) == [Address(host: "172.16.0.7", port: 4_000)])
  }

  @Test("is opened though every tenth datagram is lost", arguments: 0..<5)
  func loss(seed: UInt64) {
    let nat = NATModel(.portRestrictedCone)
    let result = Self.run(
      asker: PlannedNAT(name: "asker-1", model: nat),
      announcer: PlannedNAT(name: "announcer-1", model: nat), seed: seed, loss: 100_000)
    #expect(!result.log.logged(HyperDHTEvents.punchOpened, by: "asker-1").isEmpty)
  }

  @Test("does not last where ports are given up sooner than datagrams come")
  func timeout() {
    var nat = NATModel(.portRestrictedCone)
    nat.bindingTimeout = .milliseconds(900)
    let result = Self.run(
      asker: PlannedNAT(name: "asker-1", model: nat),
      announcer: PlannedNAT(name: "announcer-1", model: nat), seed: 3,
      options: ["datagram-interval": "2s", "datagram-count": "1", "announce-interval": "500ms"])
    #expect(!result.log.logged(HyperDHTEvents.punchOpened, by: "asker-1").isEmpty)
    #expect(!result.isOpen)
  }

  @Test("both sides hear each other, by their own logs")
  func bothSides() throws {
    let nat = NATModel(.portRestrictedCone)
    let log = Self.run(nat, nat, seed: 1).log
    let opened = try #require(log.logged(HyperDHTEvents.punchOpened, by: "asker-1").first)
    let asked = try #require(log.logged(HyperDHTEvents.punchAsked, by: "announcer-1").first)
    let heard = log.logged(HyperDHTEvents.punchHeard, by: "announcer-1")
    #expect(heard.map(\.peer) == [asked.peer])
    let mapped = log.events.map(\.event).filter { $0.kind == "nat.mapped" }
    #expect(
      mapped.contains {
        $0["node"] == .text("asker-1") && $0["address"] == asked.peer.map { .text($0.description) }
      })
    #expect(
      mapped.contains {
        $0["node"] == .text("announcer-1")
          && $0["address"] == opened.peer.map { .text($0.description) }
      })
  }
}
