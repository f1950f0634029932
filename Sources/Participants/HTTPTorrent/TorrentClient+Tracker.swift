import HTTP
import JSONReading
import Kademlia
import Participants

/// Telling the tracker what is here, asking it who has what is not, and telling the metrics server how
/// it goes.
extension TorrentClient {
  /// Hashes that nobody announced which are met in a round, before the tracker is left alone.
  private static let mostUntracked = 64
  /// From now on others can find this client.
  mutating func takePart(_ turn: inout Turn) {
    announceAll(&turn)
    announceInDHT(&turn)
    turn.setTimer(Timer.owners, at: turn.now + settings.ownersInterval)
    if settings.metrics != nil { reportMetrics(&turn) }
  }

  // MARK: - Announcements

  mutating func announceAll(_ turn: inout Turn) {
    turn.setTimer(Timer.announceAll, at: turn.now + settings.announceInterval)
    meetBootstraps(&turn)
    announce(all: true, &turn)
  }

  /// Tells the tracker of all pieces that are here, or of those it was not told of.
  mutating func announce(all: Bool, _ turn: inout Turn) {
    guard let tracker, let pieces, !isAnnouncing else { return }
    let told = all ? pieces.held : unannounced
    guard all || !told.isEmpty else { return }
    unannounced = []
    isAnnouncing = true
    let hashes = settings.announcesToTracker ? told.map { pieces[$0].hash } : []
    let body = """
      {"client_host": \(SpacedJSON.text(own.host)), "client_port": \(own.port), \
      "hashes": \(SpacedJSON.texts(hashes))}
      """
    ask(
      .json("PUT", "/chunk", body), of: tracker, for: .announce, within: settings.trackerTimeout,
      &turn)
  }

  mutating func announced(_ result: Result<HTTPMessage, HTTPClient.Failure>, _ turn: inout Turn) {
    isAnnouncing = false
    // What it was not told is told with all others, when the time comes or it is found again.
    if trackerAnswered(result, &turn) { announce(all: false, &turn) }
  }

  /// A piece is here: others are to know, the sooner the better. Those that arrive while the tracker is
  /// being told go along the next time.
  mutating func announce(_ piece: Int, _ turn: inout Turn) {
    if dht != nil, settings.announcesInDHT { dhtAnnouncements.append(piece) }
    unannounced.append(piece)
    if trackerIsUp == true { announce(all: false, &turn) }
  }

  // MARK: - The tracker's state

  /// Notes whether the tracker answers.
  ///
  /// - Returns: whether it did, with 200.
  private mutating func trackerAnswered(
    _ result: Result<HTTPMessage, HTTPClient.Failure>, _ turn: inout Turn
  ) -> Bool {
    guard let tracker else { return false }
    switch result {
    case .success(let message):
      if trackerIsUp != true {
        let wasLost = trackerIsUp == false
        trackerIsUp = true
        turn.log(TorrentEvents.trackerFound, peer: tracker)
        // It may have been started anew.
        if wasLost { announceAll(&turn) }
        fetch(&turn)
      }
      return message.status == 200
    case .failure(let failure):
      if trackerIsUp != false {
        trackerIsUp = false
        turn.log(TorrentEvents.trackerLost, peer: tracker, ["reason": failure.word])
      }
      return false
    }
  }

  // MARK: - Owners

  /// Asks for owners of missing pieces, if the last question is answered.
  mutating func askForOwners(_ turn: inout Turn) {
    turn.setTimer(Timer.owners, at: turn.now + settings.ownersInterval)
    guard let tracker, let pieces, !pieces.isComplete, !isAskingOwners else { return }
    let wanted = ownersWanted(of: pieces)
    guard !wanted.isEmpty else { return }
    isAskingOwners = true
    ask(
      .json("POST", "/chunk", SpacedJSON.texts(wanted.map { pieces[$0].hash })), of: tracker,
      for: .owners(wanted), within: settings.trackerTimeout, &turn)
  }

