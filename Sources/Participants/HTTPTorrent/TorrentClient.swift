import HTTP
import Hashing
import Kademlia
package import Participants

/// The torrent's client: it fetches a file's chunks from their owners, checks each, keeps them, and
/// gives them to whoever asks. A seeder is a client that has the file.
///
/// It speaks HTTP as the original does (networks/torrent/README.md). Its state is what is on its disk:
/// started again, it reads that, keeps the chunks that are good, and fetches the others.
package struct TorrentClient: Participant {
  enum Timer: UInt8, TimerPurpose {
    /// Owners are to be asked for.
    case owners
    /// All chunks are to be announced.
    case announceAll
    case metrics
    /// An upload does not get away.
    case upload
    /// Something that waits is to be looked at again.
    case look
    /// All chunks are to be announced in the DHT.
    case announceInDHT
  }

  /// What a request of ours is for.
  enum Exchange {
    case announce
    case owners([Int])
    case chunk(Int, owner: Address, since: Instant)
    case registerBootstrap
    case bootstraps
    case metrics
  }

  let settings: Settings
  var own = Address(host: "", port: 0)
  var tracker: Address?
  var torrent: Torrent?
  var server: HTTPServer
  var http: HTTPClient
  var exchanges: [HTTPClient.ExchangeID: Exchange] = [:]

  // The disk: TorrentClient+Disk.swift
  var pieces: Pieces?
  var started: Instant?
  var wholeFile = FileHash()

  // Owners and the tracker: TorrentClient+Tracker.swift
  var owners = Owners(own: Address(host: "", port: 0))
  var trackerIsUp: Bool?
  var isAskingOwners = false
  var isAnnouncing = false
  /// Pieces that the tracker was not told of.
  var unannounced: [Int] = []
  /// Pieces that nobody ever announced, as the tracker said since the last round.
  var untracked: Set<Int> = []
  /// The pieces of the tracker's last answer, in its order: trackers of ours name the rarest first.
  var ready: [Int] = []
  /// Where in the missing pieces the next question begins.
  var windowStart = 0

  // Chunks: TorrentClient+Download.swift
  var chunksUnderWay = 0
  /// Before that, no owner is asked for a chunk.
  var nextRequest = Instant(microseconds: 0)
  // What comes of them: TorrentClient+Arrival.swift
  var arrivals: [HTTPClient.ExchangeID: Arrival] = [:]
  var writings: [Int: Writing] = [:]
  var sentChunks = 0

  // The DHT: TorrentClient+DHT.swift
  var dht: DHT?
  var dhtJobs: [NodeID: DHTJob] = [:]
  /// Pieces to announce there, the next at the end.
  var dhtAnnouncements: [Int] = []
  /// Pieces that were sought there since the last round.
  var soughtInDHT: Set<Int> = []
  /// Whether no piece was left to be sought since then. Looking for one takes a look at all.
  var isRoundSought = false

  /// Some who gave chunks lately, the last at the end.
  var givers: [Address] = []

  // Uploads: TorrentClient+Uploads.swift
  var uploads: [ConnectionID: Upload] = [:]
  var uploadTurns: UploadTurns
  /// Of what strangers do again and again.
  var repeats = Tally()
  /// Of chunks, and of who gives them.
  var changes = Tally(different: 65_536, sparing: 64)

  package init(_ settings: ParticipantSettings) {
    self.settings = Settings(settings)
    server = HTTPServer(
      HTTPServer.Limits(
        connections: self.settings.maxConnections,
        longestBody: Self.longestRequest))
    uploadTurns = UploadTurns(slots: self.settings.uploadSlots)
    http = HTTPClient(
      HTTPClient.Limits(
        longestBody: Base64.length(of: Torrent.largestChunk) + 1_024,
        passedType: Self.binary))
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      own = listening
      owners = Owners(own: own)
      if settings.usesDHT { dht = Self.makeDHT() }
      dht?.start(listening: listening, &turn)
      start(&turn)
    case .accepted(let id, let from):
      server.accept(id, from: from, &turn)
    case .connected(let id):
      http.connected(id, &turn)
    case .received(let id, let bytes):
      if http.holds(id) {
        let reading = http.read(bytes, from: id, &turn)
        if let exchange = reading.exchange {
          for range in reading.passed { take(bytes[range], of: exchange, &turn) }
        }
        conclude(reading.completion, &turn)
      } else {
        serve(server.read(bytes, from: id, &turn), &turn)
      }
    case .closed(let id, let reason):
      if http.holds(id) {
        conclude(http.closed(id, reason, &turn), &turn)
      } else {
        server.forget(id, &turn)
        endUpload(id, &turn)
      }
    case .drained(let id):
      continueUpload(id, &turn)
    case .file(let key, let answer):
      take(answer, key, &turn)
    case .datagram(let from, let bytes):
      dht?.receive(bytes, from: from, &turn)
    case .timer(let key):
      fire(key, &turn)
    case .stopping:
      break
    }
    followDHT(&turn)
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    dht?.fire(key, &turn)
    server.expire(key, &turn)
    conclude(http.expire(key, &turn), &turn)
    switch Timer(key) {
    case .owners:
      untracked = []
      soughtInDHT = []
      isRoundSought = false
      // Owners that were left alone may be asked again.
      fetch(&turn)
      askForOwners(&turn)
      seekBootstraps(&turn)
    case .announceAll: announceAll(&turn)
    case .metrics: reportMetrics(&turn)
    case .upload: giveUpUpload(ConnectionID(key.subject), &turn)
    case .look: fetch(&turn)
    case .announceInDHT: announceInDHT(&turn)
    case nil: break
    }
  }

  mutating func ask(
    _ request: HTTPRequest, of server: Address, for exchange: Exchange, within limit: Microseconds,
    _ turn: inout Turn
  ) {
    exchanges[http.ask(request, of: server, within: limit, &turn)] = exchange
  }

  /// An exchange came to its end.
  private mutating func conclude(_ completion: HTTPClient.Completion?, _ turn: inout Turn) {
    guard let completion,
      let exchange = exchanges.removeValue(forKey: completion.exchange)
    else { return }
    let result = completion.result
    switch exchange {
    case .announce: announced(result, &turn)
    case .owners(let pieces): learnOwners(of: pieces, result, &turn)
    case .chunk(let piece, let owner, let since):
      received(
        piece, from: owner, since: since, result, endArrival(completion.exchange, of: piece), &turn)
    case .bootstraps: learnBootstraps(result, &turn)
    case .registerBootstrap, .metrics: break
    }
  }
}

