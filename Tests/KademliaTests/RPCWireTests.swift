import Hashing
import Kademlia
import Participants
import Testing
import Wire

@Suite struct RPCWireTests {
  private static let first = id("51545fc418644addd60fc68498a3e68dfd011ff8")
  private static let second = id("4ddb9a2f273ce4cccccc6172635de0a669c36818")
  private static let third = id("a3cc15479ea7a18ca9eabcfcbfc9a16560f08c43")
  private static let key = id("a74db1465c9754b28e6f2c31fee27e1f0b1ebe83")
  private static let value = MessagePack.text(
    #"{"type": "json", "data": "\"[\\\"127.0.0.1:54885\\\"]\""}"#)

  private static func id(_ text: String) -> NodeID {
    Hexadecimal.bytes(text).flatMap { NodeID($0) } ?? .zero
  }

  private static func datagrams(_ what: String) throws -> [[UInt8]] {
    try Fixture.datagrams.filter { $0.what == what }.map { try #require(Hexadecimal.bytes($0.hex)) }
  }

  @Test("every datagram of the capture is read, and written again byte for byte")
  func everyDatagram() throws {
    #expect(Fixture.datagrams.count == 19)
    for (what, hex) in Fixture.datagrams {
      let bytes = try #require(Hexadecimal.bytes(hex))
      let message = try RPCMessage(decoding: bytes)
      #expect(message.encoded == bytes, "\(what)")
      switch message {
      case .request(let id, let call):
        #expect(what == "REQ \(call.name)")
        #expect(id.bytes == Array(bytes[1...20]))
      case .response(let id, _):
        #expect(what.hasPrefix("RSP"))
        #expect(id.bytes == Array(bytes[1...20]))
      }
    }
  }

  @Test("requests of the capture mean what its list says")
  func requests() throws {
    func calls(_ what: String) throws -> [RPCCall] {
      try Self.datagrams(what).compactMap {
        guard case .request(_, let call) = try RPCMessage(decoding: $0) else { return nil }
        return call
      }
    }
    let (first, second, third, key) = (Self.first, Self.second, Self.third, Self.key)
    #expect(try calls("REQ ping") == [.ping(sender: second), .ping(sender: third)])
    #expect(
      try calls("REQ find_node")
        == [.findNode(sender: second, key: second), .findNode(sender: third, key: third)])
    #expect(
      try calls("REQ find_value")
        == [.findValue(sender: first, key: key), .findValue(sender: first, key: key)])
    let store = RPCCall.store(sender: first, key: key, value: Self.value)
    #expect(try calls("REQ store") == [store, store])
  }

