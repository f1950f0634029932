/// What is due when: least time first; equal times keep the order in which they were planned.
///
/// Time only goes forward, so this is a trie of the times rather than a heap (a radix heap: Ahuja,
/// Mehlhorn, Orlin and Tarjan, "Faster Algorithms for the Shortest Path Problem", 1990; known in
/// kernels as a hierarchical timing wheel). An entry stands in a bucket named by the highest digit
/// of its time that differs from the present, and by that digit. When its bucket's turn comes, the
/// entries are dealt to the buckets of lower digits. So each is moved a few times, always to the end
/// of an array, however many there are.
package struct EventQueue {
  package enum Kind: UInt8 {
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

  package struct Entry {
    package var at: Int64
    package var index: Int32
    /// An entry whose subject has moved on since is passed over.
    package var generation: UInt32
    package var kind: Kind
  }

  /// Bits of a digit.
  private static let width = 4
  private static let digits = 1 << width
  private static let levels = Int64.bitWidth / width

  package private(set) var count = 0
  /// The time of the entry that was taken last, or later; not after any that is left.
  private var present: Int64 = 0
  /// Of each level's digits in turn; on the lowest, all entries of a bucket have the same time.
  private var buckets = [[Entry]](repeating: [], count: levels * digits)
  /// For each level, which of its buckets hold something: a bit each.
  private var occupied = [UInt16](repeating: 0, count: levels)
  /// How many of the first bucket that holds something are taken already.
  private var taken = 0

  /// A queue of nothing.
  package init() {}

  /// - Parameter at: in microseconds, no earlier than the last entry that was taken.
  package mutating func plan(_ kind: Kind, _ index: Int32, generation: UInt32, at: Int64) {
    count += 1
    put(Entry(at: max(at, present), index: index, generation: generation, kind: kind))
  }

  private mutating func put(_ entry: Entry) {
    let difference = UInt64(bitPattern: entry.at ^ present) | 1
    let level = (UInt64.bitWidth - 1 - difference.leadingZeroBitCount) / Self.width
    let digit = Int(entry.at >> Int64(level * Self.width)) & (Self.digits - 1)
    occupied[level] |= 1 << UInt16(digit)
    buckets[level * Self.digits + digit].append(entry)
  }

  /// Takes the entry that is due first; of those due together the one that was planned first. `nil`
  /// when nothing is planned.
  package mutating func next() -> Entry? {
    guard count > 0 else { return nil }
    while occupied[0] == 0 { deal() }
    let bucket = occupied[0].trailingZeroBitCount
    let entry = buckets[bucket][taken]
    present = entry.at
    taken += 1
    count -= 1
    if taken == buckets[bucket].count {
      buckets[bucket].removeAll(keepingCapacity: true)
      occupied[0] &= occupied[0] - 1
      taken = 0
    }
    return entry
  }

  /// Goes on to the first bucket of the lowest level that has any, and deals its entries.
  private mutating func deal() {
    guard let level = occupied.firstIndex(where: { $0 != 0 }) else { return }
    let digit = occupied[level].trailingZeroBitCount
    occupied[level] &= occupied[level] - 1
    let shift = Int64(level * Self.width)
    present = (present >> shift & ~Int64(Self.digits - 1) | Int64(digit)) << shift
    var entries: [Entry] = []
    swap(&entries, &buckets[level * Self.digits + digit])
    for entry in entries { put(entry) }
    entries.removeAll(keepingCapacity: true)
    swap(&entries, &buckets[level * Self.digits + digit])
  }
}
