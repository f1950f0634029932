import Hashing
import HyperDHT
import Participants
import Testing
import Wire

@Suite struct HyperDHTWireTests {
  static let datagrams = Fixture.datagrams.compactMap { Hexadecimal.bytes($0) }

  @Test("every captured datagram is read, and written again byte for byte")
  func fixture() throws {
    #expect(Self.datagrams.count == Fixture.datagrams.count)
    for datagram in Self.datagrams {
      var reader = ByteReader(datagram)
      let header = try UDPHeader(from: &reader)
      let payload = Array(datagram.dropFirst(UDPHeader.size))
      if header.isRequest {
        let request = try RPCRequest(decoding: payload)
        #expect(header.datagram(request.encoded) == datagram)
        if request.command == PeerRequest.command {
          let value = try #require(request.value)
          #expect(try PeerRequest(decoding: value).encoded == value)
        }
      } else {
        let response = try RPCResponse(decoding: payload)
        #expect(header.datagram(response.encoded) == datagram)
        let nodes = try IPEncoding.ipv4.decodeNodes(response.nodes ?? [])
        #expect(nodes.flatMap { IPEncoding.ipv4.encode($0) ?? [] } == response.nodes ?? [])
      }
    }
  }

  @Test("the capture says what was announced, and what was found")
  func meaning() throws {
    let requests = Self.datagrams.compactMap { datagram in
      datagram[0] >= 0x80 ? try? RPCRequest(decoding: Array(datagram.dropFirst(2))) : nil
    }
    let values = requests.filter { $0.command == "peers" }.compactMap {
      $0.value.flatMap { try? PeerRequest(decoding: $0) }
    }
    #expect(
      values.first == PeerRequest(.announce, port: 9_999, localAddress: [192, 168, 1, 5, 39, 15]))
    #expect(values.contains(PeerRequest(.lookup, port: 0, localAddress: [192, 168, 7, 7, 4, 210])))
    #expect(values.last == PeerRequest(.unannounce, port: 9_999))
    #expect(requests.contains { $0.command == "_ping" && $0.id == nil && $0.target == nil })
    let found = Self.datagrams.compactMap { datagram in
      datagram[0] < 0x80
        ? (try? RPCResponse(decoding: Array(datagram.dropFirst(2))))?.value : nil
    }
    let peers = try PeerResponse(decoding: try #require(found.first { $0.count == 14 }))
    #expect(
      try IPEncoding.ipv4.decodeList(peers.peers) == [Address(host: "127.0.0.1", port: 9_999)])
    #expect(peers.localPeers == [1, 5, 39, 15])
  }

  @Test("addresses of both families survive their bytes; others have none")
  func addresses() throws {
    let ipv6 = Address(host: "2001:db8::7", port: 8_100)
    let ipv4 = Address(host: "192.0.2.1", port: 65_535)
    #expect(IPEncoding.ipv4.encode(ipv4) == [192, 0, 2, 1, 255, 255])
    #expect(IPEncoding.ipv4.decode([192, 0, 2, 1, 255, 255]) == ipv4)
    #expect(IPEncoding.ipv6.encode(ipv6)?.count == 18)
    #expect(IPEncoding.ipv6.encode(ipv6).flatMap { IPEncoding.ipv6.decode($0) } == ipv6)
    #expect(IPEncoding.ipv4.encode(ipv6) == nil)
    #expect(IPEncoding.ipv4.encode(Address(host: "example.org", port: 1)) == nil)
    #expect(IPEncoding.ipv4.decode([1, 2, 3, 4, 5]) == nil)
  }

  @Test("a list whose length does not divide is refused whole")
  func lists() throws {
    let node = Contact(
      id: [UInt8](repeating: 7, count: 32), address: Address(host: "10.0.0.1", port: 9))
    let bytes = try #require(IPEncoding.ipv4.encode(node))
    #expect(try IPEncoding.ipv4.decodeNodes(bytes + bytes) == [node, node])
    #expect(throws: WireError.self) { try IPEncoding.ipv4.decodeNodes(bytes + bytes.dropLast()) }
    #expect(throws: WireError.self) { try IPEncoding.ipv6.decodeNodes(bytes) }
    #expect(throws: WireError.self) { try IPEncoding.ipv4.decodeList([1, 2, 3]) }
    #expect(throws: WireError.self) { try PeerResponse(decoding: [0x12, 3, 1, 2, 3]) }
  }

  @Test("bytes that are no message are refused, whatever they claim")
  func hostile() throws {
    let bad: [[UInt8]] = [
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x0a], [0x0a, 5, 1],
      [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], [0x0b], [0], [0x0f, 1],
      [0x0a, 1, 0xff], [0x12, 1, 7], [0x08, 1],
    ]
    for bytes in bad { #expect(throws: WireError.self) { try RPCRequest(decoding: bytes) } }
    #expect(throws: WireError.self) { try RPCRequest(decoding: []) }
    let many = (0..<300).flatMap { _ in [0x78, 1] as [UInt8] }
    #expect(throws: WireError.self) { try RPCResponse(decoding: many) }
    #expect(throws: WireError.self) { try PeerRequest(decoding: [8, 0, 16, 0xff, 0xff, 4]) }
    #expect(throws: WireError.self) { try PeerRequest(decoding: [16, 1]) }
    var forwarded = RPCRequest(command: "peers")
    forwarded.forwardResponse = [1, 2, 3, 4, 5, 6]
    #expect(throws: WireError.self) { try RPCRequest(decoding: forwarded.encoded) }
  }

  @Test("random bytes and captured ones with random changes never trap", arguments: 0..<4)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      var bytes = Self.datagrams.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 2..<bytes.count, using: &random)] =
          UInt8(truncatingIfNeeded: random.next())
      }
      let payload = Array(
        bytes.dropFirst(2).prefix(Int.random(in: 0...bytes.count, using: &random)))
      if let request = try? RPCRequest(decoding: payload) {
        #expect((try? RPCRequest(decoding: request.encoded)) == request)
      }
      if let response = try? RPCResponse(decoding: payload) {
        #expect((try? RPCResponse(decoding: response.encoded)) == response)
      }
    }
  }
}
