import Kademlia
import Participants
import Testing
import Wire

@Suite struct LookupTests {
  private static let now = Instant(microseconds: 0)

  /// Nodes in the order of their distance to zero, from 1 on.
  private static func contact(_ number: UInt8) -> NamedContact {
    let id = NodeID([UInt8](repeating: 0, count: 19) + [number]) ?? .zero
    return NamedContact(id: id, address: Address(host: "10.0.0.\(number)", port: 4_000))
  }

  private static func lookup(
    k: Int = 3, alpha: Int = 2, valuesWanted: Int = 0, from numbers: UInt8...
  ) -> Lookup {
    Lookup(
      target: .zero, own: contact(200).id, k: k, alpha: alpha, valuesWanted: valuesWanted,
      from: numbers.map(contact), at: now)
  }

  private static func numbers(_ contacts: [NamedContact]) -> [UInt8] {
    contacts.map { $0.id.bytes[19] }
  }

  @Test("it asks alpha at once, the closest first, and goes on with those it hears of")
  func order() {
    var lookup = Self.lookup(from: 50, 40, 30)
    #expect(Self.numbers(lookup.next()) == [30, 40])
    #expect(lookup.next().isEmpty)
    lookup.answer(Self.contact(40).id, naming: [10, 20, 200].map(Self.contact))
    #expect(Self.numbers(lookup.next()) == [10])
    lookup.answer(Self.contact(10).id, naming: [])
    #expect(Self.numbers(lookup.next()) == [20])
    lookup.answer(Self.contact(30).id, naming: [])
    lookup.answer(Self.contact(20).id, naming: [])
    #expect(lookup.isFinished)
    #expect(Self.numbers(lookup.closest) == [10, 20, 30])
    #expect(lookup.steps == 2)
    #expect(lookup.contacted == 4)
  }

  @Test("those that fail make room for the next closest")
  func failures() {
    var lookup = Self.lookup(from: 10, 20, 30, 40)
    _ = lookup.next()
    lookup.fail(Self.contact(10).id)
    lookup.fail(Self.contact(20).id)
    #expect(Self.numbers(lookup.next()) == [30, 40])
    lookup.answer(Self.contact(30).id, naming: [])
    #expect(!lookup.isFinished)
    lookup.fail(Self.contact(40).id)
    #expect(lookup.isFinished)
    #expect(Self.numbers(lookup.closest) == [30])
    // An answer that nobody waits for changes nothing.
    lookup.answer(Self.contact(40).id, naming: [Self.contact(1)])
    #expect(lookup.isFinished)
  }

  @Test("a lookup that knows nobody has ended")
  func nobody() {
    var lookup = Self.lookup()
    #expect(lookup.next().isEmpty)
    #expect(lookup.isFinished)
    #expect(lookup.closest.isEmpty)
    #expect(lookup.steps == 0)
  }

  @Test("it ends with the first value, or when as many as wanted have come")
  func values() {
    for wanted in [1, 2] {
      var lookup = Self.lookup(valuesWanted: wanted, from: 10, 20, 30)
      _ = lookup.next()
      lookup.answer(Self.contact(20).id, value: .integer(1))
      #expect(lookup.isFinished == (wanted == 1))
      #expect(lookup.closestWithoutValue == nil)
      lookup.answer(Self.contact(10).id, naming: [])
      #expect(lookup.closestWithoutValue == Self.contact(10))
      if wanted == 2 {
        #expect(Self.numbers(lookup.next()) == [30])
        lookup.answer(Self.contact(30).id, value: .integer(2))
      }
      #expect(lookup.isFinished)
      #expect(lookup.values == (1...wanted).map { .integer(Int64($0)) })
    }
  }

  @Test("somebody who invents ever closer nodes is not followed for ever")
  func inventedNodes() {
    var random = SeededGenerator(seed: 1)
    var lookup = Lookup(
      target: .zero, own: .random(using: &random), k: 4, alpha: 3, valuesWanted: 0,
      from: [NamedContact(id: .random(using: &random), address: Self.contact(1).address)],
      at: Self.now)
    var bits = 0
    while !lookup.isFinished {
      for contact in lookup.next() {
        bits += 1
        let invented = (0..<64).map { _ in
          NamedContact(
            id: NodeID.zero.random(after: min(bits, 100), using: &random), address: contact.address)
        }
        lookup.answer(contact.id, naming: invented)
      }
    }
    #expect(lookup.contacted <= 4 * Lookup.contactedLimit + 2)
  }
}
