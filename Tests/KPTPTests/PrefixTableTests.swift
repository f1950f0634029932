import KPTP
import Participants
import Testing

@Suite("A routing table") struct PrefixTableTests {
  private let start = Instant(microseconds: 1_000_000)

  private func entry(_ id: UInt16, port: UInt16? = nil) -> PrefixTable.Entry {
    PrefixTable.Entry(Endpoint(ip: 1, port: port ?? id), PeerID(id), lastSeen: start)
  }

  /// Adds a peer as its placement says, which is returned.
  @discardableResult
  private func add(
    _ id: UInt16, port: UInt16? = nil, to table: inout PrefixTable
  ) -> PrefixTable.Placement {
    let entry = entry(id, port: port)
    let placement = table.placement(of: entry.id)
    table.add(entry, as: placement)
    return placement
  }

  @Test("a full bucket takes a closer peer in the place of the farthest, and no other")
  func closer() {
    var table = PrefixTable(owner: PeerID(0), bucketSize: 2)
    #expect(add(0x80ff, to: &table) == .room)
    #expect(add(0x8080, to: &table) == .room)
    #expect(add(0x80fe, to: &table) == .closer(than: Endpoint(ip: 1, port: 0x80ff)))
    #expect(add(0x9000, to: &table) == .full)
    #expect(table.bucket(0).map(\.id.number) == [0x8080, 0x80fe])
  }

  @Test("each prefix has a bucket of its own")
  func buckets() {
    var table = PrefixTable(owner: PeerID(0), bucketSize: 1)
    for prefix in 0..<16 { #expect(add(1 << UInt16(15 - prefix), to: &table) == .room) }
    #expect(table.entries.count == 16)
    for prefix in 0..<16 { #expect(table.bucket(prefix).count == 1) }
  }

  @Test("a peer with the owner's own ID has no place")
  func ownID() {
    var table = PrefixTable(owner: PeerID(7), bucketSize: 4)
    #expect(add(7, port: 9, to: &table) == .collided)
    #expect(table.entries.isEmpty)
  }

  @Test("of two peers with one ID the first stays until it misses a heartbeat")
  func collision() {
    var table = PrefixTable(owner: PeerID(0), bucketSize: 1)
    let first = Endpoint(ip: 1, port: 1)
    add(0x8000, port: 1, to: &table)
    #expect(add(0x8000, port: 2, to: &table) == .full)
    #expect(table.miss(first) == 1)
    #expect(add(0x8000, port: 2, to: &table) == .newer(than: first))
    #expect(table.entries.map(\.endpoint.port) == [2])
  }

  @Test("an answer ends a row of missed ones")
  func misses() {
    var table = PrefixTable(owner: PeerID(0), bucketSize: 1)
    add(0x8000, port: 1, to: &table)
    let peer = Endpoint(ip: 1, port: 1)
    #expect(table.miss(peer) == 1)
    #expect(table.miss(peer) == 2)
    let isSeen = table.see(peer, at: start + .seconds(1))
    #expect(isSeen)
    #expect(table.entries.map(\.lastSeen) == [start + .seconds(1)])
    #expect(table.miss(peer) == 1)
    #expect(table.miss(Endpoint(ip: 1, port: 2)) == nil)
    let isStrangerSeen = table.see(Endpoint(ip: 1, port: 2), at: start)
    #expect(!isStrangerSeen)
  }

  @Test("a list that must be cut keeps the nearest of each bucket, then the second of each")
  func listed() {
    var table = PrefixTable(owner: PeerID(0), bucketSize: 4)
    for prefix in 0..<10 {
      for index in 0..<4 { add(1 << UInt16(15 - prefix) | UInt16(index), to: &table) }
    }
    #expect(table.entries.count == 40)
    let listed = table.listed()
    #expect(listed.count == 31)
    #expect(Set(listed).count == 31)
    let ranks = listed.map { $0.port & 3 }
    #expect(ranks == ranks.sorted(), "the nearest of all buckets come first")
    #expect(ranks.count { $0 == 0 } == 10)
    #expect(ranks.count { $0 == 2 } == 10)
  }

  @Test("a table is what sorting all peers by distance would make of it", arguments: 0..<20)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let owner = PeerID(.random(in: 0...UInt16.max, using: &random))
    let size = Int.random(in: 1...5, using: &random)
    var table = PrefixTable(owner: owner, bucketSize: size)
    // Everybody who was ever added and not removed since, by bucket.
    var model: [Int: [UInt16]] = [:]
    for _ in 0..<2_000 {
      // Near IDs as often as far ones, so that deep buckets fill too.
      let bits = UInt16.random(in: 0...UInt16.max, using: &random)
      let id = owner.number ^ (bits >> UInt16.random(in: 0..<16, using: &random))
      let prefix = owner.sharedPrefix(with: PeerID(id))
      let endpoint = Endpoint(ip: 1, port: id)
      if Int.random(in: 0..<4, using: &random) == 0 {
        let removed = table.remove(endpoint)
        #expect((removed != nil) == (model[prefix]?.contains(id) ?? false))
        model[prefix]?.removeAll { $0 == id }
      } else if !table.contains(endpoint) {
        add(id, to: &table)
        guard prefix < 16 else { continue }
        let all = (model[prefix] ?? []) + [id]
        let ordered = all.sorted { $0 ^ owner.number < $1 ^ owner.number }
        model[prefix] = Array(ordered.prefix(size))
      }
    }
    for prefix in 0..<16 {
      let expected = (model[prefix] ?? []).sorted { $0 ^ owner.number < $1 ^ owner.number }
      #expect(table.bucket(prefix).map(\.id.number) == expected, "bucket \(prefix), seed \(seed)")
    }
    #expect(table.entries.count == model.values.map(\.count).reduce(0, +))
  }
}

@Suite("Kept values") struct ValueStoreTests {
  @Test("the value that was put longest ago goes first, and one put again counts as new")
  func limit() {
    var store = ValueStore(limit: 2)
    for (key, value) in [(1, 10), (2, 20), (1, 11), (3, 30)] as [(UInt8, UInt8)] {
      store.put(Payload(key: [key], value: [value]))
    }
    #expect(store[[1]] == [11])
    #expect(store[[2]] == nil)
    #expect(store[[3]] == [30])
    #expect(store.count == 2)
  }

  @Test("a payload is read as it was written, and nothing else is one")
  func payloads() {
    let payload = Payload(key: [1, 2, 3], value: [4, 5])
    #expect(Payload(payload.encoded) == payload)
    #expect(Payload(Payload(key: [1]).encoded) == Payload(key: [1]))
    for bytes in [[], [0], [0, 1], [3, 1, 2]] as [[UInt8]] { #expect(Payload(bytes) == nil) }
    #expect(Payload([1, 1] + [UInt8](repeating: 0, count: Payload.longestValue)) != nil)
    #expect(Payload([1, 1] + [UInt8](repeating: 0, count: Payload.longestValue + 1)) == nil)
  }
}
