import HTTP
import Hashing
import JSONReading
import Participants

/// Fetching pieces: whom to ask for what, and what to do with what comes.
extension TorrentClient {
  private static let giversKept = 8

  /// The content type of a piece's bytes as they are.
  static let binary = "application/octet-stream"
  /// Bytes of chunks that are asked for at once, where more than two are. What is on the way twice is
  /// in memory, and few know who else will have it.
  private static let mostBytesUnderWay = 4 * 1024 * 1024
  /// How long a disk that failed is left alone.
  static let diskPause = Microseconds.seconds(5)
  /// How long an owner that is busy, or lacks a piece, is left alone.
  private static let busyPause = Microseconds.milliseconds(500)

  /// Chunks that may be asked for at once.
  var mostUnderWay: Int {
    min(settings.parallel, max(2, Self.mostBytesUnderWay / max(1, torrent?.chunkSize ?? 1)))
  }

  /// Asks owners for pieces until enough are under way, or nobody is known to ask.
  ///
  /// - Parameter asking: whether the tracker may be asked for more owners.
  mutating func fetch(asking: Bool = true, _ turn: inout Turn) {
    while chunksUnderWay < mostUnderWay {
      guard turn.now >= nextRequest else { return turn.setTimer(Timer.look, at: nextRequest) }
      guard let (piece, hash, owner) = choose(at: turn.now) else {
        if asking, trackerIsUp == true { askForOwners(&turn) }
        return
      }
      nextRequest = turn.now + settings.pace
      pieces?.ask(piece)
      owners.ask(owner)
      chunksUnderWay += 1
      var request = HTTPRequest.json("POST", "/chunk", SpacedJSON.texts([hash]))
      request.fields.append(
        ("Accept", settings.transfersBinary ? "\(Self.binary), */*;q=0.5" : "*/*"))
      ask(
        request, of: owner, for: .chunk(piece, owner: owner, since: turn.now),
        within: settings.chunkTimeout, &turn)
    }
  }

  /// The piece to ask for next, and whom: one that the fewest are known to have, of those in the
  /// tracker's last answer, or of all while there is no tracker. When every missing piece is under
  /// way, one of them from a second owner (the end game): the last ones do not wait for the slowest.
  private func choose(at now: Instant) -> (piece: Int, hash: String, owner: Address)? {
    guard let pieces else { return nil }
    var best: (piece: Int, owner: Address, owners: Int)?
    let candidates = trackerIsUp == true ? ready : pieces.missing
    for piece in candidates where pieces.isWanted(piece) && pieces[piece].asked == 0 {
      let count = owners.count(of: piece, at: now)
      guard count > 0, count < best?.owners ?? .max,
        let owner = owners.choose(
          for: piece, atMost: settings.perOwner, excluding: nil, at: now)
      else { continue }
      best = (piece, owner, count)
      if count == 1 { break }
    }
    if let best { return (best.piece, pieces[best.piece].hash, best.owner) }
    guard pieces.missing.allSatisfy({ pieces[$0].asked > 0 || !pieces.isWanted($0) }) else {
      return nil
    }
    for piece in pieces.missing where pieces.isWanted(piece) && pieces[piece].asked == 1 {
      guard let first = ownerAsked(for: piece),
        let second = owners.choose(for: piece, atMost: 1, excluding: first, at: now)
      else { continue }
      return (piece, pieces[piece].hash, second)
    }
    return nil
  }

  /// Of a piece that is under way.
  private func ownerAsked(for piece: Int) -> Address? {
    for id in exchanges.keys.sorted() {
      if case .chunk(piece, let owner, _) = exchanges[id] { return owner }
    }
    return nil
  }