extension TorrentClient {
  /// The options, once read.
  struct Settings {
    /// The folder of the file.
    let data: String
    let tracker, metrics: Address?
    /// The torrent's name in that folder, as it was given; empty: there is none.
    let torrent: String
    let size: Int64
    let contentSeed: UInt64
    let chunkSize: Int
    let complete, usesDHT, verifies, corrupts: Bool
    let announcesToTracker, announcesInDHT: Bool
    let transfersBinary: Bool
    let parallel, perOwner, uploadSlots, maxConnections: Int
    let ownersInterval, announceInterval, chunkTimeout, trackerTimeout, avoidFor: Microseconds
    let metricsInterval, dhtInterval, pace: Microseconds

    init(_ settings: ParticipantSettings) {
      let options = settings.options
      data = settings.data
      tracker = options.addresses("tracker").first
      metrics = options.addresses("metrics").first
      torrent = options.text("torrent")
      size = Int64(options.count("size"))
      contentSeed = UInt64(options.count("content-seed"))
      chunkSize = options.count("chunk-size")
      complete = options.flag("complete")
      usesDHT = options.flag("dht")
      verifies = options.flag("verify")
      corrupts = options.flag("corrupt")
      announcesToTracker = options.choice("announce") != "nowhere"
      announcesInDHT = options.choice("announce") == "everywhere"
      transfersBinary = options.choice("transfer") == "binary"
      parallel = options.count("parallel")
      perOwner = options.count("per-owner")
      uploadSlots = options.count("upload-slots")
      maxConnections = options.count("max-connections")
      ownersInterval = options.duration("owners-interval")
      announceInterval = options.duration("announce-interval")
      chunkTimeout = options.duration("chunk-timeout")
      trackerTimeout = options.duration("tracker-timeout")
      avoidFor = options.duration("avoid-for")
      pace = options.duration("pace")
      dhtInterval = options.duration("dht-interval")
      metricsInterval = options.duration("metrics-interval")
    }
  }
}
