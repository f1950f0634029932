import Hashing
import JSONReading
package import Participants

/// What a `torrent.json` says: a file's name, size and hashes, and where its tracker is.
///
/// Reading one is the moment to mistrust it: whoever made it wants something to be written here.
package struct Torrent: Equatable, Sendable {
  /// Bytes of a `torrent.json` that are read.
  package static let longestFile = 4 * 1024 * 1024
  package static let mostChunks = 16_384
  package static let largestChunk = 64 * 1024 * 1024

  /// Where the file is kept: never outside the node's own folder.
  package var fileName: FileName
  /// Bytes of each chunk but the last, which holds the rest.
  package var chunkSize: Int
  package var tracker: Address
  /// SHA-1, 40 hexadecimal digits in lower case. So are the chunks'.
  package var fileHash: String
  package var fileSize: Int64
  /// In the order of the file.
  package var chunks: [String]

  package init(
    fileName: FileName, chunkSize: Int, tracker: Address, fileHash: String, fileSize: Int64,
    chunks: [String]
  ) {
    self.fileName = fileName
    self.chunkSize = chunkSize
    self.tracker = tracker
    self.fileHash = fileHash
    self.fileSize = fileSize
    self.chunks = chunks
  }

  /// Bytes of a chunk.
  package func size(of chunk: Int) -> Int {
    chunk == chunks.count - 1 ? Int(fileSize - offset(of: chunk)) : chunkSize
  }

  /// Where a chunk is in the file.
  package func offset(of chunk: Int) -> Int64 { Int64(chunk) * Int64(chunkSize) }

  /// The chunk size for a file, as the original chooses it: a hundredth of the file, from 16 KiB to
  /// 4 MiB, rounded down to a power of two; if that makes more than 1,000 chunks, a thousandth,
  /// rounded up to one.
  package static func chunkSize(for fileSize: Int64) -> Int {
    let wanted = min(max(fileSize / 100, 16 * 1024), 4 * 1024 * 1024)
    let down = Int64(1) << (63 - wanted.leadingZeroBitCount)
    guard (fileSize + down - 1) / down > 1_000 else { return Int(down) }
    let least = (fileSize + 999) / 1_000
    return 1 << (64 - (least - 1).leadingZeroBitCount)
  }
}

/// What is wrong with a torrent.
package struct TorrentError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

// MARK: - As JSON

extension Torrent {
  /// Reads a torrent file.
  ///
  /// - Throws: what is wrong with it, in words for a person.
  package init(parsing bytes: [UInt8]) throws(TorrentError) {
    guard bytes.count <= Self.longestFile else {
      throw TorrentError("the torrent is longer than \(Self.longestFile) bytes")
    }
    let json: JSONValue
    do throws(JSONScanner.SyntaxError) {
      json = try JSONValue(bytes)
    } catch {
      throw TorrentError("the torrent is no JSON: \(error)")
    }
    let name = try Self.member("fileName", json, \.text, "the name of a file")
    guard let fileName = FileName(name) else {
      throw TorrentError(
        "fileName is '\(name.prefix(80))': expected a plain name of at most \(FileName.longest) "
          + "bytes, without separators and not '..'")
    }
    let trackerText = try Self.member("trackerUrl", json, \.text, "HOST:PORT")
    guard let tracker = Address(parsing: trackerText), tracker.port > 0 else {
      throw TorrentError("trackerUrl is '\(trackerText.prefix(80))': expected HOST:PORT")
    }
    let chunkSize = try Self.member("chunkSize", json, \.integer, "a whole number")
    let fileSize = try Self.member("fileSize", json, \.integer, "a whole number")
    let chunks = try Self.member("chunks", json, \.array, "an array")
    self.init(
      fileName: fileName, chunkSize: Int(chunkSize), tracker: tracker,
      fileHash: try Self.hash("fileHash", json), fileSize: fileSize,
      chunks: try Self.hashes(chunks, size: fileSize, chunkSize: chunkSize))
    try checkTwins()
  }

  /// The chunks' hashes in their order, which is that of their numbers.
  private static func hashes(
    _ chunks: [JSONValue], size: Int64, chunkSize: Int64
  ) throws(TorrentError) -> [String] {
    guard (1...Int64(largestChunk)).contains(chunkSize) else {
      throw TorrentError("chunkSize is \(chunkSize): expected 1 to \(largestChunk)")
    }
    guard size >= 0, chunks.count <= mostChunks else {
      throw TorrentError("expected a fileSize from 0 and at most \(mostChunks) chunks")
    }
    let due = size / chunkSize + (size % chunkSize == 0 ? 0 : 1)
    guard due == chunks.count else {
      throw TorrentError("there are \(chunks.count) chunks: expected \(due) for \(size) bytes")
    }
    var hashes = [String?](repeating: nil, count: chunks.count)
    for chunk in chunks {
      let number = try member("orderNumber", chunk, \.integer, "a whole number")
      guard number >= 0, number < Int64(hashes.count), hashes[Int(number)] == nil else {
        throw TorrentError(
          "orderNumber \(number): expected each number from 0 to \(hashes.count - 1) once")
      }
      hashes[Int(number)] = try hash("hash", chunk)
    }
    return hashes.compactMap { $0 }
  }

  /// Chunks of one hash are one content: they must be of one size.
  private func checkTwins() throws(TorrentError) {
    guard let last = chunks.last, size(of: chunks.count - 1) < chunkSize else { return }
    guard !chunks.dropLast().contains(last) else {
      throw TorrentError("the last chunk is shorter than another with the same hash")
    }
  }

  private static func hash(_ name: String, _ json: JSONValue) throws(TorrentError) -> String {
    let text = try member(name, json, \.text, "a SHA-1 in hexadecimal")
    guard text.utf8.count == 2 * SHA1.size, Hexadecimal.bytes(text) != nil else {
      throw TorrentError("\(name) is '\(text.prefix(80))': expected 40 hexadecimal digits")
    }
    return text.lowercased()
  }

  private static func member<Value>(
    _ name: String, _ json: JSONValue, _ read: (JSONValue) -> Value?, _ expected: String
  ) throws(TorrentError) -> Value {
    guard let value = json[name].flatMap(read) else {
      throw TorrentError("'\(name)' is missing or wrong: expected \(expected)")
    }
    return value
  }

  /// The file `torrent.json`, as the original writes it.
  package func json() -> [UInt8] {
    var text: [UInt8] = []
    func line(_ name: String, _ value: String) {
      text.append(contentsOf: "    \"\(name)\": \(value),\n".utf8)
    }
    func quoted(_ value: String) -> String {
      var bytes: [UInt8] = []
      JSONText.append(value, to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    text.append(contentsOf: "{\n".utf8)
    line("fileName", quoted(fileName.description))
    line("chunkSize", String(chunkSize))
    line("trackerUrl", quoted(tracker.description))
    line("fileHash", quoted(fileHash))
    line("fileSize", String(fileSize))
    let entries = chunks.enumerated().map { number, hash in
      """
              {
                  "orderNumber": \(number),
                  "hash": "\(hash)"
              }
      """
    }
    let list = entries.isEmpty ? "[]" : "[\n\(entries.joined(separator: ",\n"))\n    ]"
    text.append(contentsOf: "    \"chunks\": \(list)\n}".utf8)
    return text
  }
}
