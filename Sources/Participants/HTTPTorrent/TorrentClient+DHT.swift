import HTTP
import Hashing
import JSONReading
import Kademlia
import Participants
import Wire

/// The DHT: who has a chunk is kept there too, for the time when there is no tracker.
///
/// A chunk's list of owners is one value that many write. It is read from several nodes and merged
/// before it is written, and written again now and then: what two writers did to each other at one
/// moment heals.
extension TorrentClient {
  /// Values that are looked up at once.
  private static let lookupsAtOnce = 8
  /// Nodes whose values of a key are merged.
  private static let gathered = 3

  /// What is done with a piece's value when it is found.
  enum DHTJob {
    /// Adds this client to it.
    case announce(Int)
    /// Learns who has the piece.
    case find(Int)

    var piece: Int {
      switch self {
      case .announce(let piece), .find(let piece): piece
      }
    }
  }

  static func makeDHT() -> DHT { DHT(options: OptionValues(KademliaRoles.dht)) }

  /// Where the value of a piece is.
  private func key(of piece: Int) -> NodeID? {
    pieces.flatMap { NodeID(SHA1.hash(Array($0[piece].hash.utf8))) }
  }

  /// Tells the tracker where this node of the DHT is, and asks for others.
  mutating func meetBootstraps(_ turn: inout Turn) {
    guard dht != nil, let tracker else { return }
    let body = "{\"host\": \(SpacedJSON.text(own.host)), \"port\": \(own.port)}"
    ask(
      .json("POST", "/dht", body), of: tracker, for: .registerBootstrap,
      within: settings.trackerTimeout, &turn)
    ask(
      HTTPRequest("GET", "/dht"), of: tracker, for: .bootstraps, within: settings.trackerTimeout,
      &turn)
  }

  /// While no node of the DHT is known: asks the tracker again, or tries those who gave chunks. They
  /// may have the DHT at the same port.
  mutating func seekBootstraps(_ turn: inout Turn) {
    guard dht?.table.isEmpty == true else { return }
    meetBootstraps(&turn)
    guard trackerIsUp == false, !givers.isEmpty else { return }
    dht?.join(by: givers, &turn)
  }

  mutating func learnBootstraps(
    _ result: Result<HTTPMessage, HTTPClient.Failure>, _ turn: inout Turn
  ) {
    guard case .success(let message) = result, message.status == 200,
      let entries = (try? JSONValue(message.body))?.array
    else { return }
    let nodes = entries.compactMap { entry -> Address? in
      guard let host = entry["host"]?.text, let port = entry["port"]?.integer else { return nil }
      return Address(host: host[...], portText: String(port)[...])
    }.filter { $0 != own && $0.port > 0 }
    guard !nodes.isEmpty else { return }
    dht?.join(by: Array(nodes.shuffled(using: &turn.random).prefix(Self.lookupsAtOnce)), &turn)
  }

  // MARK: - Jobs

  /// All pieces that are here are to be announced, again.
  mutating func announceInDHT(_ turn: inout Turn) {
    guard dht != nil, settings.announcesInDHT else { return }
    turn.setTimer(Timer.announceInDHT, at: turn.now + settings.dhtInterval)
    let planned = Set(dhtAnnouncements)
    dhtAnnouncements = (pieces?.held ?? []).filter { !planned.contains($0) } + dhtAnnouncements
  }

  /// Begins jobs until enough are under way: pieces to be found first, while the tracker is down.
  mutating func workInDHT(_ turn: inout Turn) {
    guard dht?.table.isEmpty == false else { return }
    while dhtJobs.count < Self.lookupsAtOnce {
      guard let job = nextJob(at: turn.now), let key = key(of: job.piece) else { return }
      dhtJobs[key] = job
      dht?.get(key, gathering: Self.gathered, &turn)
    }
  }

  private mutating func nextJob(at now: Instant) -> DHTJob? {
    guard let pieces else { return nil }
    if trackerIsUp != true, !isRoundSought {
      if let piece = nextToFind(pieces, at: now) { return .find(piece) }
      isRoundSought = true
    }
    while let piece = dhtAnnouncements.popLast() {
      if !isAtWork(on: piece) { return .announce(piece) }
    }
    return nil
  }

  private func isAtWork(on piece: Int) -> Bool {
    key(of: piece).map { dhtJobs[$0] != nil } ?? false
  }

  private mutating func nextToFind(_ pieces: Pieces, at now: Instant) -> Int? {
    pieces.missing.first { piece in
      pieces.isWanted(piece) && pieces[piece].asked == 0 && !soughtInDHT.contains(piece)
        && !owners.knows(ownerOf: piece, at: now) && !isAtWork(on: piece)
    }.map { piece in
      soughtInDHT.insert(piece)
      return piece
    }
  }

  // MARK: - Outcomes

  /// What came of the DHT's work since the last look.
  mutating func followDHT(_ turn: inout Turn) {
    guard dht != nil else { return }
    var isNews = false
    for outcome in dht?.takeOutcomes() ?? [] {
      switch outcome {
      case .found(let key, let values):
        isNews = true
        take(values, of: key, &turn)
      case .missing(let key):
        isNews = true
        take([], of: key, &turn)
      case .joined: isNews = true
      case .put, .putFailed: break
      }
    }
    if isNews || !dhtAnnouncements.isEmpty || trackerIsUp == false && !isRoundSought {
      workInDHT(&turn)
    }
  }

  private mutating func take(_ values: [MessagePack], of key: NodeID, _ turn: inout Turn) {
    guard let job = dhtJobs.removeValue(forKey: key) else { return }
    var list = ProviderList()
    var isAgreed = true
    for value in values + (dht?.storage[key].map { [$0] } ?? []) {
      guard let other = ProviderList(value) else {
        repeats.reject(from: nil, reason: "not a list of owners", bytes: 0, &turn)
        continue
      }
      isAgreed = isAgreed && other.owners.contains(own)
      list.merge(other)
    }
    switch job {
    case .announce:
      if isAgreed, !list.owners.isEmpty { return }
      // Where more have a piece than a list names, each would for ever put itself back in.
      if list.isFull, !list.owners.contains(own), Int.random(in: 0..<4, using: &turn.random) > 0 {
        return
      }
      list.add(own)
      dht?.set(key, to: list.value, &turn)
    case .find(let piece):
      for owner in list.owners { owners.learn(owner, of: piece) }
      guard owners.knows(ownerOf: piece, at: turn.now) else { return }
      turn.log(TorrentEvents.ownersLearned, ["from": "dht", "chunks": 1])
      fetch(&turn)
    }
  }
}
