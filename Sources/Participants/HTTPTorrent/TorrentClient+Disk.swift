import Hashing
import Participants

/// What a file operation is for; its key says so.
enum FileTask {
  /// The torrent is read.
  case torrent
  /// A chunk of the synthetic file is written by a seeder.
  case synthesis(chunk: Int)
  /// A chunk is read to see whether it is good.
  case check(chunk: Int)
  /// A chunk that was fetched is written.
  case write(chunk: Int)
  /// Nothing is written, to see whether chunks can be.
  case open
  /// A slice of the whole file is read for its hash.
  case whole(slice: Int)
  /// A chunk is read for somebody.
  case upload(ConnectionID)

  private enum Purpose: UInt8 {
    case torrent, synthesis, check, write, whole, upload, open
  }

  var key: FileKey {
    func key(_ purpose: Purpose, _ subject: UInt64 = 0) -> FileKey {
      FileKey(purpose: purpose.rawValue, subject: subject)
    }
    return switch self {
    case .torrent: key(.torrent)
    case .synthesis(let chunk): key(.synthesis, UInt64(chunk))
    case .check(let chunk): key(.check, UInt64(chunk))
    case .write(let chunk): key(.write, UInt64(chunk))
    case .open: key(.open)
    case .whole(let slice): key(.whole, UInt64(slice))
    case .upload(let id): key(.upload, id.number)
    }
  }

  init?(_ key: FileKey) {
    guard let purpose = Purpose(rawValue: key.purpose) else { return nil }
    self =
      switch purpose {
      case .torrent: .torrent
      case .synthesis: .synthesis(chunk: Int(key.subject))
      case .check: .check(chunk: Int(key.subject))
      case .write: .write(chunk: Int(key.subject))
      case .open: .open
      case .whole: .whole(slice: Int(key.subject))
      case .upload: .upload(ConnectionID(key.subject))
      }
  }
}

extension TorrentClient {
  private static let syntheticName = FileName("file.bin")

  mutating func start(_ turn: inout Turn) {
    guard settings.torrent.isEmpty else {
      guard let name = FileName(settings.torrent) else {
        return refuse("'\(settings.torrent)' is no plain name of a file in the data folder", &turn)
      }
      return read(name, offset: 0, count: Torrent.longestFile + 1, for: .torrent, &turn)
    }
    let file = synthetic
    guard let name = Self.syntheticName,
      let torrent = file.torrent(
        named: name, tracker: settings.tracker ?? Address(host: "", port: 0))
    else { return refuse("more than \(Torrent.mostChunks) chunks", &turn) }
    begin(torrent, &turn)
  }

  private var synthetic: SyntheticFile {
    SyntheticFile(
      size: settings.size, seed: settings.contentSeed, chunkSize: settings.chunkSize)
  }

  /// There is nothing that the client could take part in: it ends.
  private func refuse(_ reason: String, _ turn: inout Turn) {
    turn.log(TorrentEvents.torrentRefused, ["reason": reason])
    turn.fail("cannot use the torrent in \(settings.data): \(reason)", isMisuse: true)
  }

  /// The file cannot be written from the beginning.
  private func failToWrite(_ answer: FileAnswer, _ turn: inout Turn) {
    guard case .failed(let words) = answer, let torrent else { return }
    complain(answer, &turn)
    turn.fail("cannot write \(settings.data)/\(torrent.fileName): \(words)", isMisuse: true)
  }

  private mutating func begin(_ torrent: Torrent, _ turn: inout Turn) {
    self.torrent = torrent
    tracker = settings.tracker ?? (torrent.tracker.port > 0 ? torrent.tracker : nil)
    pieces = Pieces(torrent, using: &turn.random)
    if torrent.chunks.isEmpty {
      // An empty file is complete as soon as it is there.
      write([], offset: 0, for: .synthesis(chunk: 0), &turn)
    } else if settings.complete, settings.torrent.isEmpty {
      synthesise(0, &turn)
    } else {
      check(0, &turn)
    }
  }

  func read(_ name: FileName, offset: Int64, count: Int, for task: FileTask, _ turn: inout Turn) {
    turn.file(
      task.key, .read(path: "\(settings.data)/\(name)", offset: Int(offset), count: count))
  }

  func write(_ bytes: ArraySlice<UInt8>, offset: Int64, for task: FileTask, _ turn: inout Turn) {
    guard let torrent else { return }
    turn.file(
      task.key,
      .write(path: "\(settings.data)/\(torrent.fileName)", offset: Int(offset), bytes))
  }

