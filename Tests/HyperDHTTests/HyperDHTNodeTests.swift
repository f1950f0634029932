import Hashing
import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Wire

@Suite struct HyperDHTNodeTests {
  private static let key = HyperDHTNode.key(of: "a key")
  private static let alice = Address(host: "10.3.0.1", port: 5_001)
  /// On the same host.
  private static let mallory = Address(host: "10.3.0.1", port: 5_002)

  private static func peers(
    _ kind: PeerRequest.Kind, id: [UInt8]? = nil, port: UInt16? = nil, local: [UInt8]? = nil,
    token: [UInt8]? = nil
  ) -> RPCRequest {
    RPCRequest(
      command: PeerRequest.command, id: id, target: key, token: token,
      value: PeerRequest(kind, port: port, localAddress: local).encoded)
  }

  /// Asks for a token, and comes back with it.
  private static func update(
    _ stage: inout Stage, _ kind: PeerRequest.Kind, port: UInt16? = nil, local: [UInt8]? = nil,
    from address: Address
  ) {
    let token = stage.ask(peers(kind), from: address)?.token
    _ = stage.ask(peers(kind, port: port, local: local, token: token), from: address)
  }

  private static func lookUp(_ stage: inout Stage, local: [UInt8]? = nil) throws -> PeerResponse? {
    let response = stage.ask(
      peers(.lookup, local: local), from: Address(host: "10.4.0.1", port: 6_001))
    return try response?.value.map { value throws(WireError) in
      try PeerResponse(decoding: value)
    }
  }

  // MARK: Contacts

  @Test("who asks is pinged, and is a contact only after the answer")
  func proof() throws {
    var stage = Stage()
    let contact = Stage.contact(1)
    _ = stage.ask(RPCRequest(command: RPCRequest.ping, id: contact.id), from: contact.address)
    #expect(try stage.nodes(closeTo: contact.id).isEmpty)
    stage.answer(as: contact)
    #expect(try stage.nodes(closeTo: contact.id) == [contact])
  }

  @Test("an answer counts only from the address that was asked, and only once")
  func forged() throws {
    var stage = Stage()
    let contact = Stage.contact(1)
    _ = stage.ask(RPCRequest(command: RPCRequest.ping, id: contact.id), from: contact.address)
    let number = try #require(stage.requests(to: contact.address).first).number
    stage.respond(RPCResponse(id: contact.id), to: number, from: Self.mallory)
    #expect(try stage.nodes(closeTo: contact.id).isEmpty)
    stage.respond(RPCResponse(id: contact.id), to: number, from: contact.address)
    #expect(try stage.nodes(closeTo: contact.id) == [contact])
    stage.respond(
      RPCResponse(id: Stage.contact(2).id), to: number, from: contact.address)
    #expect(try stage.nodes(closeTo: contact.id) == [contact])
  }

  @Test("one address has one place, whatever IDs it claims")
  func oneAddress() throws {
    var stage = Stage()
    let address = Stage.contact(1).address
    for number in 1...30 {
      stage.introduce(Contact(id: Stage.contact(number).id, address: address))
    }
    #expect(try stage.nodes(closeTo: Self.key).count == 1)
  }

  @Test("an ephemeral node tells nobody its ID")
  func ephemeral() {
    var stage = Stage(HyperDHTRoles.bootstrap, ["ephemeral": .flag(true)])
    let response = stage.ask(RPCRequest(command: RPCRequest.ping), from: Self.alice)
    #expect(response?.id == nil)
    #expect(response?.value == [10, 3, 0, 1, 0x13, 0x89])
  }

  @Test("a contact that does not answer three times leaves the table")
  func silence() throws {
    var stage = Stage()
    let contact = Stage.contact(1)
    stage.introduce(contact)
    // Having been found, it looks its own ID up.
    stage.wait(.seconds(6))
    stage.answer(as: contact)
    #expect(stage.logged(HyperDHTEvents.joined).count == 1)
    stage.wait(.seconds(119))
    #expect(stage.requests(to: contact.address).isEmpty)
    #expect(try stage.nodes(closeTo: Self.key) == [contact])
    // The next upkeep, and the answers that are missing.
    stage.wait(.seconds(1 + 40 + 6))
    #expect(stage.requests(to: contact.address).count == 3)
    #expect(try stage.nodes(closeTo: Self.key).isEmpty)
  }

