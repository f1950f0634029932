import HTTPTorrent
import Participants
import Testing

/// Who has what, as a tracker knows it.
@Suite struct RegistryTests {
  static func at(_ port: UInt16) -> Address { Address(host: "127.0.0.1", port: port) }

  @Test("who got a chunk last is named next, so that the first owner is spared; then all in turn")
  func spreading() {
    var registry = Registry(mostClients: 10, mostChunks: 10)
    _ = registry.announce(["a"], by: Self.at(1))
    for _ in 0..<4 { #expect(registry.name(ownerOf: "a") == Self.at(1)) }
    for port: UInt16 in 2...4 {
      _ = registry.announce(["a"], by: Self.at(port))
      #expect(registry.name(ownerOf: "a") == Self.at(port))
    }
    let next = (0..<16).compactMap { _ in registry.name(ownerOf: "a")?.port }
    for port: UInt16 in 1...4 { #expect(next.count { $0 == port } >= 2, "\(port) in \(next)") }
  }

  @Test("among owners of a chunk, those are named that were named less at all")
  func fairness() {
    var registry = Registry(mostClients: 10, mostChunks: 10)
    _ = registry.announce(["a", "b"], by: Self.at(1))
    _ = registry.announce(["b"], by: Self.at(2))
    #expect(registry.name(ownerOf: "a") == Self.at(1))
    #expect(registry.name(ownerOf: "b") == Self.at(2))
  }

  @Test("a client that is forgotten owns nothing, and its chunks are known to have been there")
  func forgetting() throws {
    var registry = Registry(mostClients: 10, mostChunks: 10)
    let announced = registry.announce(["a", "b", "a"], by: Self.at(1))
    let first = try #require(announced)
    #expect(first.new == 2)
    #expect(registry.announce(["b"], by: Self.at(1))?.new == 0)
    #expect(registry.chunkCount(of: first.client) == 2)
    registry.forget(first.client)
    #expect(registry.name(ownerOf: "a") == nil)
    #expect(registry.unknown(in: ["a", "b", "c"]) == "c")
    #expect(registry.clientCount == 0)
    #expect(registry.announce(["a"], by: Self.at(1))?.client != first.client)
    #expect(registry.name(ownerOf: "a") == Self.at(1))
  }

  @Test("as many clients and chunks as allowed, no more")
  func limits() {
    var registry = Registry(mostClients: 1, mostChunks: 2)
    #expect(registry.announce(["a", "b", "c"], by: Self.at(1)) == nil)
    #expect(registry.announce(["a", "b"], by: Self.at(1)) != nil)
    #expect(registry.announce(["a"], by: Self.at(2)) == nil)
    #expect(registry.announce(["c"], by: Self.at(1)) == nil)
    #expect(registry.announce(["b"], by: Self.at(1)) != nil)
  }

  @Test("chunks without an owner make room for others, those that lost it first before the rest")
  func room() throws {
    var registry = Registry(mostClients: 10, mostChunks: 4)
    var clients: [Int] = []
    for (port, hashes) in [["b", "a"], ["c"], ["d"]].enumerated() {
      let announced = registry.announce(hashes, by: Self.at(UInt16(port + 1)))
      clients.append(try #require(announced).client)
    }
    #expect(registry.announce(["e"], by: Self.at(9)) == nil, "all have owners")
    registry.forget(clients[1])
    registry.forget(clients[0])
    #expect(registry.unknown(in: ["a", "b", "c", "d"]) == nil, "known while there is room")
    // "c" lost its owner first; "a" and "b" at one moment.
    #expect(registry.announce(["e"], by: Self.at(9))?.new == 1)
    #expect(registry.unknown(in: ["a", "b", "d", "e"]) == nil)
    #expect(registry.unknown(in: ["c"]) == "c")
    // What is announced again makes no room for what comes with it.
    #expect(registry.announce(["a", "b", "f"], by: Self.at(9)) == nil)
    #expect(registry.announce(["a", "f"], by: Self.at(9))?.new == 2)
    #expect(registry.unknown(in: ["b"]) == "b")
    #expect(registry.name(ownerOf: "a") == Self.at(9))
    #expect(registry.announce(["g"], by: Self.at(1)) == nil, "all have owners again")
  }
}
