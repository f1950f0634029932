import Participants
import Simulator
import Testing
import Topology

/// NATs against the definitions of RFC 4787, by random histories of datagrams.
@Suite("A NAT") struct NATTests {
  /// A datagram that left, and the port that it left by.
  private struct Sent {
    let inside: Address
    let outside: Address
    let port: UInt16
    let at: Instant
  }

  private static let timeout = Microseconds.seconds(10)

  static let models = NATModel.Dependence.allCases.flatMap { mapping in
    NATModel.Dependence.allCases.map { NATModel(mapping: mapping, filtering: $0) }
  }

  private static func addresses(_ network: String, _ hosts: Int) -> [Address] {
    (1...hosts).flatMap { host in
      [7, 8].map { Address(host: "\(network).\(host)", port: $0) }
    }
  }

  private static let insiders = addresses("172.16.0", 2)
  private static let outsiders = addresses("10.1.1", 3)

  /// Whether two addresses outside are the same for a mapping or filtering.
  private static func isSame(
    _ one: Address, _ other: Address, _ dependence: NATModel.Dependence
  ) -> Bool {
    switch dependence {
    case .endpointIndependent: true
    case .addressDependent: one.host == other.host
    case .addressAndPortDependent: one == other
    }
  }

  /// Sends and receives at random for a while, and tells what happened at each step.
  private func play(
    _ model: NATModel, seed: UInt64,
    step: (_ sent: [Sent], _ nat: inout NAT, _ now: Instant, _ random: inout SeededGenerator) ->
      Sent?
  ) {
    var model = model
    model.bindingTimeout = Self.timeout
    var random = SeededGenerator(seed: seed, stream: "nat")
    var nat = NAT(model, host: "10.9.9.9")
    var sent: [Sent] = []
    var now = Instant(microseconds: 1)
    for _ in 0..<400 {
      // Most pauses are short; some are as long as the timeout, exactly or nearly.
      let pauses = [0, 1, 100_000, 900_000, 3_000_000, Self.timeout.count - 1, Self.timeout.count]
      now = now + Microseconds(pauses.randomElement(using: &random) ?? 0)
      if let one = step(sent, &nat, now, &random) { sent.append(one) }
    }
    #expect(sent.count > 100)
  }

  private func send(
    _ nat: inout NAT, _ now: Instant, _ random: inout SeededGenerator
  ) -> Sent? {
    guard let inside = Self.insiders.randomElement(using: &random),
      let outside = Self.outsiders.randomElement(using: &random),
      let mapped = nat.send(from: inside, to: outside, at: now)
    else { return nil }
    #expect(mapped.source.host == nat.host)
    return Sent(inside: inside, outside: outside, port: mapped.source.port, at: now)
  }

  @Test(
    "gives what its mapping puts together the same port while that is used, and no two the same",
    arguments: models, 0..<3)
  func mapping(model: NATModel, seed: UInt64) {
    play(model, seed: seed) { sent, nat, now, random in
      guard let one = send(&nat, now, &random) else { return nil }
      func isTogether(_ other: Sent) -> Bool {
        other.inside == one.inside && Self.isSame(other.outside, one.outside, model.mapping)
      }
      if let last = sent.last(where: isTogether), last.at + Self.timeout > now {
        #expect(one.port == last.port)
      }
      let others = sent.filter { $0.at + Self.timeout > now && !isTogether($0) }
      #expect(!others.contains { $0.port == one.port })
      #expect(one.port >= 1_024)
      #expect(nat.owner(of: one.port, at: now) == one.inside)
      return one
    }
  }

  @Test("lets in whom its filtering lets in, and nobody else", arguments: models, 0..<3)
  func filtering(model: NATModel, seed: UInt64) {
    play(model, seed: seed) { sent, nat, now, random in
      for port in Set(sent.suffix(20).map(\.port)) {
        for sender in Self.outsiders {
          // Section 5: whether the endpoint inside has sent to there before, lately enough.
          let isExpected = sent.contains {
            $0.port == port && $0.at + Self.timeout > now
              && Self.isSame($0.outside, sender, model.filtering)
          }
          #expect(nat.admits(sender, to: port, at: now) == isExpected)
        }
      }
      return send(&nat, now, &random)
    }
  }

