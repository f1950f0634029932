import Hashing
import Kademlia
import ParticipantTesting
import Participants
import Testing
import Wire

@Suite struct KademliaNodeTests {
  private static let key = KademliaNode.key(of: "value-1")
  private static let value = MessagePack.text("the value of value-1")
  private let a = Stage.contact(1)
  private let b = Stage.contact(2)
  private let c = Stage.contact(3)

  private func reasons(_ events: [Event]) -> [Event.Value?] { events.map { $0["reason"] } }

  @Test("a node joins by pinging, and then looking its own ID up")
  func joining() throws {
    var stage = Stage(["bootstrap": .addresses([a.address.description])])
    let ping = try stage.request(to: a.address)
    let own = ping.call.sender
    #expect(ping.call == .ping(sender: own))
    stage.respond(.other(.binary(a.id.bytes)), to: ping.id, from: a.address)
    let find = try stage.request(to: a.address)
    #expect(find.call == .findNode(sender: own, key: own))
    stage.respond(.contacts([b]), to: find.id, from: a.address)
    stage.answer(as: b)
    // Who was only named is pinged too, and becomes a contact by its answer.
    stage.answer(as: b)
    let joined = try #require(stage.logged(KademliaEvents.joined).first)
    #expect(joined["id"] == .text(own.description))
    #expect(
      stage.logged(KademliaEvents.contactAdded).map(\.peer) == [a.address, b.address])
    let finished = try #require(stage.logged(KademliaEvents.lookupFinished).first)
    #expect(finished["steps"] == .integer(2))
    #expect(finished["answered"] == .integer(2))
  }

  @Test("a node that nobody answers goes on trying to join")
  func joiningInVain() {
    var stage = Stage(["bootstrap": .addresses([a.address.description])])
    var pings = 0
    for _ in 0..<6 {
      pings += stage.requests(to: a.address).count
      stage.wait(.seconds(5))
    }
    #expect((3...6).contains(pings))
    stage.introduce(b)
    #expect(stage.logged(KademliaEvents.joined).isEmpty)
    stage.answer(as: b)
    #expect(stage.logged(KademliaEvents.joined).count == 1)
  }

  @Test("a node answers each call as the package does, and leaves the asker out")
  func answering() {
    var stage = Stage()
    stage.introduce(a)
    stage.introduce(b)
    let pong = stage.ask(.ping(sender: a.id), from: a.address)
    #expect(pong?.id != nil)
    #expect(
      stage.ask(.findNode(sender: a.id, key: a.id), from: a.address) == .contacts([b]))
    #expect(
      stage.ask(.findValue(sender: b.id, key: Self.key), from: b.address)
        == .contacts([a]))
    #expect(
      stage.ask(.store(sender: a.id, key: Self.key, value: Self.value), from: a.address)
        == .other(.flag(true)))
    #expect(
      stage.ask(.findValue(sender: b.id, key: Self.key), from: b.address)
        == .value(Self.value))
    #expect(stage.logged(KademliaEvents.stored).map(\.peer) == [a.address])
  }

  @Test("a node that came back asks nobody at its own address, whoever names the one it was before")
  func formerSelf() throws {
    let former = NamedContact(id: b.id, address: Stage.own)
    var stage = Stage([
      "bootstrap": .addresses([a.address.description, Stage.own.description])
    ])
    stage.answer(as: a)
    stage.answer(as: a, naming: [former, c])
    stage.answer(as: c, naming: [former])
    #expect(stage.logged(KademliaEvents.joined).count == 1)
    let found = try #require(stage.logged(KademliaEvents.lookupFinished).first)
    #expect(found["contacted"] == .integer(2))
    // Nor does whoever sends with that address bring it about.
    _ = stage.ask(.ping(sender: former.id), from: Stage.own)
    stage.wait(.seconds(3_600))
    #expect(stage.requests(to: Stage.own).isEmpty)
    #expect(!stage.requests(to: a.address).isEmpty, "others are asked")
  }

  @Test("a stranger becomes a contact only by answering a ping with its ID")
  func strangers() {
    var stage = Stage()
    for _ in 0..<5 { _ = stage.ask(.ping(sender: a.id), from: a.address) }
    #expect(stage.logged(KademliaEvents.contactAdded).isEmpty)
    let pings = stage.requests(to: a.address)
    #expect(pings.count == 1, "one ping is enough")
    // It turns out to be somebody else.
    stage.respond(.other(.binary(b.id.bytes)), to: pings[0].id, from: a.address)
    #expect(
      stage.logged(KademliaEvents.contactAdded).map { $0["id"] } == [.text(b.id.description)])
  }

  @Test("a node that comes back with another ID takes the place of the old one")
  func anotherID() {
    var stage = Stage()
    stage.introduce(a)
    stage.answer(as: a)
    let reborn = NamedContact(id: b.id, address: a.address)
    stage.introduce(reborn)
    let evicted = stage.logged(KademliaEvents.contactEvicted)
    #expect(evicted.map { $0["id"] } == [.text(a.id.description)])
    #expect(reasons(evicted) == ["replaced"])
    #expect(
      stage.ask(.findNode(sender: c.id, key: a.id), from: c.address)
        == .contacts([reborn]))
  }

  @Test("a contact that falls silent is pinged, pinged again, and dropped", arguments: [1, 3])
  func silence(failures: Int64) {
    var stage = Stage([
      "max-failures": .count(failures), "ping-interval": .duration(.seconds(60)),
    ])
    stage.introduce(a)
    stage.answer(as: a)
    stage.wait(.seconds(60 + 15 + 5 * failures))
    let pings = stage.requests(to: a.address).filter { $0.call.name == "ping" }
    #expect(pings.count == Int(failures))
    #expect(reasons(stage.logged(KademliaEvents.contactEvicted)) == ["silent"])
    #expect(stage.logged(KademliaEvents.unanswered).count == Int(failures))
  }

  @Test("a contact that answers again is kept")
  func recovery() {
    var stage = Stage(["ping-interval": .duration(.seconds(60))])
    stage.introduce(a)
    stage.answer(as: a)
    for round in 1...10 {
      for _ in 0..<20 where stage.logged(KademliaEvents.unanswered).count < round {
        stage.wait(.seconds(5))
      }
      stage.answer(as: a)
    }
    #expect(stage.logged(KademliaEvents.unanswered).count == 10)
    #expect(stage.logged(KademliaEvents.contactEvicted).isEmpty)
  }

  @Test("a node that may not drop the dead keeps them")
  func brokenEviction() {
    var stage = Stage([
      "evict-dead": .flag(false), "ping-interval": .duration(.seconds(60)),
    ])
    stage.introduce(a)
    stage.answer(as: a)
    stage.wait(.seconds(600))
    #expect(stage.logged(KademliaEvents.unanswered).count > 3)
    #expect(stage.logged(KademliaEvents.contactEvicted).isEmpty)
  }

  @Test("what makes no sense is logged once, twice, four times…, and answered by nobody")
  func rejection() {
    var stage = Stage()
    for _ in 0..<9 { stage.handle(.datagram(from: a.address, [9, 9, 9])) }
    let rejected = stage.logged(KademliaEvents.rejected)
    #expect(rejected.map { $0["count"] } == [1, 2, 4, 8].map { .integer($0) })
    #expect(rejected.map { $0["bytes"] } == [3, 3, 3, 3].map { .integer($0) })
    #expect(stage.sent.isEmpty)
  }

  @Test("an answer that nobody waits for, or that comes twice, changes nothing")
  func strayAnswers() throws {
    var stage = Stage()
    stage.respond(.other(.binary(a.id.bytes)), to: .zero, from: a.address)
    _ = stage.ask(.ping(sender: a.id), from: a.address)
    let ping = try stage.request(to: a.address)
    for _ in 0..<3 { stage.respond(.other(.binary(a.id.bytes)), to: ping.id, from: a.address) }
    #expect(stage.logged(KademliaEvents.contactAdded).count == 1)
  }

  @Test("a new contact gets the values for which it is among the closest")
  func welcome() {
    var stage = Stage()
    _ = stage.ask(.store(sender: a.id, key: Self.key, value: Self.value), from: a.address)
    #expect(stage.requests(to: a.address).map(\.call.name) == ["ping"])
    stage.introduce(b)
    let stores = stage.requests(to: b.address).filter { $0.call.name == "store" }
    guard case .store(_, Self.key, Self.value) = stores.first?.call else {
      Issue.record("no store of the value: \(stores)")
      return
    }
  }

  @Test("a pickled value is refused, and so is one that is too long")
  func refusals() {
    var stage = Stage(["max-value": .count(100)])
    for text in [#"{"type": "pickle", "data": "gASV"}"#, String(repeating: "x", count: 100)] {
      #expect(
        stage.ask(.store(sender: a.id, key: Self.key, value: .text(text)), from: a.address)
          == .other(.flag(false)))
    }
    #expect(reasons(stage.logged(KademliaEvents.storeRefused)) == ["pickled", "too long"])
    #expect(stage.logged(KademliaEvents.stored).isEmpty)
  }

  @Test("requests that wait for an answer have a limit")
  func requestLimit() {
    var stage = Stage(["max-requests": .count(4)])
    for number in 1...20 {
      let contact = Stage.contact(number)
      _ = stage.ask(.ping(sender: contact.id), from: contact.address)
    }
    #expect(stage.sent.count == 4)
    stage.wait(.seconds(5))
    #expect(stage.logged(KademliaEvents.unanswered).count == 4)
  }
}

