import Hashing
import Participants

/// What a file operation is for; its token says so.
enum FileTask {
  /// The torrent is read.
  case torrent
  /// A chunk of the synthetic file is written by a seeder.
  case synthesis(chunk: Int)
  /// A chunk is read to see whether it is good.
  case check(chunk: Int)
  /// A chunk that was fetched is written.
  case write(chunk: Int)
  /// A chunk of the whole file is read for its hash.
  case whole(chunk: Int)
  /// A chunk is read for somebody.
  case upload(ConnectionID)

  private var parts: (kind: UInt64, subject: UInt64) {
    switch self {
    case .torrent: (0, 0)
    case .synthesis(let chunk): (1, UInt64(chunk))
    case .check(let chunk): (2, UInt64(chunk))
    case .write(let chunk): (3, UInt64(chunk))
    case .whole(let chunk): (4, UInt64(chunk))
    case .upload(let id): (5, id.number)
    }
  }

  var token: FileToken { FileToken(parts.subject << 3 | parts.kind) }

  init(_ token: FileToken) {
    let subject = token.number >> 3
    self =
      switch token.number & 7 {
      case 0: .torrent
      case 1: .synthesis(chunk: Int(subject))
      case 2: .check(chunk: Int(subject))
      case 3: .write(chunk: Int(subject))
      case 4: .whole(chunk: Int(subject))
      default: .upload(ConnectionID(subject))
      }
  }
}

extension TorrentClient {
  private static let syntheticName = FileName("file.bin")

  mutating func start(using random: inout SeededGenerator, emit: inout Effects) {
    if let name = settings.torrent {
      emit.readFile(name, at: 0, count: Torrent.longestFile + 1, token: FileTask.torrent.token)
      return
    }
    let file = synthetic
    guard let name = Self.syntheticName,
      let torrent = file.torrent(
        named: name, tracker: settings.tracker ?? Address(host: "", port: 0))
    else { return refuse("more than \(Torrent.mostChunks) chunks", emit: &emit) }
    begin(torrent, using: &random, emit: &emit)
  }

  private var synthetic: SyntheticFile {
    SyntheticFile(
      size: settings.size, seed: settings.contentSeed, chunkSize: settings.chunkSize)
  }

  private func refuse(_ reason: String, emit: inout Effects) {
    emit.log(Event(TorrentEvents.torrentRefused, ["reason": .text(reason)]))
  }

  private mutating func begin(
    _ torrent: Torrent, using random: inout SeededGenerator, emit: inout Effects
  ) {
    self.torrent = torrent
    tracker = settings.tracker ?? (torrent.tracker.port > 0 ? torrent.tracker : nil)
    pieces = Pieces(torrent, using: &random)
    if torrent.chunks.isEmpty {
      // An empty file is complete as soon as it is there.
      emit.writeFile(
        [], to: torrent.fileName, at: 0, token: FileTask.synthesis(chunk: 0).token)
    } else if settings.complete, settings.torrent == nil {
      synthesise(0, emit: &emit)
    } else {
      check(0, emit: &emit)
    }
  }

  /// Something came of a file operation.
  mutating func take(
    _ result: FileResult, _ task: FileTask, at now: Instant, using random: inout SeededGenerator,
    emit: inout Effects
  ) {
    if case .failed(let words) = result {
      emit.log(Event(TorrentEvents.diskFailed, ["reason": .text(words)]))
    }
    switch task {
    case .torrent: readTorrent(result, using: &random, emit: &emit)
    case .synthesis(let chunk):
      guard result == .written else { return }
      synthesise(chunk + 1, emit: &emit)
    case .check(let chunk): checked(chunk, result, at: now, emit: &emit)
    case .write(let chunk): wrote(chunk, result, at: now, emit: &emit)
    case .whole(let chunk): hashed(chunk, result, at: now, emit: &emit)
    case .upload(let id): readForUpload(id, result, at: now, emit: &emit)
    }
  }

