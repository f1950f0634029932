import Participants
import Simulator
import Testing

/// The containers that a simulation hangs on, beside models too simple to be wrong.
@Suite("Containers") struct ContainerTests {
  @Test("the queue hands out by time, and of one time by plan", arguments: 0..<40)
  func queue(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var queue = EventQueue()
    var model: [(at: Int64, index: Int32)] = []
    var now: Int64 = seed.isMultiple(of: 2) ? 0 : Simulation.launch.microseconds
    for index in 0..<Int32(3_000) {
      if Int.random(in: 0..<5, using: &random) < 3 {
        // From the same moment to about twelve days ahead, each magnitude as likely.
        let reach = Int64(1) << Int64.random(in: 0...40, using: &random)
        let at = now + Int64.random(in: 0..<reach, using: &random)
        queue.plan(.timer, index, generation: UInt32(index), at: at)
        model.insert((at, index), at: model.firstIndex { $0.at > at } ?? model.count)
      } else if !model.isEmpty {
        let expected = model.removeFirst()
        let entry = queue.next()
        #expect(entry?.at == expected.at && entry?.index == expected.index)
        now = expected.at
      }
      #expect(queue.count == model.count)
    }
    for expected in model {
      let entry = queue.next()
      #expect(entry?.at == expected.at && entry?.index == expected.index)
      #expect(entry?.generation == UInt32(expected.index) && entry?.kind == .timer)
    }
    let end = queue.next()
    #expect(end == nil)
  }

  @Test("what is planned for the past comes at once, before what is later")
  func past() {
    var queue = EventQueue()
    queue.plan(.timer, 1, generation: 0, at: 1_000)
    queue.plan(.timer, 2, generation: 0, at: 1_001)
    _ = queue.next()
    queue.plan(.timer, 3, generation: 0, at: 5)
    let (first, second) = (queue.next(), queue.next())
    #expect(first?.index == 3 && second?.index == 2)
  }

  @Test("a slot gives back its value once, and never to an earlier use", arguments: 0..<20)
  func slots(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var slots = Slots<Int>()
    var live: [(index: Int32, generation: UInt32, value: Int)] = []
    var gone: [(index: Int32, generation: UInt32, value: Int)] = []
    for value in 0..<2_000 {
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        let slot = slots.add(value)
        #expect(!live.contains { $0.index == slot.index })
        live.append((slot.index, slot.generation, value))
      case 1:
        guard let position = live.indices.randomElement(using: &random) else { continue }
        let taken = live.remove(at: position)
        #expect(slots.take(taken.index, generation: taken.generation) == taken.value)
        gone.append(taken)
      default:
        guard let old = gone.randomElement(using: &random) else { continue }
        #expect(slots.take(old.index, generation: old.generation) == nil)
      }
    }
  }

  @Test("a connection table is a dictionary in the order of its keys", arguments: 0..<20)
  func connectionTable(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = ConnectionTable<[Int]>()
    var model: [ConnectionID: [Int]] = [:]
    for step in 0..<2_000 {
      // Mostly rising, as drivers give them, and now and then any.
      let isRising = Int.random(in: 0..<4, using: &random) > 0
      let least = isRising ? UInt64(max(0, step / 4 - 5)) : 0
      let id = ConnectionID(UInt64.random(in: least...UInt64(step / 4 + 5), using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: (table[id], model[id]) = ([step], [step])
      case 1: (table[id], model[id]) = (nil, nil)
      case 2: #expect(table.removeValue(forKey: id) == model.removeValue(forKey: id))
      default:
        table[id]?.append(step)
        model[id]?.append(step)
      }
      #expect(table[id] == model[id])
      #expect(table.contains(id) == (model[id] != nil))
      #expect(table.count == model.count && table.isEmpty == model.isEmpty)
    }
    #expect(table.keys == model.keys.sorted())
    #expect(Array(table.values) == model.sorted { $0.key < $1.key }.map(\.value))
  }
}
