import Hashing
import Participants
import PeerExchange
import Testing
import Wire

/// The captures from the original program, and streams cut in every way.
@Suite struct PeerExchangeWireTests {
  /// What the captures say, in order: kinds, pieces, and addresses.
  private static let told = Reading(pieceSize: Fixture.pieceSize, Fixture.all)

  @Test("every captured message is understood")
  func captures() throws {
    #expect(Self.told.messages.count == Fixture.all.count)
    #expect(Self.told.unfinished == 0)
    for (message, bytes) in zip(Self.told.messages, Fixture.all) {
      switch message {
      case .ask(let hash):
        #expect(bytes[4] == 0)
        #expect(PeerExchangeWire.ask(hash) == bytes)
      case .give(let hash, let piece):
        #expect(bytes[4] == 1)
        #expect(piece == Fixture.piece(Int(piece[0])))
        #expect(hash == PieceHash(SHA256.hash(piece)))
        #expect(PeerExchangeWire.give(hash, bytes: piece.count) + piece == bytes)
      case .peers(let addresses):
        #expect(bytes[4] == 2)
        #expect(addresses.allSatisfy { $0.host == "::1" && $0.port > 8_000 })
        #expect(PeerExchangeWire.peers(addresses) == bytes)
      case .unknown, .invalid: Issue.record("\(message)")
      }
    }
  }

