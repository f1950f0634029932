import Kademlia
import Participants
import Testing

@Suite struct RoutingTableTests {
  private static let start = Instant(microseconds: 1_000_000)

  private static func address(_ number: Int) -> Address {
    Address(host: "10.0.\(number / 250).\(number % 250)", port: 4_000)
  }

  /// A table that was offered so many random nodes, and those nodes.
  private static func table(
    of count: Int, k: Int = 20, seed: UInt64 = 1
  ) -> (RoutingTable, [(id: NodeID, address: Address)]) {
    var random = SeededGenerator(seed: seed)
    var table = RoutingTable(own: .random(using: &random), k: k, at: start)
    let nodes = (0..<count).map { (id: NodeID.random(using: &random), address: address($0)) }
    for node in nodes { _ = table.identify(node.id, at: node.address, now: start) }
    return (table, nodes)
  }

  @Test("an ID survives its bytes, and distances order as numbers do")
  func ids() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<1_000 {
      let (a, b) = (NodeID.random(using: &random), NodeID.random(using: &random))
      #expect(NodeID(a.bytes) == a)
      #expect(a.distance(to: b).bytes == zip(a.bytes, b.bytes).map { $0 ^ $1 })
      #expect((a < b) == a.bytes.lexicographicallyPrecedes(b.bytes))
      let length = Int.random(in: 0...160, using: &random)
      let bits = a.bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
      #expect((0..<160).allSatisfy { a.bit($0) == (bits[$0] == 1) })
      #expect((0..<160).allSatisfy { a.prefix(length).bit($0) == ($0 < length && bits[$0] == 1) })
      #expect(a.random(after: length, using: &random).prefix(length) == a.prefix(length))
      if length < 160 {
        #expect(a.setting(length).bit(length))
        #expect(a.setting(length).prefix(length) == a.prefix(length))
      }
    }
    #expect(NodeID([UInt8](repeating: 0, count: 19)) == nil)
    #expect(NodeID([UInt8](repeating: 0, count: 21)) == nil)
  }

  @Test("the closest contacts are those that a search of all of them finds", arguments: 0..<5)
  func closest(seed: UInt64) {
    let (table, _) = Self.table(of: 2_000, seed: seed)
    var random = SeededGenerator(seed: seed + 100)
    for _ in 0..<200 {
      let key = NodeID.random(using: &random)
      let all = table.contacts.sorted { key.distance(to: $0.id) < key.distance(to: $1.id) }
      #expect(table.closest(to: key, 20) == Array(all.prefix(20)))
      let asker = all[3].id
      #expect(
        table.closest(to: key, 20, excluding: asker)
          == Array(all.filter { $0.id != asker }.prefix(20)))
    }
  }

  @Test("of thousands a table keeps some, and all of its own neighbourhood", arguments: 0..<5)
  func neighbourhood(seed: UInt64) {
    let (table, nodes) = Self.table(of: 4_000, seed: seed)
    #expect(table.count < 900)
    #expect(table.count > 300)
    let neighbours = nodes.map(\.id).sorted {
      table.own.distance(to: $0) < table.own.distance(to: $1)
    }
    let kept = Set(table.contacts.map(\.id))
    #expect(neighbours.prefix(20).allSatisfy(kept.contains))
  }

  @Test("a full bucket that may not split keeps those who were there first")
  func oldOnesStay() throws {
    var (table, nodes) = Self.table(of: 4_000, k: 4)
    let full = try #require(
      nodes.first { table.contact($0.id) == nil && !table.hasRoom(for: $0.id) })
    let oldest = try #require(table.oldest(beside: full.id))
    #expect(
      table.identify(full.id, at: full.address, now: Self.start + .seconds(1))
        == .full(oldest: oldest))
    #expect(table.contact(full.id) == nil)
    // Whoever proves to be there goes to the end of the line.
    #expect(
      table.identify(oldest.id, at: oldest.address, now: Self.start + .seconds(2)) == .known)
    #expect(table.oldest(beside: full.id) != oldest)
  }

  @Test("who waits for a place gets it when a contact is dropped, the newest first")
  func replacements() throws {
    var (table, nodes) = Self.table(of: 4_000, k: 4)
    let oldest = try #require(
      nodes.first { table.contact($0.id) != nil && !table.hasRoom(for: $0.id) })
    let beside = nodes.filter {
      table.contact($0.id) == nil && table.oldest(beside: $0.id) == table.oldest(beside: oldest.id)
    }
    let bucket = try #require(table.oldest(beside: oldest.id))
    #expect(beside.count >= 3)
    #expect(!table.hasReplacement(for: bucket.id))
    for node in beside.prefix(3) { table.remember(node.id, at: node.address) }
    #expect(table.hasReplacement(for: bucket.id))
    #expect(table.evict(bucket)?.id == beside[2].id)
    #expect(table.contact(at: bucket.address) == nil)
    #expect(table.evict(bucket) == nil)
    #expect(
      table.identify(beside[2].id, at: beside[2].address, now: Self.start) == .added)
  }

  @Test("a contact that fails is named to nobody as long as there are others")
  func failures() throws {
    var (table, nodes) = Self.table(of: 10)
    #expect(table.fail(nodes[0].id) == 1)
    #expect(table.fail(nodes[0].id) == 2)
    #expect(!table.closest(to: nodes[0].id, 20).contains { $0.id == nodes[0].id })
    table.succeed(nodes[0].id)
    #expect(table.closest(to: nodes[0].id, 20).first?.id == nodes[0].id)
    for node in nodes { _ = table.fail(node.id) }
    #expect(table.closest(to: nodes[0].id, 20).count == 10)
    #expect(table.closest(to: nodes[0].id, 20).first?.id == nodes[0].id)
    #expect(table.fail(.zero) == nil)
  }

  @Test("an ID that is known elsewhere is not taken over")
  func takenID() throws {
    var (table, nodes) = Self.table(of: 10)
    let contact = try #require(table.contact(nodes[0].id))
    #expect(
      table.identify(nodes[0].id, at: Self.address(99), now: Self.start) == .taken(by: contact))
    #expect(table.contact(at: Self.address(99)) == nil)
    #expect(table.contact(at: nodes[0].address) == contact)
  }

  @Test("ranges in which nothing was looked up are refreshed, each by an ID inside")
  func idle() {
    var (table, _) = Self.table(of: 500)
    var random = SeededGenerator(seed: 5)
    let idle = table.idle(since: Self.start, using: &random)
    #expect(idle.count > 5)
    #expect(table.idle(since: Self.start - .seconds(1), using: &random).isEmpty)
    for id in idle { table.touch(id, at: Self.start + .seconds(1)) }
    #expect(table.idle(since: Self.start, using: &random).isEmpty)
    #expect(table.beyondNeighbourhood(using: &random).count < idle.count)
  }
}