  /// Some missing pieces that nobody was asked for, and at the end those that somebody was asked for.
  /// Each question goes on where the last one ended.
  ///
  /// Not many: who has them should be news when it is used, so that those who got a piece meanwhile
  /// relieve those who had it before.
  private mutating func ownersWanted(of pieces: Pieces) -> [Int] {
    let missing = pieces.missing
    let isEnding = missing.count <= mostUnderWay
    var wanted: [Int] = []
    for step in missing.indices where wanted.count < 2 * mostUnderWay {
      let piece = missing[(windowStart + step) % missing.count]
      guard pieces.isWanted(piece), !untracked.contains(piece),
        isEnding || pieces[piece].asked == 0
      else { continue }
      wanted.append(piece)
    }
    windowStart = (windowStart + wanted.count) % max(1, missing.count)
    return wanted
  }

  mutating func learnOwners(
    of asked: [Int], _ result: Result<HTTPMessage, HTTPClient.Failure>, _ turn: inout Turn
  ) {
    isAskingOwners = false
    let isAnswered = trackerAnswered(result, &turn)
    guard case .success(let message) = result, let pieces else { return }
    guard isAnswered else {
      return skipUntracked(message, asked, pieces, &turn)
    }
    guard let entries = (try? JSONValue(message.body))?.array else {
      return repeats.reject(
        from: tracker, reason: "not a list of owners", bytes: message.body.count, &turn)
    }
    ready = []
    for entry in entries {
      guard let host = entry["client_host"]?.text, let port = entry["client_port"]?.integer,
        let owner = Address(host: host[...], portText: String(port)[...]), owner.port > 0,
        let hashes = entry["hash_list"]?.texts
      else { continue }
      for hash in hashes {
        guard let piece = pieces.number(of: hash), pieces.isWanted(piece) else { continue }
        owners.learn(owner, of: piece)
        ready.append(piece)
      }
    }
    guard !ready.isEmpty else { return }
    turn.log(TorrentEvents.ownersLearned, ["from": "tracker", "chunks": ready.count])
    let underWay = chunksUnderWay
    fetch(asking: false, &turn)
    // Ask on while it helps; otherwise when something has changed, or after a while.
    if chunksUnderWay > underWay, chunksUnderWay < mostUnderWay {
      askForOwners(&turn)
    }
  }

  /// A tracker refuses a whole question because of one hash that nobody ever announced: ask again
  /// without it, a few times in a round.
  private mutating func skipUntracked(
    _ message: HTTPMessage, _ asked: [Int], _ pieces: Pieces, _ turn: inout Turn
  ) {
    let text = String(decoding: message.body, as: UTF8.self)
    guard let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"), open < close,
      let piece = pieces.number(of: String(text[open...].dropFirst().prefix { $0 != ")" })),
      untracked.insert(piece).inserted, untracked.count <= Self.mostUntracked
    else { return }
    askForOwners(&turn)
  }

  // MARK: - Metrics

  mutating func reportMetrics(_ turn: inout Turn) {
    guard let server = settings.metrics, let torrent, let pieces else { return }
    turn.setTimer(Timer.metrics, at: turn.now + settings.metricsInterval)
    let body = """
      {"client_host": \(SpacedJSON.text(own.host)), "client_port": \(own.port), \
      "downloaded_chunks": \(pieces.heldChunks), "uploaded_chunks": \(sentChunks), \
      "total_chunks": \(torrent.chunks.count), "chunk_size": \(torrent.chunkSize), \
      "dht_peers": \(dht?.table.count ?? 0), "dht_enabled": \(settings.usesDHT), \
      "tracker_status_up": \(trackerIsUp == true)}
      """
    ask(
      .json("POST", "/metrics", body), of: server, for: .metrics, within: settings.metricsInterval,
      &turn)
  }
}

extension HTTPRequest {
  static func json(_ method: String, _ target: String, _ text: String) -> HTTPRequest {
    HTTPRequest(
      method, target, fields: [("Content-Type", "application/json")], body: Array(text.utf8))
  }
}

extension HTTPClient.Failure {
  /// For events.
  var word: String {
    switch self {
    case .closed(let reason): reason.rawValue
    case .tooSlow: "silent"
    case .garbled: "garbled"
    }
  }
}