  @Test("a peers message lists whom its sender knows, itself among them, with little-endian ports")
  func peers() {
    let lists: [[Address]] = Self.told.messages.compactMap {
      if case .peers(let addresses) = $0 { addresses } else { nil }
    }
    #expect(lists.first == [Address(host: "::1", port: 40_427)])
    #expect(lists.map(\.count).max() == 3)
    #expect(
      lists.contains([
        Address(host: "::1", port: 8_100), Address(host: "::1", port: 40_427),
        Address(host: "::1", port: 43_719),
      ]))
  }

  @Test("what was asked for in a capture was given on the same connection")
  func gives() {
    let asked = Self.told.messages.compactMap { if case .ask(let hash) = $0 { hash } else { nil } }
    let given = Self.told.messages.compactMap {
      if case .give(let hash, _) = $0 { hash } else { nil }
    }
    #expect(given.count == 5)
    #expect(given.allSatisfy(asked.contains))
  }

  @Test("the sample data have the original's hashes", arguments: [0, 1, 2, 74])
  func samples(number: Int) {
    let samples = SampleData(pieceSize: Fixture.pieceSize)
    #expect(samples.hash(of: number).description == Fixture.hashes[number])
    #expect(samples.parts(of: number).flatMap { $0 } == Fixture.piece(number))
  }

  @Test("sample data of any size are a number and zeros", arguments: [4, 5, 65_540, 65_541])
  func sampleSizes(size: Int) {
    let parts = SampleData(pieceSize: size).parts(of: 0x0102).flatMap { $0 }
    #expect(parts == [2, 1] + [UInt8](repeating: 0, count: size - 2))
  }

  // MARK: Cut in every way

  /// Every kind of message, with a piece of 100 bytes.
  private static let stream: [UInt8] = {
    let piece = (0..<100).map { UInt8($0) }
    let hash = PieceHash(SHA256.hash(piece))
    let peers = [Address(host: "::1", port: 8_100), Address(host: "10.0.0.7", port: 1)]
    return PeerExchangeWire.ask(hash) + PeerExchangeWire.peers(peers)
      + PeerExchangeWire.give(hash, bytes: 100) + piece + [3, 0, 0, 0, 9, 7, 7]
      + PeerExchangeWire.peers([]) + [1, 0, 0, 0, 200]
      + PeerExchangeWire.give(hash, bytes: 1) + [5] + PeerExchangeWire.ask(hash)
  }()

  @Test("a stream that is cut in two anywhere says the same")
  func cutInTwo() {
    let whole = Reading(pieceSize: 100, [Self.stream])
    #expect(whole.messages.count == 8)
    for cut in 0...Self.stream.count {
      let read = Reading(pieceSize: 100, [Array(Self.stream[..<cut]), Array(Self.stream[cut...])])
      #expect(read == whole, "cut at \(cut)")
    }
  }

  @Test("a stream that comes in equal parts of any length says the same")
  func cutEvenly() {
    let whole = Reading(pieceSize: 100, [Self.stream])
    for length in 1...Self.stream.count {
      let starts = stride(from: 0, to: Self.stream.count, by: length)
      let parts = starts.map { Array(Self.stream[$0..<min($0 + length, Self.stream.count)]) }
      #expect(Reading(pieceSize: 100, parts) == whole, "parts of \(length)")
    }
  }

  @Test("the captures say the same cut around every message's ends, and all at once")
  func cutCaptures() {
    let whole = Reading(pieceSize: Fixture.pieceSize, [Fixture.all.flatMap { $0 }])
    #expect(whole == Self.told)
    for (place, bytes) in Fixture.all.enumerated() {
      let message = Reading(pieceSize: Fixture.pieceSize, [bytes])
      #expect(message.messages == [Self.told.messages[place]])
      for cut in Set(0...min(60, bytes.count)).union(max(0, bytes.count - 3)...bytes.count) {
        let parts = [Array(bytes[..<cut]), Array(bytes[cut...])]
        #expect(Reading(pieceSize: Fixture.pieceSize, parts) == message, "cut at \(cut)")
      }
    }
  }

  // MARK: What is not allowed

  @Test(
    "a length that the type does not allow is refused before anything of it is kept",
    arguments: [
      ([0, 0, 0, 0, 0], "an empty message"), ([34, 0, 0, 0, 0], "an ask of a wrong length"),
      ([32, 0, 0, 0, 0], "an ask of a wrong length"),
      ([1, 0, 0, 0, 0], "an ask of a wrong length"),
      ([33, 0, 0, 0, 1], "a give without a piece"), ([1, 0, 0, 0, 1], "a give without a piece"),
      ([134, 0, 0, 0, 1], "a piece too long"), ([255, 255, 255, 255, 1], "a piece too long"),
      ([20, 0, 0, 0, 2], "peers of a wrong length"), ([19, 72, 0, 0, 2], "too many peers"),
      ([255, 255, 255, 255, 77], "a message too long"),
    ])
  func limits(header: [Int], reason: String) {
    let bytes = header.map { UInt8($0) } + [UInt8](repeating: 1, count: 500)
    let read = Reading(pieceSize: 100, [PeerExchangeWire.peers([]) + bytes, bytes])
    #expect(read.messages == [.peers([]), .invalid(reason)], "nothing is read after it")
  }

  @Test("the longest list and the longest piece are taken")
  func longest() {
    let list = (0..<PeerExchangeWire.longestList).map { Address(host: "::1", port: UInt16($0 + 1)) }
    let piece = [UInt8](repeating: 3, count: 100)
    let hash = PieceHash(SHA256.hash(piece))
    let bytes =
      PeerExchangeWire.peers(list + [Address(host: "::2", port: 1)])
      + PeerExchangeWire.give(hash, bytes: 100) + piece
    #expect(
      Reading(pieceSize: 100, [bytes]).messages == [.peers(list), .give(hash, piece)])
  }

  // MARK: Addresses

  @Test(
    "an address has one text, whatever its spelling",
    arguments: [
      ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("::", "::"),
      ("0:0:0:0:0:0:0:1", "::1"), ("::ffff:10.1.2.3", "10.1.2.3"), ("::FFFF:a01:203", "10.1.2.3"),
      ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("fe80::", "fe80::"),
      ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::1.2.3.4", "::102:304"),
      ("::1:0", "::1:0"),
    ])
  func addresses(text: String, normal: String) throws {
    let address = try #require(IPv6(text))
    #expect(address.text == normal)
    #expect(IPv6(normal) == address)
    #expect(address.bytes.count == 16)
  }

  @Test(
    "what is no address is none",
    arguments: [
      "", "example.org", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "+1.2.3.4", ":::",
      "1::2::3",
      "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "g::", "1:2:3:4:5:6:7:8::", "::1.2.3.4.5",
      ":1", "::1\0", "::1%lo", "::01.2.3.4",
    ])
  func noAddresses(text: String) {
    #expect(IPv6(text) == nil)
    #expect(PeerExchangeWire.peers([Address(host: text, port: 1)]) == PeerExchangeWire.peers([]))
  }

  @Test("IPv4 addresses travel mapped into IPv6")
  func mapped() {
    let bytes = PeerExchangeWire.peers([Address(host: "10.1.2.3", port: 0x1234)])
    #expect(
      bytes == [19, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 10)
        + [0xff, 0xff, 10, 1, 2, 3, 0x34, 0x12])
    #expect(
      Reading(pieceSize: 4, [bytes]).messages == [.peers([Address(host: "10.1.2.3", port: 0x1234)])]
    )
  }
}
