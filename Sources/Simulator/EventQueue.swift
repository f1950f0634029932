/// What is due when: a binary heap of plain values, least time first; equal times keep the order in
/// which they were planned.
struct EventQueue {
  enum Kind: UInt8 {
    /// A node's process is up: `index` is the node, `generation` its life.
    case start
    /// A node's process is gone and reaped.
    case exit
    /// The supervisor's own time has come.
    case supervisor
    /// `index` is the timer's slot.
    case timer
    /// `index` is the end that dials.
    case dial
    /// `index` is the end that dialled and hears the answer.
    case answer
    /// `index` is the end where some of its stream arrives.
    case arrival
    /// `index` is the end whose writing has all arrived.
    case drained
    /// `index` is the slot of a connection that broke.
    case breaking
    /// `index` is the datagram's slot.
    case datagram
  }

  struct Entry {
    var at: Int64
    fileprivate var order: UInt64
    var kind: Kind
    var index: Int32
    /// An entry whose subject has moved on since is passed over.
    var generation: UInt32

    fileprivate static func < (a: Entry, b: Entry) -> Bool {
      a.at == b.at ? a.order < b.order : a.at < b.at
    }
  }

  private var heap: [Entry] = []
  private var order: UInt64 = 0

  var count: Int { heap.count }

  mutating func plan(_ kind: Kind, _ index: Int32, generation: UInt32, at: Int64) {
    order += 1
    let entry = Entry(at: at, order: order, kind: kind, index: index, generation: generation)
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry < heap[parent] else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = entry
  }

  mutating func next() -> Entry? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    let count = heap.count
    guard count > 0 else { return first }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < count else { break }
      if child + 1 < count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return first
  }
}

/// Values in numbered slots that are used again; a generation tells the uses apart.
struct Slots<Value> {
  private(set) var generations: [UInt32] = []
  private var values: [Value?] = []
  private var free: [Int32] = []

  mutating func add(_ value: Value) -> (index: Int32, generation: UInt32) {
    if let index = free.popLast() {
      values[Int(index)] = value
      return (index, generations[Int(index)])
    }
    values.append(value)
    generations.append(0)
    return (Int32(values.count - 1), 0)
  }

  /// Takes the value out if the slot is still in that use.
  mutating func take(_ index: Int32, generation: UInt32) -> Value? {
    guard generations[Int(index)] == generation, let value = values[Int(index)] else { return nil }
    values[Int(index)] = nil
    generations[Int(index)] &+= 1
    free.append(index)
    return value
  }
}