/// Strangers that mean harm.
extension KademliaNodeTests {
  @Test("a node survives whatever arrives, and still answers", arguments: 0..<4)
  func hostileDatagrams(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var stage = Stage([
      "put-count": .count(50), "get-count": .count(50), "max-keys": .count(20),
      "max-requests": .count(50),
    ])
    let originals = try Fixture.datagrams.map { try #require(Hexadecimal.bytes($0.hex)) }
    for _ in 0..<10_000 {
      let number = Int.random(in: 1...60, using: &random)
      let contact = Stage.contact(number)
      var bytes = originals[Int.random(in: originals.indices, using: &random)]
      switch Int.random(in: 0..<10, using: &random) {
      case 0: stage.wait(.milliseconds(Int64.random(in: 1...2_000, using: &random)))
      case 1: _ = stage.ask(.ping(sender: contact.id), from: contact.address)
      case 2: stage.answer(as: contact, naming: (1...20).map { Stage.contact(number * 20 + $0) })
      case 3:
        let key = NodeID.random(using: &random)
        _ = stage.ask(
          .store(sender: contact.id, key: key, value: .integer(1)), from: contact.address)
      case 4:
        // An answer with a result of another kind, or none.
        for request in stage.requests(to: contact.address) {
          let wrong = [MessagePack.null, .integer(1), .map([]), .binary([1]), .text("x")]
          stage.respond(
            .other(wrong.randomElement(using: &random) ?? .null), to: request.id,
            from: contact.address)
        }
      default:
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bytes[Int.random(in: bytes.indices, using: &random)] = .random(
            in: 0...255, using: &random)
        }
        stage.handle(.datagram(from: contact.address, bytes))
      }
    }
    #expect(stage.logged(KademliaEvents.contactAdded).count > 10)
    #expect(stage.logged(KademliaEvents.rejected).count < 200)
    #expect(stage.logged(KademliaEvents.storeRefused).map { $0["reason"] }.contains("full"))
    #expect(stage.ask(.ping(sender: a.id), from: a.address) != nil)
  }

