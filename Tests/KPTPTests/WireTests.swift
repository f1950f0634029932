import KPTP
import Participants
import Testing

@Suite("kPTP's bytes") struct WireTests {
  private static func peers(_ ports: UInt16...) -> [Endpoint] {
    ports.map { Endpoint(ip: 0x7f00_0001, port: $0) }
  }

  /// What each fixture says.
  private static let meanings: [(Fixture, UInt8, String, [Endpoint])] = [
    (.emptyWelcome, 2, "server", []),
    (.welcome, 2, "server", peers(4101)),
    (.heartbeat, 6, "server", peers(4101, 4102)),
    (.response, 8, "peer2", peers(4000)),
    (.longerResponse, 8, "peer3", peers(4000, 4101)),
    (.bootstrapRequest, 7, "probe", []),
    (.bootstrapReply, 1, "server", peers(4101, 4102, 40484)),
    (.lateWelcome, 2, "server", peers(4101, 4102, 40484)),
    (.hello, 4, "peer2", peers(4000)),
    (.namedRequest, 7, "peer2", []),
    (.wrongOctets, 1, "server", [Endpoint(ip: 0xc007_0203, port: 5001)]),
  ]

  private static func message(_ meaning: (Fixture, UInt8, String, [Endpoint])) -> KPTPMessage {
    KPTPMessage(type: meaning.1, name: Array(meaning.2.utf8), peers: meaning.3)
  }

  @Test("every message of the original is read and written byte for byte")
  func fixtures() {
    for meaning in Self.meanings {
      var reader = KPTPReader()
      let message = Self.message(meaning)
      #expect(reader.read(meaning.0.bytes) == [message], "\(meaning.0)")
      #expect(message.encoded == meaning.0.bytes, "\(meaning.0)")
      #expect(!reader.isBroken)
    }
    #expect(Self.meanings.count + 2 == Fixture.allCases.count)
  }

  @Test(
    "a name that is no UTF-8 is kept as it came: the original joins its characters' code points")
  func oddName() {
    var reader = KPTPReader()
    let message = KPTPMessage(.welcome, name: [0xe9, 0x20, 0xac])
    #expect(reader.read(Fixture.oddName.bytes) == [message])
    #expect(message.encoded == Fixture.oddName.bytes)
  }

  @Test("messages are read whole wherever the stream is cut")
  func cuts() {
    let stream = Self.meanings.flatMap(\.0.bytes)
    let expected = Self.meanings.map(Self.message)
    for cut in 0...stream.count {
      var reader = KPTPReader()
      let found = reader.read(Array(stream[..<cut])) + reader.read(Array(stream[cut...]))
      #expect(found == expected, "cut at \(cut)")
    }
    var reader = KPTPReader()
    #expect(stream.flatMap { reader.read([$0]) } == expected, "byte for byte")
  }

  @Test("a message that follows another at once is read as well")
  func coalesced() {
    for first in Self.meanings {
      for second in Self.meanings {
        var reader = KPTPReader()
        let found = reader.read(first.0.bytes + second.0.bytes)
        #expect(found == [Self.message(first), Self.message(second)])
      }
    }
  }

  @Test("more than 31 peers, and a name that is too long, are cut instead of overflowing")
  func overflow() throws {
    let many = (1...33).map { Endpoint(ip: 1, port: UInt16($0)) }
    let name = [UInt8](repeating: 0x61, count: KPTPMessage.longestName + 5)
    let message = KPTPMessage(.welcome, name: name, peers: many)
    var reader = KPTPReader()
    let read = try #require(reader.read(message.encoded).first)
    #expect(read.type == 2)
    #expect(read.peers == Array(many.prefix(31)))
    #expect(read.name.count == KPTPMessage.longestName)
    #expect(message.encoded.count == KPTPMessage.longest)
  }

  @Test("the original's count of 33 overflows into the type, which nobody knows")
  func originalOverflow() {
    var reader = KPTPReader()
    // One name byte and one peer are still to come.
    #expect(reader.read(Fixture.overflow.bytes).isEmpty)
    let messages = reader.read([0x61, 127, 0, 0, 1, 0x10, 5])
    #expect(messages.map(\.type) == [3])
    #expect(messages.map(\.kind) == [nil])
  }

  @Test("another version ends the reading, and what came before it counts")
  func wrongVersion() {
    var reader = KPTPReader()
    let stream = Fixture.response.bytes + Array("GET / HTTP/1.1\r\n\r\n".utf8)
    #expect(reader.read(stream).count == 1)
    #expect(reader.isBroken)
    #expect(reader.read(Fixture.response.bytes).isEmpty)
  }

  @Test("no bytes make the reader trap or remember more than a message", arguments: 0..<4)
  func mutations(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var messages = 0
    for _ in 0..<20_000 {
      var stream = (0..<3).flatMap { _ in
        Fixture.allCases[Int.random(in: 0..<Fixture.allCases.count, using: &random)].bytes
      }
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let index = Int.random(in: 0..<stream.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: stream[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: stream.remove(at: index)
        default: stream.insert(.random(in: 0...255, using: &random), at: index)
        }
      }
      var reader = KPTPReader()
      let cut = Int.random(in: 0...stream.count, using: &random)
      let found = reader.read(Array(stream[..<cut])) + reader.read(Array(stream[cut...]))
      for message in found {
        #expect(message.encoded.count <= KPTPMessage.longest)
        var again = KPTPReader()
        #expect(again.read(message.encoded) == [message])
        _ = Payload(message.name)
      }
      messages += found.count
    }
    #expect(messages > 20_000, "most of the streams still say something")
  }
}

@Suite("A peer's identity") struct IdentityTests {
  @Test("an ID is the beginning of the hash of the address, as the original prints it")
  func ids() throws {
    for (address, id) in [
      ("127.0.0.1:4000", "0094"), ("127.0.0.1:4101", "e069"), ("127.0.0.1:4102", "3705"),
      ("192.168.10.25:5001", "6428"),
    ] {
      let endpoint = try #require(Address(parsing: address).flatMap { Endpoint($0) })
      #expect(endpoint.id.description == id)
      #expect(endpoint.address.description == address)
    }
  }

  @Test("an address has four octets, or is localhost")
  func addresses() {
    let port: UInt16 = 4_000
    #expect(Endpoint(Address(host: "localhost", port: port))?.ip == 0x7f00_0001)
    for host in ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1..2.3", "::1", "1.2.3.0004"] {
      #expect(Endpoint(Address(host: host, port: port)) == nil, "\(host)")
    }
  }

  @Test("the shared prefix is the number of leading bits in common")
  func prefixes() {
    let owner = PeerID(0b1010_0000_0000_0000)
    #expect(owner.sharedPrefix(with: PeerID(0)) == 0)
    #expect(owner.sharedPrefix(with: PeerID(0b1110_0000_0000_0000)) == 1)
    #expect(owner.sharedPrefix(with: PeerID(0b1010_0000_0000_0001)) == 15)
    #expect(owner.sharedPrefix(with: owner) == 16)
    #expect(owner.distance(to: PeerID(0)) == 0xa000)
  }
}
