import Hashing

/// The list of a file's pieces, as text: what somebody needs to fetch the file and to know that it is
/// the same.
///
///     seedbed-pieces 1
///     piece-size 1048576
///     size 3000000
///     fa43239b… (64 hexadecimal digits, one line for each piece, in order)
package struct HashList: Equatable {
  /// Pieces in a list, at most.
  package static let longest = 65_536
  /// The longest text of a list, in bytes.
  package static let longestText = 64 + longest * 65
  /// What the name of a list ends in; before that stands the name of its file.
  package static let suffix = ".pieces"

  private static let title = "seedbed-pieces 1"

  package let pieceSize: Int
  /// Of the whole file, in bytes.
  package let size: Int
  package let hashes: [PieceHash]

  package init(pieceSize: Int, size: Int, hashes: [PieceHash]) {
    self.pieceSize = pieceSize
    self.size = size
    self.hashes = hashes
  }

  /// Reads a list. `nil` when the text is not one in every line, or its numbers do not fit together.
  package init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true, lines.count >= 3, lines[0] == Self.title,
      let pieceSize = Self.number(lines[1], after: "piece-size "), pieceSize > 0,
      let size = Self.number(lines[2], after: "size "), size >= 0
    else { return nil }
    var hashes: [PieceHash] = []
    for line in lines.dropFirst(3) {
      guard let bytes = Hexadecimal.bytes(line), bytes.count == SHA256.size else { return nil }
      hashes.append(PieceHash(bytes))
    }
    let (whole, rest) = size.quotientAndRemainder(dividingBy: pieceSize)
    guard hashes.count == whole + (rest > 0 ? 1 : 0), hashes.count <= Self.longest else {
      return nil
    }
    self.init(pieceSize: pieceSize, size: size, hashes: hashes)
  }

  private static func number(_ line: Substring, after word: String) -> Int? {
    line.hasPrefix(word) ? Int(line.dropFirst(word.count)) : nil
  }

  package var text: String {
    ([Self.title, "piece-size \(pieceSize)", "size \(size)"] + hashes.map(\.description))
      .map { $0 + "\n" }.joined()
  }

  /// Of the piece at a place: the last one may be shorter.
  func length(at place: Int) -> Int { min(pieceSize, size - place * pieceSize) }
}
