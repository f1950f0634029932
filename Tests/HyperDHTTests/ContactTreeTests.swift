import HyperDHT
import Participants
import Testing

@Suite struct ContactTreeTests {
  /// What a bucket does, told without a tree: a contact is taken where fewer than `size` others share
  /// its leaf, whose depth is found by splitting along the own ID.
  private struct Model {
    let own: [UInt8]
    let size: Int
    /// The one heard longest ago first.
    var ids: [[UInt8]] = []
    /// Bits of the own ID by which leaves have split off.
    var depth = 0

    static func bits(_ id: [UInt8], _ count: Int) -> [Bool] {
      (0..<count).map { $0 / 8 < id.count && id[$0 / 8] >> (7 - UInt8($0 % 8)) & 1 == 1 }
    }

    /// How many bits an ID shares with the own one, of those by which leaves have split.
    func leaf(of id: [UInt8]) -> Int {
      zip(Self.bits(own, depth), Self.bits(id, depth)).prefix { $0 == $1 }.count
    }

    /// `nil`: it is full.
    mutating func add(_ id: [UInt8]) -> Bool? {
      if let index = ids.firstIndex(of: id) {
        ids.append(ids.remove(at: index))
        return false
      }
      while ids.count(where: { leaf(of: $0) == leaf(of: id) }) >= size {
        guard leaf(of: id) == depth, depth < own.count * 8 else { return nil }
        depth += 1
      }
      ids.append(id)
      return true
    }

    func closest(to key: [UInt8], _ count: Int) -> [[UInt8]] {
      func distance(_ id: [UInt8]) -> [UInt8] {
        let width = max(8, key.count)
        let bytes = (0..<max(id.count, key.count)).map {
          $0 < id.count && $0 < key.count ? id[$0] ^ key[$0] : 255
        }
        return [UInt8](repeating: 0, count: width - bytes.count) + bytes
      }
      return Array(
        ids.sorted { distance($0).lexicographicallyPrecedes(distance($1)) }.prefix(count))
    }
  }

  @Test("a bucket does what a model without a tree does", arguments: 0..<40)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let size = Int.random(in: 1...8, using: &random)
    let idSize = Int.random(in: 1...8, using: &random)
    var bucket = ContactTree<Int>(own: .random(idSize, using: &random), size: size)
    var model = Model(own: bucket.own, size: size)
    for number in 0..<600 {
      // Every fifth seed: IDs of all lengths.
      let length = seed % 5 == 0 ? Int.random(in: 1...8, using: &random) : idSize
      var id = [UInt8].random(length, using: &random)
      // Often close to the own, and often one that is there.
      if number % 3 == 0 {
        for index in id.indices.dropLast() where index < bucket.own.count {
          id[index] = bucket.own[index]
        }
      }
      if number % 4 == 0, let known = model.ids.randomElement(using: &random) { id = known }
      if number % 7 == 0 {
        let isThere = model.ids.contains(id)
        model.ids.removeAll { $0 == id }
        #expect((bucket.remove(id) != nil) == isThere)
      } else {
        let expected = model.add(id)
        if bucket.stalest(beside: id) != nil { #expect(expected == nil) }
        switch bucket.add(id, number) {
        case .added: #expect(expected == true)
        case .known: #expect(expected == false)
        case .full(let stalest):
          #expect(expected == nil)
          let leaf = model.ids.filter { model.leaf(of: $0) == model.leaf(of: id) }
          #expect(stalest.map(\.id) == Array(leaf.prefix(3)))
        }
      }
      #expect(bucket.count == model.ids.count)
      #expect((bucket[id] != nil) == model.ids.contains(id))
      guard number % 20 == 0 else { continue }
      let key = [UInt8].random(idSize, using: &random)
      let wanted = Int.random(in: 1...30, using: &random)
      let closest = bucket.closest(to: key, wanted).map(\.id)
      if seed % 5 == 0 {
        // IDs of other lengths may be equally far.
        #expect(closest.count == min(wanted, model.ids.count))
      } else {
        #expect(closest == model.closest(to: key, wanted))
      }
      #expect(Set(bucket.entries.map(\.id)) == Set(model.ids))
    }
  }

  @Test("who is heard again is the last to be asked for their place")
  func order() throws {
    var bucket = ContactTree<Int>(own: [0, 0], size: 3)
    for number: UInt8 in 0..<3 { _ = bucket.add([0x80, number], 0) }
    // The near half takes others, the far one is full.
    #expect(bucket.stalest(beside: [0x80, 9])?.count == nil)
    guard case .full(let stalest) = bucket.add([0x80, 9], 0) else {
      Issue.record("there was room")
      return
    }
    #expect(stalest.map(\.id) == [[0x80, 0], [0x80, 1], [0x80, 2]])
    _ = bucket.add([0x80, 0], 1)
    #expect(
      bucket.stalest(beside: [0x80, 9])?.map(\.id) == [[0x80, 1], [0x80, 2], [0x80, 0]])
    #expect(bucket[[0x80, 0]] == 1)
    _ = bucket.remove([0x80, 1])
    #expect(bucket.stalest(beside: [0x80, 9])?.count == nil)
  }
}