  /// An owner answered, or did not.
  mutating func received(
    _ piece: Int, from owner: Address, since: Instant,
    _ result: Result<HTTPMessage, HTTPClient.Failure>, _ arrival: Arrival?, _ turn: inout Turn
  ) {
    release(piece, owner)
    switch result {
    case .failure(.closed(.failed)):
      // This machine could not dial: the owner is not to blame.
      turn.setTimer(Timer.look, at: turn.now + Self.busyPause)
    case .failure(.closed):
      leave(owner, .dead, until: turn.now + settings.avoidFor, &turn)
    case .failure(.tooSlow):
      leave(owner, .slow, until: turn.now + settings.avoidFor, &turn)
    case .failure(.garbled(let fault)):
      reject(piece, from: owner, "\(fault)", &turn)
    case .success(let message):
      read(message, arrival, piece, from: owner, since: since, &turn)
    }
    finishWriting(piece, &turn)
    fetch(&turn)
  }

  private mutating func release(_ piece: Int, _ owner: Address) {
    chunksUnderWay -= 1
    owners.unask(owner)
    pieces?.unask(piece)
  }

  private mutating func leave(
    _ owner: Address, _ offence: Owners.Offence, until: Instant?, _ turn: inout Turn
  ) {
    guard owners.avoid(owner, until: until, at: turn.now) else { return }
    changes.logEach(
      Event(TorrentEvents.ownerLeft, peer: owner, ["reason": offence.rawValue]), per: owner,
      &turn)
  }

  /// What came is not what was asked for: its sender is asked nothing ever again.
  private mutating func reject(
    _ piece: Int, from owner: Address, _ reason: String, _ turn: inout Turn
  ) {
    guard let chunk = pieces?[piece].chunks.first else { return }
    changes.logEach(
      Event(TorrentEvents.chunkRejected, peer: owner, ["chunk": chunk, "reason": reason]),
      per: owner, &turn)
    leave(owner, .lying, until: nil, &turn)
  }

  private mutating func read(
    _ message: HTTPMessage, _ arrival: Arrival?, _ piece: Int, from owner: Address, since: Instant,
    _ turn: inout Turn
  ) {
    guard let pieces, pieces.isWanted(piece) else { return }
    switch message.status {
    case 200: break
    case 503:
      _ = owners.avoid(owner, until: turn.now + Self.busyPause, at: turn.now)
      return turn.setTimer(Timer.look, at: turn.now + Self.busyPause)
    default:
      owners.forget(owner, of: piece)
      changes.logEach(
        Event(TorrentEvents.ownerLeft, peer: owner, ["reason": Owners.Offence.without.rawValue]),
        per: owner, &turn)
      return
    }
    guard
      let arrival = arrival
        ?? Self.content(of: pieces[piece].hash, in: message.body).map({ Arrival(whole: $0) })
    else { return reject(piece, from: owner, "not a chunk", &turn) }
    guard
      arrival.count == pieces[piece].size,
      !settings.verifies || arrival.text == pieces[piece].hash
    else { return reject(piece, from: owner, "wrong bytes", &turn) }
    keep(arrival, piece, from: owner, since: since, &turn)
  }

  /// Of an answer as the original gives it: an array of `{hash, content}`.
  private static func content(of hash: String, in body: [UInt8]) -> [UInt8]? {
    (try? JSONValue(body))?.array?.first { $0["hash"]?.text == hash }?["content"]?.text
      .flatMap { Base64.bytes($0) }
  }

  // MARK: - Keeping

  private mutating func keep(
    _ arrival: Arrival, _ piece: Int, from owner: Address, since: Instant, _ turn: inout Turn
  ) {
    // Another owner may be on the way with the same.
    for id in exchanges.keys.sorted() {
      guard case .chunk(piece, let other, _) = exchanges[id] else { continue }
      exchanges[id] = nil
      _ = endArrival(id, of: piece)
      http.cancel(id, &turn)
      release(piece, other)
    }
    givers.removeAll { $0 == owner }
    givers = givers.suffix(Self.giversKept - 1) + [owner]
    self.pieces?.beginWriting(piece)
    owners.forget(piece: piece)
    if !arrival.isWritten { write(arrival.kept[...], of: piece, at: 0, &turn) }
    writings[piece, default: Writing()].source = (owner, since)
  }
}
