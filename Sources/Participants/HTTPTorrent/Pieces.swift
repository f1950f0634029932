import Hashing

/// The chunks of a file by their contents, and which of them are here.
///
/// A content that occurs several times in a file is one piece: it is fetched once and written to each
/// of its places.
package struct Pieces {
  package enum State: Equatable {
    case missing
    /// It is good, and being written to so many places.
    case writing(left: Int)
    case held
  }

  package struct Piece {
    /// SHA-1 in hexadecimal.
    package let hash: String
    package let size: Int
    /// Its places: chunks of the file, ascending.
    package fileprivate(set) var chunks: [Int]
    package fileprivate(set) var state = State.missing
    /// Requests for it that are under way.
    package fileprivate(set) var asked = 0
  }

  package private(set) var list: [Piece] = []
  private var numbers: [String: Int] = [:]
  /// The pieces that are not here, in an order of this client's own: clients that begin together
  /// fetch different ones, and have something to give to each other.
  package private(set) var missing: [Int] = []
  /// Chunks of the file that are here.
  package private(set) var heldChunks = 0
  private var isChunkHeld: [Bool]

  package init(_ torrent: Torrent, using random: inout some RandomNumberGenerator) {
    isChunkHeld = [Bool](repeating: false, count: torrent.chunks.count)
    for (chunk, hash) in torrent.chunks.enumerated() {
      if let number = numbers[hash] {
        list[number].chunks.append(chunk)
      } else {
        numbers[hash] = list.count
        list.append(Piece(hash: hash, size: torrent.size(of: chunk), chunks: [chunk]))
      }
    }
    missing = Array(list.indices).shuffled(using: &random)
  }

  package subscript(number: Int) -> Piece { list[number] }

  /// The piece of a content, by its SHA-1 in hexadecimal.
  package func number(of hash: String) -> Int? { numbers[hash] }

  package var isComplete: Bool { missing.isEmpty }

  package var held: [Int] { list.indices.filter { list[$0].state == .held } }

  /// Whether a piece is missing and not being written either.
  package func isWanted(_ number: Int) -> Bool { list[number].state == .missing }

  /// Whether bytes are those of a piece.
  package func matches(_ bytes: [UInt8], _ number: Int) -> Bool {
    bytes.count == list[number].size && Hexadecimal.text(SHA1.hash(bytes)) == list[number].hash
  }

  /// A request for a piece is under way.
  package mutating func ask(_ number: Int) { list[number].asked += 1 }

  /// A request for a piece came to its end.
  package mutating func unask(_ number: Int) { list[number].asked -= 1 }

  /// A piece is being written to all its places that do not hold it.
  package mutating func beginWriting(_ number: Int) {
    let places = list[number].chunks.count { !isChunkHeld[$0] }
    list[number].state = .writing(left: places)
  }

  /// The places of a piece that do not hold it.
  package func emptyPlaces(of number: Int) -> [Int] {
    list[number].chunks.filter { !isChunkHeld[$0] }
  }

  /// A chunk holds its piece, as was found or written.
  ///
  /// - Returns: whether the piece is in all its places now.
  package mutating func hold(chunk: Int, of number: Int) -> Bool {
    guard !isChunkHeld[chunk] else { return false }
    isChunkHeld[chunk] = true
    heldChunks += 1
    guard emptyPlaces(of: number).isEmpty else {
      if case .writing(let left) = list[number].state {
        list[number].state = .writing(left: left - 1)
      }
      return false
    }
    list[number].state = .held
    missing.removeAll { $0 == number }
    return true
  }

  /// A piece could not be written.
  package mutating func miss(_ number: Int) { list[number].state = .missing }
}
