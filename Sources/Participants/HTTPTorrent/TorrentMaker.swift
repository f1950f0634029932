import Hashing
package import Participants

/// Makes the torrent of a file that is read in pieces of any length, from its beginning to its end.
package struct TorrentMaker {
  package let chunkSize: Int
  private var whole = SHA1()
  private var chunk = SHA1()
  /// Bytes of the chunk under way.
  private var count = 0
  private var chunks: [String] = []
  private var size: Int64 = 0

  /// - Throws: that the file is too large: clients would refuse its chunks.
  package init(fileSize: Int64) throws(TorrentError) {
    chunkSize = Torrent.chunkSize(for: fileSize)
    guard chunkSize <= Torrent.largestChunk else {
      throw TorrentError(
        "the file has \(fileSize) bytes: chunks would have more than \(Torrent.largestChunk), "
          + "which no client takes; split it")
    }
  }

  /// Takes the next bytes of the file, cut anywhere.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    unsafe whole.update(bytes)
    size += Int64(bytes.count)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + chunkSize - count)
      unsafe chunk.update(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      count += end - start
      if count == chunkSize { endChunk() }
      start = end
    }
  }

  private mutating func endChunk() {
    chunks.append(Hexadecimal.text(chunk.finish()))
    chunk = SHA1()
    count = 0
  }

  /// The torrent of all that was added. Nothing may be added afterwards.
  package mutating func finish(named name: FileName, tracker: Address) -> Torrent {
    if count > 0 { endChunk() }
    return Torrent(
      fileName: name, chunkSize: chunkSize, tracker: tracker,
      fileHash: Hexadecimal.text(whole.finish()), fileSize: size, chunks: chunks)
  }
}
