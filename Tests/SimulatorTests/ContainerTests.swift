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

  @Test(
    "a disk reads what was written, like one that keeps each file in one piece", arguments: 0..<8)
  func disks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var disks = Disks()
    var model: [String: [UInt8]] = [:]
    let key = { (node: Int, path: String) in "\(node) \(path)" }
    // Offsets and lengths on, before and behind the pages' borders.
    func place() -> Int {
      Int.random(in: 0...6, using: &random) * 16_384
        + (Int.random(in: 0...2, using: &random) == 0 ? Int.random(in: -9...9, using: &random) : 0)
    }
    for step in 0..<600 {
      let node = Int.random(in: 0...1, using: &random)
      let path = Bool.random(using: &random) ? "a" : "b"
      let offset = max(0, place())
      let request: FileRequest
      var expected = FileAnswer.done
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        request = .rename(path: path, to: "b")
        let file = model.removeValue(forKey: key(node, path))
        if let file { model[key(node, "b")] = file }
        if file == nil { expected = .failed("No such file or directory") }
      case 1...3:
        let bytes = [UInt8](
          repeating: UInt8.random(in: 0...3, using: &random), count: max(0, place()))
        request = .write(path: path, offset: offset, bytes[...])
        var file = model[key(node, path)] ?? []
        if !bytes.isEmpty {
          file += [UInt8](repeating: 0, count: max(0, offset + bytes.count - file.count))
          file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        model[key(node, path)] = file
      default:
        let count = max(0, place())
        request = .read(path: path, offset: offset, count: count)
        expected =
          model[key(node, path)].map { .bytes(Array($0.dropFirst(offset).prefix(count))) }
          ?? .failed("No such file or directory")
      }
      let answer = disks.answer(request, of: node)
      #expect(answer == expected, "step \(step)")
    }
  }

  @Test("a thousand nodes with one file hold its pages once, and change only their own")
  func sharedPages() {
    var disks = Disks()
    let page = 16_384
    let file = (0..<4 * page).map { UInt8(truncatingIfNeeded: $0 / page) }
    for node in 0..<1_000 {
      // In the order in which chunks may come.
      for chunk in [3, 0, 2, 1] {
        _ = disks.answer(
          .write(
            path: "f", offset: chunk * page, file[chunk * page..<(chunk + 1) * page]),
          of: node)
      }
    }
    #expect(disks.pageCount == 4)
    _ = disks.answer(.write(path: "f", offset: 5, [9]), of: 7)
    let (changed, other) = (
      disks.answer(.read(path: "f", offset: 0, count: 8), of: 7),
      disks.answer(.read(path: "f", offset: 0, count: 8), of: 8)
    )
    #expect(changed == .bytes([0, 0, 0, 0, 0, 9, 0, 0]))
    #expect(other == .bytes([UInt8](repeating: 0, count: 8)))
  }
}
