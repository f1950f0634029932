import Hashing
package import Participants
package import Wire

/// A point in the space of 160 bits in which nodes and keys lie.
///
/// The distance between two points is their exclusive or, read as a number (Maymounkov and Mazières,
/// "Kademlia: A Peer-to-peer Information System Based on the XOR Metric", 2002, section 2.1).
package struct NodeID: Hashable, Comparable, Sendable, EventValue {
  /// Bytes of an ID.
  package static let size = 20
  package static let bits = 160
  package static let zero = NodeID(0, 0, 0)

  private var high: UInt64
  private var middle: UInt64
  private var low: UInt32

  private init(_ high: UInt64, _ middle: UInt64, _ low: UInt32) {
    self.high = high
    self.middle = middle
    self.low = low
  }

  /// `nil` unless there are 20 bytes.
  package init?(_ bytes: some Sequence<UInt8>) {
    var reader = ByteReader(Array(bytes))
    guard reader.remaining == Self.size, let id = try? NodeID(from: &reader) else { return nil }
    self = id
  }

  /// Reads 20 bytes.
  ///
  /// - Throws: where there are not that many bytes.
  package init(from reader: inout ByteReader) throws(WireError) {
    self.init(
      try reader.integer(bytes: 8), try reader.integer(bytes: 8),
      UInt32(truncatingIfNeeded: try reader.integer(bytes: 4)))
  }

  /// Writes its 20 bytes, the most significant first.
  package func write(to writer: inout ByteWriter) {
    writer.write(high, bytes: 8)
    writer.write(middle, bytes: 8)
    writer.write(UInt64(low), bytes: 4)
  }

  /// Any point of the space.
  package static func random(using random: inout SeededGenerator) -> NodeID {
    NodeID(random.next(), random.next(), UInt32(truncatingIfNeeded: random.next()))
  }

  package var bytes: [UInt8] {
    var writer = ByteWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Their exclusive or.
  package func distance(to other: NodeID) -> NodeID {
    NodeID(high ^ other.high, middle ^ other.middle, low ^ other.low)
  }

  /// The first `length` bits; the rest is zero.
  package func prefix(_ length: Int) -> NodeID {
    // Shifting by a word's whole width or more leaves zero.
    NodeID(
      high & ~0 << max(0, 64 - length), middle & ~0 << max(0, 128 - length),
      low & ~0 << max(0, 160 - length))
  }

  /// Whether the bit is set; the most significant is number 0.
  package func bit(_ index: Int) -> Bool { prefix(index + 1) != prefix(index) }

  /// The same with a bit set that was not.
  package func setting(_ index: Int) -> NodeID {
    switch index {
    case 0..<64: NodeID(high | 1 << UInt64(63 - index), middle, low)
    case 64..<128: NodeID(high, middle | 1 << UInt64(127 - index), low)
    default: NodeID(high, middle, low | 1 << UInt32(159 - index))
    }
  }

  /// A random ID with the same first `length` bits.
  package func random(after length: Int, using random: inout SeededGenerator) -> NodeID {
    let other = NodeID.random(using: &random)
    return prefix(length).distance(to: other.distance(to: other.prefix(length)))
  }

  package static func < (a: NodeID, b: NodeID) -> Bool {
    (a.high, a.middle, a.low) < (b.high, b.middle, b.low)
  }
}

extension NodeID: CustomStringConvertible {
  /// 40 hexadecimal digits.
  package var description: String { Hexadecimal.text(bytes) }
}
