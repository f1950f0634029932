import Hashing
import Participants

/// A file that every client can make by itself, chunk by chunk, from a number: topologies need none
/// beforehand.
struct SyntheticFile {
  let size: Int64
  let seed: UInt64
  let chunkSize: Int

  /// - Parameter chunkSize: 0: as ``Torrent/chunkSize(for:)`` says.
  init(size: Int64, seed: UInt64, chunkSize: Int) {
    self.size = size
    self.seed = seed
    self.chunkSize = chunkSize > 0 ? chunkSize : Torrent.chunkSize(for: size)
  }

  func chunk(_ number: Int) -> [UInt8] {
    let count = Int(min(Int64(chunkSize), size - Int64(number) * Int64(chunkSize)))
    var random = SeededGenerator(seed: seed, stream: "chunk \(number)")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 7)
    while bytes.count < count {
      var word = random.next()
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Its torrent. `nil` when it would be refused: too many chunks.
  func torrent(named name: FileName, tracker: Address) -> Torrent? {
    let count = (size + Int64(chunkSize) - 1) / Int64(chunkSize)
    guard count <= Torrent.mostChunks else { return nil }
    var whole = SHA1()
    let hashes = (0..<Int(count)).map { number in
      let bytes = chunk(number)
      whole.update(bytes)
      return Hexadecimal.text(SHA1.hash(bytes))
    }
    return Torrent(
      fileName: name, chunkSize: chunkSize, tracker: tracker,
      fileHash: Hexadecimal.text(whole.finish()), fileSize: size, chunks: hashes)
  }
}

/// The SHA-1 of a file that is read chunk by chunk.
struct FileHash {
  private var hash = SHA1()
  /// The chunk that comes next.
  private(set) var next = 0

  mutating func add(_ bytes: [UInt8]) {
    hash.update(bytes)
    next += 1
  }

  /// In hexadecimal. A copy: nothing is changed.
  var text: String {
    var hash = hash
    return Hexadecimal.text(hash.finish())
  }
}