  @Test("a ping is passed on to a contact, whose answer goes to the asker")
  func forwarding() throws {
    var stage = Stage()
    let contact = Stage.contact(1)
    stage.introduce(contact)
    var ping = RPCRequest(
      command: RPCRequest.ping, forwardRequest: IPEncoding.ipv4.encode(contact.address))
    #expect(stage.ask(ping, from: Self.alice) == nil)
    let passed = try #require(stage.requests(to: contact.address).first).request
    #expect(passed.forwardRequest == nil)
    #expect(passed.forwardResponse == IPEncoding.ipv4.encode(Self.alice))
    // The other side of it.
    var other = Stage()
    #expect(other.ask(passed, from: Address(host: "10.1.1.1", port: 4_000)) == nil)
    #expect(
      other.responses(to: Self.alice).first?.response.value
        == IPEncoding.ipv4.encode(Self.alice))
    // Nobody is flooded through others.
    ping.forwardRequest = IPEncoding.ipv4.encode(Self.mallory)
    _ = stage.ask(ping, from: Self.alice)
    #expect(stage.requests(to: Self.mallory).isEmpty)
  }

  // MARK: Announcements

  @Test("what was announced is found, with the port that was said, and not by the announcer")
  func announcing() throws {
    var stage = Stage()
    Self.update(&stage, .announce, port: 9_999, local: [192, 168, 1, 5, 39, 15], from: Self.alice)
    #expect(stage.logged(HyperDHTEvents.stored).count == 1)
    let found = try #require(try Self.lookUp(&stage, local: [192, 168, 7, 7, 4, 210]))
    #expect(
      try IPEncoding.ipv4.decodeList(found.peers) == [Address(host: "10.3.0.1", port: 9_999)])
    #expect(found.localPeers == [1, 5, 39, 15])
    #expect(try Self.lookUp(&stage, local: [192, 169, 7, 7, 4, 210])?.localPeers == [])
    #expect(stage.ask(Self.peers(.lookup), from: Self.alice)?.value == nil)
  }

  @Test("nothing is announced without a token of one's own address")
  func tokens() throws {
    var stage = Stage()
    let token = stage.ask(Self.peers(.announce), from: Self.alice)?.token
    _ = stage.ask(Self.peers(.announce), from: Self.alice)
    _ = stage.ask(Self.peers(.announce, token: token), from: Self.mallory)
    _ = stage.ask(Self.peers(.announce, token: [1, 2, 3]), from: Self.alice)
    #expect(try Self.lookUp(&stage) == nil)
    _ = stage.ask(Self.peers(.announce, token: token), from: Self.alice)
    #expect(try Self.lookUp(&stage) != nil)
  }

  @Test("a token holds for one lifetime of the secret at least and for two at most")
  func tokensExpire() throws {
    var stage = Stage(HyperDHTRoles.bootstrap, ["secret-lifetime": .duration(.seconds(10))])
    stage.wait(.seconds(9))
    let token = stage.ask(Self.peers(.announce), from: Self.alice)?.token
    stage.wait(.seconds(10))
    _ = stage.ask(Self.peers(.announce, token: token), from: Self.alice)
    #expect(stage.logged(HyperDHTEvents.stored).count == 1)
    stage.wait(.seconds(2))
    _ = stage.ask(Self.peers(.announce, port: 7, token: token), from: Self.alice)
    #expect(stage.logged(HyperDHTEvents.stored).count == 1)
  }

  @Test("a neighbour on the same host cannot take an announcement back; its owner can")
  func withdrawing() throws {
    var stage = Stage()
    Self.update(&stage, .announce, port: 9_999, from: Self.alice)
    Self.update(&stage, .unannounce, port: 9_999, from: Self.mallory)
    #expect(try Self.lookUp(&stage) != nil)
    #expect(stage.logged(HyperDHTEvents.refused).count == 1)
    Self.update(&stage, .unannounce, port: 9_999, from: Self.alice)
    #expect(try Self.lookUp(&stage) == nil)
  }

  @Test("announcements expire unless they are repeated")
  func expiry() throws {
    var stage = Stage()
    Self.update(&stage, .announce, from: Self.alice)
    stage.wait(.seconds(800))
    Self.update(&stage, .announce, from: Self.alice)
    stage.wait(.seconds(800))
    #expect(try Self.lookUp(&stage) != nil)
    stage.wait(.seconds(101))
    #expect(try Self.lookUp(&stage) == nil)
    stage.wait(.seconds(200))
    #expect(stage.logged(HyperDHTEvents.removed).count == 1)
  }

  @Test("a sender who announces without end is refused at the limit, and told of ever less")
  func limits() throws {
    var stage = Stage(
      HyperDHTRoles.bootstrap,
      ["max-announcements": .count(50), "max-announcements-per-sender": .count(20)])
    for port: UInt16 in 1...1_000 { Self.update(&stage, .announce, port: port, from: Self.alice) }
    #expect(stage.logged(HyperDHTEvents.stored).count == 20)
    #expect(stage.logged(HyperDHTEvents.refused).count == 10)
    for port: UInt16 in 1...200 {
      Self.update(&stage, .announce, from: Address(host: "10.5.0.1", port: port))
    }
    #expect(stage.logged(HyperDHTEvents.stored).count == 50)
  }

  @Test("a million announced keys are kept up to the limit, and the node goes on")
  func flood() throws {
    var stage = Stage(HyperDHTRoles.bootstrap, ["max-announcements": .count(2_000)])
    for port: UInt16 in 1...100 {
      let attacker = Address(host: "10.6.6.6", port: port)
      var request = Self.peers(.announce)
      request.token = stage.ask(request, from: attacker)?.token
      for number in 0..<10_000 {
        request.target = (0..<32).map { $0 < 4 ? UInt8(truncatingIfNeeded: number >> ($0 * 8)) : 7 }
        stage.send(request, from: attacker)
      }
    }
    #expect(stage.logged(HyperDHTEvents.stored).count == 2_000)
    // 998,000 were refused.
    #expect(stage.logged(HyperDHTEvents.refused).count < 40)
    #expect(stage.ask(RPCRequest(command: RPCRequest.ping), from: Self.alice) != nil)
  }

  @Test("an answer names no more peers than fit into a datagram")
  func bigAnswers() throws {
    var stage = Stage()
    for port: UInt16 in 1...500 {
      Self.update(&stage, .announce, from: Address(host: "10.5.0.1", port: port))
    }
    let found = try #require(try Self.lookUp(&stage))
    #expect(found.peers.count > 800 && found.peers.count <= 900)
  }

  @Test("datagrams that make no sense are told of, and change nothing")
  func hostile() throws {
    var stage = Stage()
    var forwarded = RPCRequest(command: "peers", target: Self.key)
    forwarded.forwardResponse = [1, 2, 3, 4, 5, 6]
    var short = RPCRequest(command: RPCRequest.ping)
    short.forwardRequest = [1, 2, 3]
    let bad: [[UInt8]] = [
      [], [0x80], [0x80, 1, 0xff], [0x80, 1] + forwarded.encoded, [0x80, 1] + short.encoded,
      [0x80, 1] + RPCRequest(command: "peers").encoded,
      [0, 1] + RPCResponse(nodes: [1, 2, 3]).encoded,
    ]
    for bytes in bad { stage.handle(.datagram(from: Self.alice, bytes)) }
    #expect(stage.logged(HyperDHTEvents.rejected).count >= 5)
    #expect(stage.sent.isEmpty)
    for _ in 0..<1_000 { stage.handle(.datagram(from: Self.alice, [0x80])) }
    #expect(stage.logged(HyperDHTEvents.rejected).count < 20)
    #expect(stage.ask(RPCRequest(command: RPCRequest.ping), from: Self.alice) != nil)
  }

  @Test(
    "what the originals answer is answered, though it makes no sense",
    arguments: [
      [], [0xff, 0xff], [8], [8, 9], [16, 1], [8, 0, 26, 2, 1, 2], [8, 0, 16, 0xff, 0xff, 4],
    ] as [[UInt8]])
  func malformedPeers(value: [UInt8]) {
    var stage = Stage()
    let request = RPCRequest(command: PeerRequest.command, target: Self.key, value: value)
    let response = stage.ask(request, from: Self.alice)
    #expect(response?.token != nil && response?.value == nil)
  }

  @Test("a kind of request for peers that nobody knows is a lookup, and whoever asks finds peers")
  func peersForAll() throws {
    var stage = Stage()
    Self.update(&stage, .announce, from: Self.mallory)
    for kind: UInt8 in 0...9 {
      let request = RPCRequest(command: PeerRequest.command, target: Self.key, value: [8, kind])
      let value = try #require(stage.ask(request, from: Self.alice)?.value)
      let peers = try PeerResponse(decoding: value).peers
      #expect(try IPEncoding.ipv4.decodeList(peers) == [Self.mallory])
    }
  }

  @Test("an ID of another length counts as none", arguments: [0, 3, 31, 33, 64])
  func oddIDs(count: Int) throws {
    var stage = Stage()
    let id = [UInt8](repeating: 7, count: count)
    #expect(stage.ask(RPCRequest(command: RPCRequest.ping, id: id), from: Self.alice) != nil)
    #expect(stage.ask(Self.peers(.lookup, id: id), from: Self.alice)?.token != nil)
    #expect(
      stage.ask(RPCRequest(command: RPCRequest.ping, target: id), from: Self.alice) != nil)
    #expect(stage.requests(to: Self.alice).isEmpty, "nobody is there to be known")
    let find = RPCRequest(command: RPCRequest.findNode, target: id)
    #expect(stage.ask(find, from: Self.alice) == nil)
  }

  // MARK: Queries

  @Test("a node joins, announces with the tokens it was given, and finds who else did")
  func working() throws {
    let entry = Stage.contact(1)
    var stage = Stage(
      HyperDHTRoles.node,
      [
        "bootstrap": .addresses([entry.address.description]), "announce": .text("a key"),
        "lookup": .text("a key"), "lookup-count": .count(1),
      ])
    stage.answer(as: entry)
    #expect(stage.logged(HyperDHTEvents.joined).count == 1)
    stage.wait(.seconds(1))
    let asked = stage.sent.compactMap { try? RPCRequest(decoding: Array($0.bytes.dropFirst(2))) }
    #expect(asked.allSatisfy { $0.command == "peers" && $0.target == Self.key })
    #expect(asked.count == 2)
    let peer = Address(host: "10.7.0.1", port: 7)
    let value = PeerResponse(peers: IPEncoding.ipv4.encode(peer) ?? [], localPeers: []).encoded
    stage.answer(as: entry, value: value)
    let update = try #require(stage.requests(to: entry.address).first).request
    #expect(update.token == entry.id)
    #expect(stage.logged(HyperDHTEvents.found).map(\.peer) == [peer])
  }

  @Test("where more are silent than have answered, they are waited for")
  func slowHost() throws {
    let entry = Stage.contact(1)
    let others = (20...22).map(Stage.contact)
    var stage = Stage(
      HyperDHTRoles.node,
      ["bootstrap": .addresses([entry.address.description]), "lookup": .text("a key")])
    stage.answer(as: entry)
    stage.wait(.seconds(1))
    stage.answer(as: entry, naming: others)
    stage.wait(.milliseconds(2_900))
    #expect(stage.logged(HyperDHTEvents.queryFinished).isEmpty)
    // One of them is enough: two silent ones are left, and two have answered.
    stage.answer(as: others[0])
    #expect(stage.logged(HyperDHTEvents.queryFinished).first?["answered"] == .integer(2))
  }

  @Test("who has joined looks where it knows nobody, by way of those it joined by")
  func gaps() throws {
    let entry = Address(host: "10.2.0.1", port: 4_000)
    var stage = Stage(
      HyperDHTRoles.node, ["bootstrap": .addresses([entry.description]), "k": .count(2)])
    guard case .text(let text) = stage.logged(HyperDHTEvents.started).first?["id"],
      let own = Hexadecimal.bytes(text)
    else { return #expect(Bool(false)) }
    let near = (1...2).map { number in
      Contact(
        id: own.dropLast() + [own[31] ^ UInt8(number)],
        address: Address(host: "10.2.0.\(number)", port: 4_000))
    }
    stage.answer(as: near[0], naming: near)
    stage.answer(as: near[1])
    #expect(stage.logged(HyperDHTEvents.joined).count == 1)
    let targets = stage.requests(to: entry).compactMap(\.request.target)
    #expect(targets.contains { $0[0] ^ own[0] == 0x80 })
    #expect(Set(targets).count == DHTRPC.mostGaps)
  }
}