  @Test("what comes from outside keeps no port")
  func refresh() throws {
    var model = NATModel(.fullCone)
    model.bindingTimeout = .seconds(2)
    var nat = NAT(model, host: "10.9.9.9")
    let start = Instant(microseconds: 0)
    let outside = Self.outsiders[0]
    let mapped = nat.send(from: Self.insiders[0], to: outside, at: start)
    let port = try #require(mapped).source.port
    #expect(nat.admits(outside, to: port, at: start + .seconds(1)))
    #expect(!nat.admits(outside, to: port, at: start + .seconds(2)))
    #expect(nat.owner(of: port, at: start + .seconds(2)) == nil)
  }

  @Test("drops what leaves when all ports are taken, until one is free")
  func exhaustion() {
    var nat = NAT(NATModel(.symmetric), host: "10.9.9.9")
    let inside = Self.insiders[0]
    let start = Instant(microseconds: 0)
    let count = 65_536 - 1_024
    let ports = (0..<count).compactMap { number in
      let outside = Address(host: "10.2.\(number / 250).\(number % 250)", port: 1)
      return nat.send(from: inside, to: outside, at: start)?.source.port
    }
    #expect(Set(ports).count == count)
    let full = nat.send(from: inside, to: Self.outsiders[0], at: start)
    #expect(full == nil)
    let later = start + nat.model.bindingTimeout
    let free = nat.send(from: inside, to: Self.outsiders[0], at: later)
    #expect(free != nil)
  }
}

@Suite("Nodes behind NATs") struct SimulatedNATTests {
  private static let home = NATModel(.portRestrictedCone)

  private static func run(
    port: String = "any", sink: PlannedNAT? = nil, sender: PlannedNAT? = nil
  ) -> Recording {
    var rig = Rig(senders: 1, seed: 1, port: port)
    rig.plan.nodes[0].nat = sink
    rig.plan.nodes[1].nat = sender
    return rig.run()
  }

  @Test(
    "reach the internet, where they are seen at their NAT's address",
    arguments: ["any", "listening"])
  func outgoing(port: String) throws {
    let run = Self.run(port: port, sender: PlannedNAT(name: "sender-1", model: Self.home))
    let peer = try #require(run.logged("rig.accepted").first?.peer)
    #expect(peer.host.hasPrefix("10.") && peer.port != 4_000)
    #expect(run.logged("rig.heard").first?["intact"] == .flag(true))
    #expect(run.delays.count == Sender.datagrams)
    let mapped = run.logged("nat.mapped")
    #expect(mapped.map { $0["node"] } == [.text("sender-1")])
    #expect(mapped.first?["address"] == .text("\(peer.host):1024"))
    let listening = run.events.first { $0.event.kind == "node.ready" && $0.node == "sender-1" }
    guard case .text(let own)? = listening?.event["address"] else {
      Issue.record("no address")
      return
    }
    #expect(own.hasPrefix("172."))
  }

  @Test("cannot be reached at their private address: connections are refused, datagrams lost")
  func incoming() {
    let run = Self.run(sink: PlannedNAT(name: "sink-1", model: NATModel(.fullCone)))
    #expect(run.logged("rig.failed").first?["reason"] == "refused")
    #expect(run.delays.isEmpty)
  }

  @Test("reach each other directly behind one NAT, and not behind two of a kind")
  func neighbours() {
    var shared = Self.home
    shared.isShared = true
    let nat = PlannedNAT(name: "home", model: shared)
    let together = Self.run(port: "listening", sink: nat, sender: nat)
    #expect(together.logged("rig.heard").first?["intact"] == .flag(true))
    #expect(together.logged("rig.accepted").first?.peer?.host.hasPrefix("172.") == true)
    #expect(together.delays.count == Sender.datagrams)
    #expect(together.logged("nat.mapped").isEmpty)
    let apart = Self.run(
      sink: PlannedNAT(name: "sink-1", model: Self.home),
      sender: PlannedNAT(name: "sender-1", model: Self.home))
    #expect(apart.logged("rig.failed").first?["reason"] == "refused")
    #expect(apart.delays.isEmpty)
  }
}
