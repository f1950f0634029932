import HTTPTorrent
import Participants
import Testing

/// Who gets the next of few upload slots.
@Suite struct UploadTurnsTests {
  /// Connections that are numbered as they ask.
  private struct Crowd {
    var turns: UploadTurns
    private var hosts: [ConnectionID: String] = [:]
    private var last: UInt64 = 0

    init(slots: Int) { turns = UploadTurns(slots: slots) }

    @discardableResult
    mutating func ask(_ host: String) -> ConnectionID {
      last += 1
      let id = ConnectionID(last)
      hosts[id] = host
      turns.wait(id, host: host)
      return id
    }

    mutating func next() -> (id: ConnectionID, host: String)? {
      turns.next().flatMap { id in hosts[id].map { (id, $0) } }
    }
  }

  @Test("no more are under way than there are slots, and an end frees one")
  func slots() {
    var crowd = Crowd(slots: 2)
    let ids = (0..<3).map { _ in crowd.ask("a") }
    #expect(crowd.next()?.id == ids[0])
    #expect(crowd.next()?.id == ids[1])
    #expect(crowd.next() == nil)
    crowd.turns.end(ids[1])
    #expect(crowd.next()?.id == ids[2])
    crowd.turns.end(ids[0])
    #expect(crowd.next() == nil, "nobody waits")
  }

  @Test(
    "a host that asks on a hundred connections gets no more than one that asks on one",
    arguments: [1, 4])
  func greedy(slots: Int) throws {
    var crowd = Crowd(slots: slots)
    for _ in 0..<100 { crowd.ask("greedy") }
    var underWay: [ConnectionID] = []
    while let next = crowd.next() { underWay.append(next.id) }
    crowd.ask("modest")
    var given = ["greedy": 0, "modest": 0]
    for _ in 0..<60 {
      crowd.turns.end(underWay.removeFirst())
      let next = crowd.next()
      let (id, host) = try #require(next)
      underWay.append(id)
      given[host, default: 0] += 1
      // It asks for the next when it has the one before.
      if host == "modest" { crowd.ask("modest") }
    }
    #expect(given["modest", default: 0] >= 25, "\(given)")
    #expect(given["greedy", default: 0] >= 25, "\(given)")
  }

  @Test("hosts that wait take turns, and each one's connections in the order in which they asked")
  func order() {
    var crowd = Crowd(slots: 1)
    let ids = ["a", "a", "a", "b", "b", "c"].map { crowd.ask($0) }
    var order: [ConnectionID] = []
    while let next = crowd.next() {
      order.append(next.id)
      crowd.turns.end(next.id)
    }
    #expect(order == [0, 3, 5, 1, 4, 2].map { ids[$0] })
  }

  @Test("who is gone before its turn is passed over")
  func leaving() {
    var crowd = Crowd(slots: 1)
    let ids = ["a", "b", "c"].map { crowd.ask($0) }
    #expect(crowd.next()?.id == ids[0])
    crowd.turns.end(ids[1])
    crowd.turns.end(ids[1])
    crowd.turns.end(ids[0])
    #expect(crowd.next()?.id == ids[2])
  }
}