  /// Something came of a file operation.
  mutating func take(_ answer: FileAnswer, _ key: FileKey, _ turn: inout Turn) {
    switch FileTask(key) {
    case .torrent: readTorrent(answer, &turn)
    case .synthesis(let chunk):
      guard answer == .done else { return failToWrite(answer, &turn) }
      synthesise(chunk + 1, &turn)
    case .check(let chunk): checked(chunk, answer, &turn)
    case .write(let chunk): wrote(chunk, answer, &turn)
    case .open: failToWrite(answer, &turn)
    case .whole(let slice): hashed(slice, answer, &turn)
    case .upload(let id): readForUpload(id, answer, &turn)
    case nil: break
    }
  }

  func complain(_ answer: FileAnswer, _ turn: inout Turn) {
    guard case .failed(let words) = answer else { return }
    turn.log(TorrentEvents.diskFailed, ["reason": words])
  }

  private mutating func readTorrent(_ answer: FileAnswer, _ turn: inout Turn) {
    switch answer {
    case .bytes(let bytes):
      do throws(TorrentError) {
        begin(try Torrent(parsing: bytes), &turn)
      } catch {
        refuse("\(settings.torrent): \(error)", &turn)
      }
    case .failed(let words): refuse("\(settings.torrent): \(words)", &turn)
    case .done: break
    }
  }

  // MARK: - What is here

  private mutating func synthesise(_ chunk: Int, _ turn: inout Turn) {
    guard let torrent else { return }
    guard chunk < torrent.chunks.count else { return check(0, &turn) }
    write(
      synthetic.chunk(chunk)[...], offset: torrent.offset(of: chunk), for: .synthesis(chunk: chunk),
      &turn)
  }

  /// Reads a chunk to see whether it is good; of no chunk, goes on.
  private mutating func check(_ chunk: Int, _ turn: inout Turn) {
    guard let torrent else { return }
    // Of an empty file, nothing.
    let size = torrent.chunks.isEmpty ? 0 : torrent.size(of: chunk)
    read(
      torrent.fileName, offset: torrent.offset(of: chunk), count: size, for: .check(chunk: chunk),
      &turn)
  }

  private mutating func checked(_ chunk: Int, _ answer: FileAnswer, _ turn: inout Turn) {
    guard let torrent, var pieces = self.pieces else { return }
    self.pieces = nil
    if chunk < torrent.chunks.count, case .bytes(let bytes) = answer,
      let number = pieces.number(of: torrent.chunks[chunk]), pieces.matches(bytes, number)
    {
      _ = pieces.hold(chunk: chunk, of: number)
    }
    self.pieces = pieces
    // Where there is no file, there is no chunk.
    if case .bytes = answer, chunk + 1 < torrent.chunks.count {
      check(chunk + 1, &turn)
    } else {
      join(&turn)
    }
  }

  /// What is here is known: the client takes part.
  private mutating func join(_ turn: inout Turn) {
    guard let torrent, let pieces else { return }
    started = turn.now
    turn.log(
      TorrentEvents.downloadStarted,
      [
        "file": torrent.fileName, "size": torrent.fileSize, "chunks": torrent.chunks.count,
        "held": pieces.heldChunks, "hash": torrent.fileHash,
      ])
    takePart(&turn)
    if pieces.isComplete { return hashWhole(&turn) }
    write([], offset: 0, for: .open, &turn)
    fetch(&turn)
  }

  // MARK: - The whole file

  mutating func hashWhole(_ turn: inout Turn) {
    wholeFile = FileHash()
    readWhole(0, &turn)
  }

  private mutating func readWhole(_ slice: Int, _ turn: inout Turn) {
    guard let torrent else { return }
    let offset = Int64(slice) * Int64(Self.sliceSize)
    read(
      torrent.fileName, offset: offset,
      count: Int(min(Int64(Self.sliceSize), torrent.fileSize - offset)), for: .whole(slice: slice),
      &turn)
  }

  private mutating func hashed(_ slice: Int, _ answer: FileAnswer, _ turn: inout Turn) {
    guard let torrent, let started, slice == wholeFile.next else { return }
    if case .bytes(let bytes) = answer { wholeFile.add(bytes) } else { wholeFile.add([]) }
    if Int64(wholeFile.next) * Int64(Self.sliceSize) < torrent.fileSize {
      return readWhole(wholeFile.next, &turn)
    }
    turn.log(TorrentEvents.downloadCompleted, ["hash": wholeFile.text, "took": turn.now - started])
  }
}