  @Test("results of the capture mean what its list says")
  func results() throws {
    func results(_ what: String) throws -> [RPCResult] {
      try Self.datagrams(what).compactMap {
        guard case .response(_, let result) = try RPCMessage(decoding: $0) else { return nil }
        return result
      }
    }
    func contact(_ id: NodeID, _ port: UInt16) -> NamedContact {
      NamedContact(id: id, address: Address(host: "127.0.0.1", port: port))
    }
    #expect(try results("RSP ping bytes").map(\.id) == [Self.first, Self.first])
    #expect(try results("RSP find_node list empty") == [.contacts([])])
    #expect(
      try results("RSP find_node list")
        == [.contacts([contact(Self.second, 51_463)]), .contacts([contact(Self.first, 50_517)])])
    #expect(
      try results("RSP find_value list")
        == [.contacts([contact(Self.third, 37_045)]), .contacts([contact(Self.second, 51_463)])])
    #expect(try results("RSP store bool") == [.other(.flag(true)), .other(.flag(true))])
    #expect(try results("RSP find_value dict").map(\.value) == [Self.value, Self.value])
    #expect(try results("RSP find_value dict")[0] == .value(Self.value))
  }

  @Test("a datagram that is cut anywhere is refused")
  func cuts() throws {
    for (what, hex) in Fixture.datagrams {
      let bytes = try #require(Hexadecimal.bytes(hex))
      for cut in bytes.indices {
        #expect(throws: WireError.self, "\(what)") {
          try RPCMessage(decoding: Array(bytes[..<cut]))
        }
      }
    }
  }

  @Test("hostile datagrams are refused, each for its reason")
  func hostile() throws {
    let id = [UInt8](repeating: 7, count: 20)
    let name: [UInt8] = [0x92, 0xa4] + Array("ping".utf8)
    let examples: [([UInt8], String)] = [
      ([], "it ends too early"),
      ([0] + id, "it ends too early"),
      ([2] + id + [0xc0], "neither request nor response"),
      ([0] + id + [0xc0], "not a name with arguments"),
      ([0] + id + name + [0x90], "wrong arguments"),
      ([0] + id + name + [0x91, 0xc4, 0], "wrong arguments"),
      ([0] + id + name + [0x91, 0xc4, 21] + id + [7], "wrong arguments"),
      ([0] + id + name + [0x91, 0xb4] + id, "wrong arguments"),
      ([0] + id + [0x92, 0xa4] + Array("eval".utf8) + [0x90], "an unknown call"),
      ([1] + id + [0xc0, 0xc0], "bytes follow the message"),
      ([0] + id + [0xdd, 0xff, 0xff, 0xff, 0xff], "it ends too early"),
      ([0] + id + [UInt8](repeating: 0x91, count: 8_000), "nested more than 8 deep"),
      ([1] + id + [UInt8](repeating: 0x91, count: 8_000), "not a contact"),
      (
        [0] + id + [0xdc, 0x10, 0] + [UInt8](repeating: 0xc0, count: 4_096), "more than 1024 values"
      ),
      ([1] + id + [0xdc, 0x10, 0] + [UInt8](repeating: 0xc0, count: 99), "more than 64 contacts"),
      ([1] + id + [UInt8](repeating: 0xc0, count: 60_000), "longer than 8 KiB"),
    ]
    for (bytes, reason) in examples {
      #expect(throws: WireError(reason)) { try RPCMessage(decoding: bytes) }
    }
  }

  @Test("an ID of a request is a number, which may have fewer bytes", arguments: 1...20)
  func shortIDs(count: Int) throws {
    let name: [UInt8] = [0x92, 0xa4] + Array("ping".utf8)
    let id = [UInt8](repeating: 7, count: count)
    let datagram = [0] + [UInt8](repeating: 9, count: 20) + name + [0x91, 0xc4, UInt8(count)] + id
    guard case .request(_, .ping(let sender)) = try RPCMessage(decoding: datagram) else {
      return #expect(Bool(false))
    }
    #expect(sender.bytes == [UInt8](repeating: 0, count: 20 - count) + id)
  }

  @Test("contacts that nobody could reach are left out, and other lists are refused")
  func contacts() throws {
    func entry(_ host: String, _ port: MessagePack) -> MessagePack {
      .array([.binary(Self.first.bytes), .text(host), port])
    }
    func read(_ entries: [MessagePack]) throws(WireError) -> [String] {
      let list = [1] + Self.key.bytes + MessagePack.array(entries).encoded
      guard case .response(_, .contacts(let contacts)) = try RPCMessage(decoding: list) else {
        throw WireError("no contacts")
      }
      return contacts.map(\.address.description)
    }
    #expect(
      try read([
        entry("10.0.0.1", .integer(80)), entry("10.0.0.1", .integer(0)),
        entry("10.0.0.1", .integer(65_536)), entry("", .integer(80)), entry("a b", .integer(80)),
        entry("é", .integer(80)), entry("::1", .integer(80)),
        entry(String(repeating: "a", count: 256), .integer(80)),
      ]) == ["10.0.0.1:80", "[::1]:80"])
    for wrong in [
      entry("10.0.0.1", .text("80")), entry("10.0.0.1", .integer(-1)), .null, .array([]),
      .array([.text("x"), .text("10.0.0.1"), .integer(80)]),
      .array([.binary([1]), .text("10.0.0.1"), .integer(80)]),
    ] {
      #expect(throws: WireError.self) { try read([wrong]) }
    }
    let many = Array(repeating: entry("10.0.0.1", .integer(80)), count: 64)
    #expect(try read(many).count == 64)
    #expect(throws: WireError("more than 64 contacts")) { try read(many + many) }
  }

  @Test("changed datagrams of the capture are read or refused", arguments: 0..<4)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let originals = try Fixture.datagrams.map { try #require(Hexadecimal.bytes($0.hex)) }
    var taken = 0
    for _ in 0..<50_000 {
      var bytes = originals[Int.random(in: originals.indices, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes.insert(.random(in: 0...255, using: &random), at: place)
        default: if bytes.count > 1 { bytes.remove(at: place) }
        }
      }
      guard let message = try? RPCMessage(decoding: bytes) else { continue }
      taken += 1
      #expect(try RPCMessage(decoding: message.encoded).encoded == message.encoded)
    }
    #expect(taken > 1_000)
  }
}
