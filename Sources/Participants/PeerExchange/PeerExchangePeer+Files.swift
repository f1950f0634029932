import Hashing
import Participants

/// Files: split and shared, or fetched piece by piece.
///
/// A file is looked through from its beginning, a piece at a time, before any of its pieces is traded.
/// What is fetched goes into `FILE.part` as it comes, at its place, and becomes `FILE` when all of it
/// is there. A node that is started again looks through what it has and goes on from there.
extension PeerExchangePeer {
  enum FilePurpose: UInt8 {
    /// The next piece of a file that is looked through; the subject is the file.
    case look = 1
    /// A list, or a file's last name, is written; the subject is the file.
    case finish
    /// Something that was fetched is written; the subject is the file.
    case keep
    /// The first that is written of a file: of one that is shared its list, of one that is fetched
    /// nothing, to see whether it can be; the subject is the file.
    case open
    /// A piece to give; the subject is the connection.
    case give
    /// A piece that stands in two places; the subject is its number.
    case copy
  }

  mutating func openFiles(_ turn: inout Turn) {
    for path in settings.share {
      files.append(TradedFile(shared: path))
      look(at: files.count - 1, &turn)
    }
    for path in settings.fetch {
      files.append(TradedFile(fetchedBy: path))
      let file = files.count - 1
      if path.hasSuffix(HashList.suffix) {
        look(at: file, &turn)
      } else {
        fail(file, "the name of a hash list ends in \(HashList.suffix)", isMisuse: true, &turn)
      }
    }
  }

  mutating func hear(_ answer: FileAnswer, to key: FileKey, _ turn: inout Turn) {
    let subject = Int(truncatingIfNeeded: key.subject)
    switch FilePurpose(rawValue: key.purpose) {
    case .look: take(answer, of: subject, &turn)
    case .finish: finish(subject, answer, &turn)
    case .keep, .open:
      guard case .failed(let reason) = answer else { return }
      fail(subject, reason, isMisuse: key.purpose == FilePurpose.open.rawValue, &turn)
    case .give: give(answer, on: ConnectionID(key.subject), &turn)
    case .copy: copy(answer, of: subject, &turn)
    case nil: break
    }
  }

  func key(_ purpose: FilePurpose, _ subject: Int) -> FileKey {
    FileKey(purpose: purpose.rawValue, subject: UInt64(subject))
  }

  /// - Parameter isMisuse: whether it could not be had from the beginning: somebody named the wrong
  ///   file, and the node ends. It does too when it was started for that file, and others go on
  ///   without it.
  mutating func fail(_ file: Int, _ reason: String, isMisuse: Bool = false, _ turn: inout Turn) {
    guard files.indices.contains(file) else { return }
    if case .failed = files[file].stage { return }
    files[file].stage = .failed
    turn.log(PeerExchangeEvents.fileFailed, ["file": files[file].path, "reason": reason])
    if isMisuse || settings.once && !files[file].isFinished {
      turn.fail("\(files[file].named): \(reason)", isMisuse: isMisuse)
    }
  }

  // MARK: - Looking through

  /// Reads the next piece of a file, or its list.
  private func look(at file: Int, _ turn: inout Turn) {
    let traded = files[file]
    let offset = traded.hashes.count * settings.pieceSize
    let request: FileRequest? =
      switch traded.stage {
      case .measuring:
        .read(path: traded.path, offset: HashList.longest * settings.pieceSize, count: 1)
      case .splitting, .verifying:
        .read(path: traded.path, offset: offset, count: settings.pieceSize)
      case .resuming: .read(path: traded.partPath, offset: offset, count: settings.pieceSize)
      case .readingList:
        .read(path: traded.listPath, offset: 0, count: HashList.longestText + 1)
      case .trading, .failed: nil
      }
    if let request { turn.file(key(.look, file), request) }
  }

