import Gossip
import Participants
import Testing

@Suite("A seed's list of peers") struct PeerListTests {
  private static let limit = 40

  private static func peer(_ number: Int) -> Address {
    Address(host: "10.0.0.\(number)", port: UInt16(5_000 + number))
  }

  @Test("is the peers in the order in which they registered", arguments: 0..<20)
  func members(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var list = PeerList(limit: Self.limit)
    var model: [Address] = []
    for _ in 0..<400 {
      let peer = Self.peer(Int.random(in: 0..<60, using: &random))
      if Int.random(in: 0..<5, using: &random) < 3 {
        list.add(peer)
        if !model.contains(peer) { model.append(peer) }
      } else {
        list.remove(peer)
        model.removeAll { $0 == peer }
      }
      #expect(list.count == model.count)
      #expect(list.contains(peer) == model.contains(peer))
      let answer = list.answer(to: peer, using: &random)
      if model.count <= Self.limit {
        #expect(answer.body == GossipWire.listEntries(model) && answer.count == model.count)
      } else {
        #expect(answer.count == Self.limit)
      }
    }
  }

  @Test("is cut to its limit, with the asker and those next to it", arguments: 0..<20)
  func longList(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var list = PeerList(limit: Self.limit)
    let peers = (0..<200).map(Self.peer).shuffled(using: &random)
    for peer in peers { list.add(peer) }
    let sorted = peers.sorted()
    let asker = try #require(peers.randomElement(using: &random))
    let (body, count) = list.answer(to: asker, using: &random)
    var reader = SeedAnswerReader()
    reader.expect(.list)
    #expect(reader.read(GossipWire.listPrefix + body) == .list)
    let named = reader.list()
    #expect(named.count == Self.limit && count == Self.limit)
    #expect(Set(named).count == named.count && named.allSatisfy(peers.contains))
    let position = try #require(sorted.firstIndex(of: asker))
    let near = max(0, position - PeerList.neighbours)...min(199, position + PeerList.neighbours)
    #expect(sorted[near].allSatisfy(named.contains))
  }
}
