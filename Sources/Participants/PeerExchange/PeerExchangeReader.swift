import Hashing
package import Participants

/// Reads what another peer sends, one message at a time, however TCP cut the stream.
///
/// Pieces pass through: the reader says which of the bytes that were read belong to one, and keeps
/// none of them. What it does keep is at most a list of addresses
/// (``PeerExchangeWire/longestList``).
package struct PeerExchangeReader {
  package enum Item: Equatable {
    case ask(PieceHash)
    case peers([Address])
    /// A piece of so many bytes begins.
    case give(PieceHash, bytes: Int)
    /// These of the bytes that were read belong to the piece.
    case part(Range<Int>)
    /// The piece is whole.
    case whole
    /// A message of an unknown type was passed over: so many bytes, its header included.
    case unknown(type: UInt8, bytes: Int)
    /// The message announces a length that its type does not allow, and nothing after it can be read.
    case invalid(String, bytes: Int)
  }

  private enum State {
    /// A header, or a message that is short enough to be kept, of which so many bytes are wanted.
    case gathering(Int)
    case piece(left: Int)
    case skipping(left: Int, Item)
    case broken
  }

  /// The longest piece that is read, in bytes.
  private let pieceSize: Int
  private var state = State.gathering(PeerExchangeWire.header)
  private var gathered: [UInt8] = []

  package init(pieceSize: Int) {
    self.pieceSize = pieceSize
  }

  /// The next item in what was read, from a position on that is moved behind it; `nil` when the
  /// bytes are used up.
  package mutating func next(in bytes: [UInt8], from position: inout Int) -> Item? {
    while true {
      switch state {
      case .gathering(let wanted):
        let end = min(bytes.count, position + wanted - gathered.count)
        gathered += bytes[position..<end]
        position = end
        guard gathered.count == wanted else { return nil }
        if let item = gatheredAll() { return item }
      case .piece(left: 0):
        expectHeader()
        return .whole
      case .piece(let left):
        let end = min(bytes.count, position + left)
        guard position < end else { return nil }
        defer { position = end }
        state = .piece(left: left - (end - position))
        return .part(position..<end)
      case .skipping(let left, let item):
        let end = min(bytes.count, position + left)
        state = .skipping(left: left - (end - position), item)
        position = end
        guard case .skipping(left: 0, let item) = state else { return nil }
        expectHeader()
        return item
      case .broken:
        position = bytes.count
        return nil
      }
    }
  }

  private mutating func expectHeader() {
    gathered.removeAll(keepingCapacity: false)
    state = .gathering(PeerExchangeWire.header)
  }

  /// A header or a whole short message is there: what to do with it; `nil`: read on.
  private mutating func gatheredAll() -> Item? {
    let header = PeerExchangeWire.header
    let size = (0..<4).reduce(0) { $0 | Int(gathered[$1]) << (8 * $1) }
    let type = gathered[4]
    guard gathered.count > header || size == 1 else {
      return size == 0 ? broken("an empty message", size) : begin(type, body: size - 1)
    }
    let body = gathered[header...]
    switch PeerExchangeWire.Kind(rawValue: type) {
    case .ask where body.count == SHA256.size:
      expectHeader()
      return .ask(PieceHash(body))
    case .give where body.count == SHA256.size && size > 1 + SHA256.size:
      let bytes = size - 1 - SHA256.size
      state = .piece(left: bytes)
      return .give(PieceHash(body), bytes: bytes)
    case .peers:
      let starts = stride(from: body.startIndex, to: body.endIndex, by: PeerExchangeWire.entry)
      let addresses = starts.map {
        PeerExchangeWire.address(body[$0..<($0 + PeerExchangeWire.entry)])
      }
      expectHeader()
      return .peers(addresses)
    case .ask, .give, nil:
      return begin(type, body: size - 1)
    }
  }

  /// A header is there: what its type allows.
  private mutating func begin(_ type: UInt8, body: Int) -> Item? {
    let header = PeerExchangeWire.header
    switch PeerExchangeWire.Kind(rawValue: type) {
    case .ask:
      guard body == SHA256.size else { return broken("an ask of a wrong length", body + 1) }
      state = .gathering(header + body)
    case .give:
      let piece = body - SHA256.size
      guard piece > 0 else { return broken("a give without a piece", body + 1) }
      guard piece <= pieceSize else { return broken("a piece too long", body + 1) }
      state = .gathering(header + SHA256.size)
    case .peers:
      guard body.isMultiple(of: PeerExchangeWire.entry) else {
        return broken("peers of a wrong length", body + 1)
      }
      guard body <= PeerExchangeWire.longestList * PeerExchangeWire.entry else {
        return broken("too many peers", body + 1)
      }
      state = .gathering(header + body)
    case nil:
      guard body <= SHA256.size + pieceSize else {
        return broken("a message too long", body + 1)
      }
      state = .skipping(left: body, .unknown(type: type, bytes: header + body))
    }
    return nil
  }

  private mutating func broken(_ reason: String, _ bytes: Int) -> Item {
    state = .broken
    gathered = []
    return .invalid(reason, bytes: bytes)
  }
}