  private mutating func take(_ answer: FileAnswer, of file: Int, _ turn: inout Turn) {
    guard files.indices.contains(file) else { return }
    switch (files[file].stage, answer) {
    case (.measuring, .bytes(let bytes)):
      guard bytes.isEmpty else { return tooLong(file, &turn) }
      files[file].stage = .splitting
      look(at: file, &turn)
    case (.readingList, .bytes(let bytes)): read(bytes, of: file, &turn)
    case (.splitting, .bytes(let bytes)), (.verifying, .bytes(let bytes)),
      (.resuming, .bytes(let bytes)):
      add(bytes, to: file, &turn)
    case (.verifying, .failed):
      // It is not there: perhaps a part of it is.
      files[file].stage = .resuming
      look(at: file, &turn)
    case (.resuming, .failed): begin(file, &turn)
    case (.measuring, .failed(let reason)), (.splitting, .failed(let reason)),
      (.readingList, .failed(let reason)):
      fail(file, reason, isMisuse: true, &turn)
    case (.trading, _), (.failed, _), (_, .done): break
    }
  }

  private mutating func tooLong(_ file: Int, _ turn: inout Turn) {
    fail(file, "more than \(HashList.longest) pieces", isMisuse: true, &turn)
  }

  private mutating func read(_ bytes: [UInt8], of file: Int, _ turn: inout Turn) {
    guard let list = HashList(String(decoding: bytes, as: UTF8.self)) else {
      return fail(file, "this is no hash list", isMisuse: true, &turn)
    }
    guard list.pieceSize == settings.pieceSize else {
      return fail(
        file, "its pieces have \(list.pieceSize) bytes: start with that piece-size", isMisuse: true,
        &turn)
    }
    files[file].list = list
    files[file].stage = .verifying
    look(at: file, &turn)
  }

  /// A piece of a file was read; an empty or short one is the last.
  private mutating func add(_ bytes: [UInt8], to file: Int, _ turn: inout Turn) {
    files[file].size += bytes.count
    if !bytes.isEmpty { files[file].hashes.append(PieceHash(SHA256.hash(bytes))) }
    guard files[file].hashes.count <= HashList.longest else {
      return tooLong(file, &turn)
    }
    // What is longer than its list says is another file, however long it is.
    let isWhole = files[file].hashes.count <= files[file].list?.hashes.count ?? HashList.longest
    if bytes.count == settings.pieceSize, isWhole { return look(at: file, &turn) }
    let (list, hashes, size) = (files[file].list, files[file].hashes, files[file].size)
    if case .verifying = files[file].stage,
      list != HashList(pieceSize: settings.pieceSize, size: size, hashes: hashes)
    {
      return fail(
        file, "\(files[file].path) is there, and it is another file", isMisuse: true, &turn)
    }
    if let list, size > list.size {
      return fail(file, "\(files[file].partPath) is too long: remove it", isMisuse: true, &turn)
    }
    begin(file, &turn)
  }

  /// A file was looked through: its pieces are traded from now on.
  private mutating func begin(_ file: Int, _ turn: inout Turn) {
    let traded = files[file]
    let list =
      traded.list
      ?? HashList(pieceSize: settings.pieceSize, size: traded.size, hashes: traded.hashes)
    files[file].list = list
    files[file].stage = .trading
    let isThere = list.hashes.indices.map {
      $0 < traded.hashes.count && traded.hashes[$0] == list.hashes[$0]
    }
    files[file].missing = isThere.count { !$0 }
    // Those that are there first, because others are copied from them. The others in any order, so
    // that those who fetch the same soon have different pieces to give.
    let places = list.hashes.indices
    for place in places.filter({ isThere[$0] })
      + places.filter({ !isThere[$0] }).shuffled(using: &turn.random)
    {
      add(
        list.hashes[place], list.length(at: place),
        at: FilePlace(file: file, offset: place * settings.pieceSize), isHeld: isThere[place], &turn
      )
    }
    files[file].hashes = []
    switch traded.stage {
    case .splitting:
      let part = traded.listPath + ".part"
      turn.file(key(.open, file), .write(path: part, offset: 0, Array(list.text.utf8)[...]))
      turn.file(key(.finish, file), .rename(path: part, to: traded.listPath))
    case .verifying: finish(file, .done, &turn)
    case .resuming:
      turn.file(key(.open, file), .write(path: traded.partPath, offset: 0, []))
      settle(file, &turn)
    case .measuring, .readingList, .trading, .failed: settle(file, &turn)
    }
    ask(&turn)
  }