  @Test("a forged sender brings its victim one ping, and no values")
  func forgedSenders() {
    var stage = Stage()
    for number in 1...200 {
      let key = KademliaNode.key(of: "key \(number)")
      _ = stage.ask(.store(sender: a.id, key: key, value: .integer(1)), from: a.address)
    }
    for number in 1...50 {
      let forged = Stage.contact(number + 10)
      _ = stage.ask(.ping(sender: forged.id), from: b.address)
    }
    #expect(stage.requests(to: b.address).map(\.call.name) == ["ping"])
  }
}

/// A node that sets or looks up the one value that it knows of.
extension KademliaNodeTests {
  private static func worker(_ work: String) -> [String: OptionValue] {
    [work: .count(1), "keys": .count(1), "k": .count(2)]
  }

  @Test("a value is stored at the closest nodes, and copies are counted")
  func putting() throws {
    var stage = Stage(Self.worker("put-count"))
    for contact in [a, b, c] {
      stage.introduce(contact)
      stage.answer(as: contact)
    }
    stage.wait(.seconds(2))
    for _ in 0..<3 { for contact in [a, b, c] { stage.answer(as: contact) } }
    let put = try #require(stage.logged(KademliaEvents.put).first)
    #expect(put["key"] == .text(Self.key.description))
    #expect(put["value"] == .text(DHTValue.name(of: Self.value)))
    let isHeldToo = !stage.logged(KademliaEvents.stored).isEmpty
    #expect(put["copies"] == .integer(isHeldToo ? 3 : 2))
  }