  private mutating func readTorrent(
    _ result: FileResult, using random: inout SeededGenerator, emit: inout Effects
  ) {
    switch result {
    case .read(let bytes):
      do throws(TorrentError) {
        begin(try Torrent(parsing: bytes), using: &random, emit: &emit)
      } catch {
        refuse(error.description, emit: &emit)
      }
    case .missing: refuse("no such file in the data folder", emit: &emit)
    case .failed(let words): refuse(words, emit: &emit)
    case .written: break
    }
  }

  // MARK: - What is here

  private mutating func synthesise(_ chunk: Int, emit: inout Effects) {
    guard let torrent else { return }
    guard chunk < torrent.chunks.count else { return check(0, emit: &emit) }
    emit.writeFile(
      synthetic.chunk(chunk), to: torrent.fileName, at: torrent.offset(of: chunk),
      token: FileTask.synthesis(chunk: chunk).token)
  }

  /// Reads a chunk to see whether it is good; of no chunk, goes on.
  private mutating func check(_ chunk: Int, emit: inout Effects) {
    guard let torrent else { return }
    // Of an empty file, nothing.
    let size = torrent.chunks.isEmpty ? 0 : torrent.size(of: chunk)
    emit.readFile(
      torrent.fileName, at: torrent.offset(of: chunk), count: size,
      token: FileTask.check(chunk: chunk).token)
  }

  private mutating func checked(
    _ chunk: Int, _ result: FileResult, at now: Instant, emit: inout Effects
  ) {
    guard let torrent, var pieces = self.pieces else { return }
    self.pieces = nil
    if chunk < torrent.chunks.count, case .read(let bytes) = result,
      let number = pieces.number(of: torrent.chunks[chunk]), pieces.matches(bytes, number)
    {
      _ = pieces.hold(chunk: chunk, of: number)
    }
    self.pieces = pieces
    // Where there is no file, there is no chunk.
    if case .read = result, chunk + 1 < torrent.chunks.count {
      check(chunk + 1, emit: &emit)
    } else {
      join(at: now, emit: &emit)
    }
  }

  /// What is here is known: the client takes part.
  private mutating func join(at now: Instant, emit: inout Effects) {
    guard let torrent, let pieces else { return }
    started = now
    emit.log(
      Event(
        TorrentEvents.downloadStarted,
        [
          "file": .text(torrent.fileName.description), "size": .integer(torrent.fileSize),
          "chunks": .integer(Int64(torrent.chunks.count)),
          "held": .integer(Int64(pieces.heldChunks)), "hash": .text(torrent.fileHash),
        ]))
    takePart(at: now, emit: &emit)
    if pieces.isComplete { hashWhole(emit: &emit) } else { fetch(at: now, emit: &emit) }
  }

  // MARK: - The whole file

  mutating func hashWhole(emit: inout Effects) {
    wholeFile = FileHash()
    readWhole(0, emit: &emit)
  }

  private mutating func readWhole(_ chunk: Int, emit: inout Effects) {
    guard let torrent else { return }
    let isRest = chunk < torrent.chunks.count
    emit.readFile(
      torrent.fileName, at: torrent.offset(of: chunk), count: isRest ? torrent.size(of: chunk) : 0,
      token: FileTask.whole(chunk: chunk).token)
  }

  private mutating func hashed(
    _ chunk: Int, _ result: FileResult, at now: Instant, emit: inout Effects
  ) {
    guard let torrent, let started, chunk == wholeFile.next else { return }
    if case .read(let bytes) = result { wholeFile.add(bytes) } else { wholeFile.add([]) }
    if wholeFile.next < torrent.chunks.count { return readWhole(wholeFile.next, emit: &emit) }
    emit.log(
      Event(
        TorrentEvents.downloadCompleted,
        ["hash": .text(wholeFile.text), "took": .integer((now - started).count)]))
  }
}