  /// A piece of a file: there, or wanted unless it is known already.
  private mutating func add(
    _ hash: PieceHash, _ size: Int, at place: FilePlace, isHeld: Bool, _ turn: inout Turn
  ) {
    let isNew = store.numbers[hash] == nil
    let number = store.add(hash, size: size, isHeld: isHeld)
    if isNew { log(number, &turn) }
    if store[number].isHeld, !isHeld {
      copy(number, to: [place], &turn)
    } else if isHeld, !store[number].isHeld {
      let wanted = store[number].places
      store[number].places = [place]
      store.hold(number)
      copy(number, to: wanted, &turn)
    } else {
      store[number].places.append(place)
    }
  }

  // MARK: - Keeping

  /// A part of a piece came: writes it wherever in files it belongs.
  func keep(_ part: ArraySlice<UInt8>, at offset: Int, of number: Int, _ turn: inout Turn) {
    for place in store[number].places { write(part, to: place, at: offset, &turn) }
  }

  private func write(
    _ part: ArraySlice<UInt8>, to place: FilePlace, at offset: Int, _ turn: inout Turn
  ) {
    if case .failed = files[place.file].stage { return }
    turn.file(
      key(.keep, place.file),
      .write(path: files[place.file].partPath, offset: place.offset + offset, part))
  }

  /// A piece is in its places.
  mutating func fill(_ places: [FilePlace], _ turn: inout Turn) {
    for place in places {
      files[place.file].missing -= 1
      settle(place.file, &turn)
    }
  }

  /// A file that is fetched gets its name when nothing of it is missing.
  private func settle(_ file: Int, _ turn: inout Turn) {
    let traded = files[file]
    guard traded.missing == 0, case .trading = traded.stage else { return }
    turn.file(key(.finish, file), .rename(path: traded.partPath, to: traded.path))
  }

  /// Puts a piece that is there into further places.
  private mutating func copy(_ number: Int, to places: [FilePlace], _ turn: inout Turn) {
    guard !places.isEmpty else { return }
    store[number].copies += places
    turn.file(key(.copy, number), read(number))
  }

  private mutating func copy(_ answer: FileAnswer, of number: Int, _ turn: inout Turn) {
    let places = store[number].copies
    store[number].copies = []
    switch answer {
    case .bytes(let bytes) where PieceHash(SHA256.hash(bytes)) == store[number].hash:
      for place in places { write(bytes[...], to: place, at: 0, &turn) }
      fill(places, &turn)
    case .bytes, .done, .failed:
      for place in places { fail(place.file, "a piece to copy cannot be read", &turn) }
    }
  }

  /// A list or a file has its name.
  private mutating func finish(_ file: Int, _ answer: FileAnswer, _ turn: inout Turn) {
    guard files.indices.contains(file) else { return }
    let traded = files[file]
    if case .failed(let reason) = answer {
      return fail(file, reason, isMisuse: traded.isShared, &turn)
    }
    files[file].isFinished = true
    let bytes = traded.list?.size ?? 0
    if traded.isShared {
      turn.log(
        PeerExchangeEvents.fileShared,
        [
          "file": traded.path, "bytes": bytes, "pieces": traded.list?.hashes.count ?? 0,
          "list": traded.listPath,
        ])
    } else {
      turn.log(PeerExchangeEvents.fileFetched, ["file": traded.path, "bytes": bytes])
    }
    endIfDone(&turn)
  }

  /// A node that was started for what it wants ends when that is there.
  func endIfDone(_ turn: inout Turn) {
    guard settings.once, wanted > 0 || !settings.fetch.isEmpty, store.missing == 0,
      files.allSatisfy(\.isFinished)
    else { return }
    turn.finish()
  }

  // MARK: - Giving

  /// How a piece is read from one of the files that it stands in.
  func read(_ number: Int) -> FileRequest {
    let piece = store[number]
    let place = piece.places[0]
    return .read(path: files[place.file].currentPath, offset: place.offset, count: piece.size)
  }
}
