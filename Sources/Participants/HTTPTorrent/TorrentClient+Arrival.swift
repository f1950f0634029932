import HTTP
import Hashing
import Participants

/// What comes of pieces: it is hashed and written as it comes, while it is in the processor's caches.
///
/// What stands on the disk in the place of a missing piece does not count, then or after a restart,
/// so that it may be overwritten until all of it has come and its hash is right. One request for a
/// piece writes; a second one (the end game) is kept in memory until it is whole, because a liar's
/// bytes must not get among the first one's.
extension TorrentClient {
  /// What came of a request for a piece so far.
  struct Arrival {
    /// Whether it is written as it comes.
    let isWritten: Bool
    var hash = SHA1()
    /// In bytes.
    var count = 0
    /// What is not written.
    var kept: [UInt8] = []

    init(isWritten: Bool) { self.isWritten = isWritten }

    /// Of bytes that came otherwise.
    init(whole bytes: [UInt8]) {
      isWritten = false
      hash.update(bytes)
      count = bytes.count
      kept = bytes
    }

    /// The SHA-1 of what came, in hexadecimal.
    var text: String {
      var hash = hash
      return Hexadecimal.text(hash.finish())
    }
  }

  /// A piece that is on its way to the disk.
  struct Writing {
    /// The request that it is written of as it comes.
    var writer: HTTPClient.ExchangeID?
    /// Writes that the disk has not answered.
    var pending = 0
    var hasFailed = false
    /// Who gave it and when it was asked for, once it is whole and good.
    var source: (owner: Address, since: Instant)?
  }

  /// Some of a piece came.
  mutating func take(_ part: ArraySlice<UInt8>, of id: HTTPClient.ExchangeID, _ turn: inout Turn) {
    guard case .chunk(let piece, _, _) = exchanges[id], let pieces, pieces.isWanted(piece) else {
      return
    }
    if arrivals[id] == nil {
      let isFirst = writings[piece]?.writer == nil
      arrivals[id] = Arrival(isWritten: isFirst)
      if isFirst {
        writings[piece, default: Writing()].writer = id
        writings[piece]?.hasFailed = false
      }
    }
    guard var arrival = arrivals.removeValue(forKey: id) else { return }
    let offset = arrival.count
    arrival.count += part.count
    // More than the piece has is not looked at: it is in vain already.
    if arrival.count <= pieces[piece].size {
      unsafe part.withUnsafeBytes { unsafe arrival.hash.update($0) }
      if arrival.isWritten {
        write(part, of: piece, at: offset, &turn)
      } else {
        arrival.kept += part
      }
    }
    arrivals[id] = arrival
  }

  /// A request for a piece came to its end, and what came of it, if it was handed on as it came.
  mutating func endArrival(_ id: HTTPClient.ExchangeID, of piece: Int) -> Arrival? {
    if writings[piece]?.writer == id { writings[piece]?.writer = nil }
    return arrivals.removeValue(forKey: id)
  }

  /// Puts some of a piece, from an offset in it on, in all its places.
  mutating func write(
    _ bytes: ArraySlice<UInt8>, of piece: Int, at offset: Int, _ turn: inout Turn
  ) {
    guard let torrent, let places = pieces?.emptyPlaces(of: piece) else { return }
    writings[piece, default: Writing()].pending += places.count
    for chunk in places {
      write(
        bytes, offset: torrent.offset(of: chunk) + Int64(offset), for: .write(chunk: chunk), &turn)
    }
  }

  /// Some of a piece is on the disk, or could not be put there.
  mutating func wrote(_ chunk: Int, _ answer: FileAnswer, _ turn: inout Turn) {
    guard let torrent, let piece = pieces?.number(of: torrent.chunks[chunk]),
      var writing = writings[piece]
    else { return }
    writing.pending -= 1
    if answer != .done {
      if !writing.hasFailed { complain(answer, &turn) }
      writing.hasFailed = true
    }
    writings[piece] = writing
    finishWriting(piece, &turn)
  }

  /// A piece that is whole and good counts once all of it is on the disk. One that is written no
  /// more is forgotten once the disk is done.
  mutating func finishWriting(_ piece: Int, _ turn: inout Turn) {
    guard let torrent, let writing = writings[piece], writing.pending == 0 else { return }
    guard let source = writing.source else {
      if writing.writer == nil { writings[piece] = nil }
      return
    }
    writings[piece] = nil
    guard !writing.hasFailed, let places = pieces?.emptyPlaces(of: piece) else {
      pieces?.miss(piece)
      return turn.setTimer(Timer.look, at: turn.now + Self.diskPause)
    }
    for chunk in places {
      turn.log(
        TorrentEvents.chunkReceived, peer: source.owner,
        ["chunk": chunk, "bytes": torrent.size(of: chunk), "took": turn.now - source.since])
      _ = pieces?.hold(chunk: chunk, of: piece)
    }
    announce(piece, &turn)
    if pieces?.isComplete == true { hashWhole(&turn) }
  }
}