  @Test("a node whose neighbours are all gone stores nothing and says so")
  func puttingAlone() {
    var stage = Stage(Self.worker("put-count"))
    stage.introduce(a)
    stage.answer(as: a)
    stage.wait(.seconds(20))
    #expect(reasons(stage.logged(KademliaEvents.putFailed)) == ["no neighbour answered"])
    #expect(stage.logged(KademliaEvents.stored).isEmpty)
    #expect(stage.logged(KademliaEvents.put).isEmpty)
  }

  @Test("a value that is found is stored where it should have been")
  func getting() throws {
    var stage = Stage(Self.worker("get-count"))
    let near = [a, b].sorted { Self.key.distance(to: $0.id) < Self.key.distance(to: $1.id) }
    for contact in near {
      stage.introduce(contact)
      stage.answer(as: contact)
    }
    stage.wait(.seconds(2))
    stage.answer(as: near[0])
    stage.answer(as: near[1], value: Self.value)
    let found = try #require(stage.logged(KademliaEvents.found).first)
    #expect(found["value"] == .text(DHTValue.name(of: Self.value)))
    #expect(found["steps"] == .integer(1))
    #expect(stage.requests(to: near[0].address).map(\.call.name) == ["store"])
  }

  @Test("a value that nobody has is missing, and a pickled one is none")
  func missing() {
    for value in [nil, MessagePack.text(#"{"type":"pickle"}"#)] {
      var stage = Stage(Self.worker("get-count"))
      stage.introduce(a)
      stage.answer(as: a)
      stage.wait(.seconds(2))
      stage.answer(as: a, value: value)
      #expect(reasons(stage.logged(KademliaEvents.missing)) == ["nobody has it"])
      #expect(stage.logged(KademliaEvents.storeRefused).count == (value == nil ? 0 : 1))
    }
  }

  @Test("values are stored again when they are due, and dropped when nobody did")
  func republishing() {
    var stage = Stage([
      "republish-interval": .duration(.seconds(100)), "value-lifetime": .duration(.seconds(400)),
    ])
    stage.introduce(a)
    stage.answer(as: a)
    _ = stage.ask(.store(sender: a.id, key: Self.key, value: Self.value), from: a.address)
    var stores = 0
    for _ in 0..<300 {
      stage.wait(.seconds(2))
      for _ in 0..<3 {
        let requests = stage.sent.filter { $0.to == a.address }
        stores += requests.count { sent in
          guard case .request(_, .store) = try? RPCMessage(decoding: sent.bytes) else {
            return false
          }
          return true
        }
        stage.answer(as: a)
      }
    }
    #expect((3...6).contains(stores))
    #expect(
      stage.logged(KademliaEvents.expired).map { $0["key"] } == [.text(Self.key.description)])
  }
}
