import Hashing
package import Participants

/// A node of a HyperDHT network, around a ``HyperDHT``: announces some keys and looks some up, or has
/// no errands and is there for others to join by.
///
/// A key is 64 hexadecimal digits or a text, which stands for its SHA-256. Those that are drawn at
/// random are `key-1`, `key-2`, …, so that every node knows what others may have announced.
package struct HyperDHTNode: Participant {
  private enum Timer: UInt8, TimerPurpose {
    /// The subject is the key's position.
    case announce
    case unannounce
    case lookUp
    case connect
  }

  /// What a node wants of the network.
  private struct Errands {
    let named, wanted, unwanted, connected: [[UInt8]]
    let port: UInt16
    let keys, announceCount, lookupCount: Int
    let announceInterval, announceFor, lookupInterval, connectInterval, startDelay: Microseconds

    init(_ options: OptionValues) {
      func key(_ option: String) -> [[UInt8]] {
        let text = options.text(option)
        return text.isEmpty ? [] : [HyperDHTNode.key(of: text)]
      }
      named = key("announce")
      wanted = key("lookup")
      unwanted = key("unannounce")
      connected = key("connect")
      port = UInt16(options.count("port"))
      keys = options.count("keys")
      announceCount = options.count("announce-count")
      // Who names a key wants it looked up.
      lookupCount = max(options.count("lookup-count"), wanted.isEmpty ? 0 : 1)
      announceInterval = options.duration("announce-interval")
      announceFor = options.duration("announce-for")
      lookupInterval = options.duration("lookup-interval")
      connectInterval = options.duration("connect-interval")
      startDelay = options.duration("start-delay")
    }
  }

  /// A lookup under way.
  private struct Job {
    let kind: PeerRequest.Kind
    let key: [UInt8]
    let started: Instant
    /// Whether ways are opened to the peers that are found.
    let connects: Bool
    var peers: Set<Address> = []
  }

  /// Peers of a lookup that are told, at most, and to which ways are opened.
  private static let mostPeers = 4_096

  private let errands: Errands?
  private var dht: HyperDHT
  private var announced: [[UInt8]] = []
  /// Positions in ``announced`` that were taken back.
  private var withdrawn: Set<UInt64> = []
  /// Peers to which ways have been opened, or could not be.
  private var tried: Set<Address> = []
  private var jobs: [UInt64: Job] = [:]
  private var hasStarted = false
  private var lookups = 0

  /// One with errands.
  init(_ settings: ParticipantSettings) {
    let options = settings.options
    errands = Errands(options)
    dht = HyperDHTRoles.dht(
      settings,
      punches: HolePunches.Settings(
        datagrams: options.count("datagram-count"),
        interval: options.duration("datagram-interval")),
      local: options.addresses("local-address").first)
  }

  /// One without.
  init(bootstrap settings: ParticipantSettings) {
    errands = nil
    dht = HyperDHTRoles.dht(settings)
  }

  /// What a key that is written as text stands for.
  package static func key(of text: String) -> [UInt8] {
    if let bytes = Hexadecimal.bytes(text), bytes.count == Contact.idSize { return bytes }
    return SHA256.hash(Array(text.utf8))
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started:
      dht.start(&turn)
      turn.log(HyperDHTRoles.started(dht))
    case .datagram(let address, let bytes):
      dht.receive(bytes, from: address, &turn)
    case .timer(let key):
      dht.fire(key, &turn)
      fire(key, &turn)
    case .accepted, .connected, .received, .closed, .drained, .file, .stopping:
      break
    }
    for outcome in dht.takeOutcomes(&turn) {
      take(outcome, &turn)
    }
  }

  private mutating func take(_ outcome: HyperDHT.Outcome, _ turn: inout Turn) {
    switch outcome {
    case .joined:
      turn.log(HyperDHTEvents.joined, ["contacts": dht.rpc.table.count])
      startWork(&turn)
    case .peers(let number, let peers, let local, let keeper):
      for peer in peers + local {
        guard let job = jobs[number], job.kind == .lookup, job.peers.count < Self.mostPeers,
          !job.peers.contains(peer)
        else { continue }
        jobs[number]?.peers.insert(peer)
        turn.log(
          HyperDHTEvents.found, peer: peer, ["query": number, "key": Hexadecimal.text(job.key)])
        guard job.connects, tried.count < Self.mostPeers, !tried.contains(peer) else { continue }
        if dht.punch(peer, through: keeper, &turn) {
          tried.insert(peer)
        }
      }
    case .finished(let number, let lookup, let updated):
      guard let job = jobs.removeValue(forKey: number) else { return }
      log(job, number, lookup, updated: updated, &turn)
    }
  }

  private func log(_ job: Job, _ number: UInt64, _ lookup: Lookup, updated: Int, _ turn: inout Turn)
  {
    turn.log(
      HyperDHTEvents.queryFinished,
      [
        "query": number, "purpose": job.kind.name, "key": Hexadecimal.text(job.key),
        "place": HyperDHTEvents.place(job.key),
        "closest": lookup.closest.first.map { HyperDHTEvents.place($0.contact.id) } ?? -1,
        "steps": lookup.steps, "asked": lookup.asked, "answered": lookup.answered,
        "missed": lookup.missed, "updated": updated, "peers": job.peers.count,
        "took": turn.now - job.started,
      ])
  }

  // MARK: - Work

  private mutating func startWork(_ turn: inout Turn) {
    guard let errands, !hasStarted else { return }
    hasStarted = true
    announced = errands.named
    // Each once: a key that is announced twice could not be taken back once.
    var numbers = Array(1...errands.keys)
    numbers.shuffle(using: &turn.random)
    announced += numbers.prefix(errands.announceCount).map { Self.key(of: "key-\($0)") }
    let begin = turn.now + errands.startDelay
    for index in announced.indices {
      turn.setTimer(Timer.announce, UInt64(index), at: begin)
      if errands.announceFor > .zero {
        turn.setTimer(Timer.unannounce, UInt64(index), at: begin + errands.announceFor)
      }
    }
    for key in errands.unwanted {
      ask(.unannounce, key, &turn)
    }
    turn.setTimer(Timer.lookUp, at: begin)
    if !errands.connected.isEmpty { turn.setTimer(Timer.connect, at: begin) }
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    guard let errands else { return }
    switch Timer(key) {
    case .announce:
      guard let index = Int(exactly: key.subject), announced.indices.contains(index),
        !withdrawn.contains(key.subject)
      else { return }
      turn.setTimer(key, at: turn.now + errands.announceInterval)
      ask(.announce, announced[index], &turn)
    case .unannounce:
      guard let index = Int(exactly: key.subject), announced.indices.contains(index) else { return }
      withdrawn.insert(key.subject)
      ask(.unannounce, announced[index], &turn)
    case .lookUp where lookups < errands.lookupCount:
      lookups += 1
      turn.setTimer(key, at: turn.now + errands.lookupInterval)
      let wanted =
        errands.wanted.first
        ?? Self.key(of: "key-\(Int.random(in: 1...errands.keys, using: &turn.random))")
      ask(.lookup, wanted, &turn)
    case .connect:
      turn.setTimer(key, at: turn.now + errands.connectInterval)
      for key in errands.connected {
        ask(.lookup, key, connects: true, &turn)
      }
    case .lookUp, nil:
      break
    }
  }

  private mutating func ask(
    _ kind: PeerRequest.Kind, _ key: [UInt8], connects: Bool = false, _ turn: inout Turn
  ) {
    let port = errands?.port ?? 0
    guard
      let number = dht.ask(kind, key, port: port, &turn)
    else { return }
    jobs[number] = Job(kind: kind, key: key, started: turn.now, connects: connects)
    turn.log(
      HyperDHTEvents.queryStarted,
      ["query": number, "purpose": kind.name, "key": Hexadecimal.text(key)])
  }
}
