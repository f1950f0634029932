package import Participants

/// A peer of the kPTP network: a routing table of 16 buckets, kept alive by heartbeats, and values
/// at the peers nearest to their keys.
///
/// Wire-compatible with the original `DHTPeer.js`, as its server and as its client. A peer that
/// joins dials a bootstrap address, gets its table, says hello to those listed there, and sends a
/// heartbeat to everyone in its own table each `heartbeat-interval`. Every answer lists the table of
/// who answers. Where it differs from the original, and why (`networks/kptp/README.md`):
///
/// - **A peer enters a table only when it has answered** at that very address. Neither a probe from
///   some port nor a dead peer that others still list ever does, so the dead cannot come back.
/// - **Every peer sends heartbeats**, not only the first.
/// - **The closest peer of each bucket is found**: a peer in the bucket of a closer one knows one
///   that is closer than itself, because its own buckets lead there. Listing tables in heartbeats is
///   therefore enough while nothing breaks; after many deaths at once, peers look up the buckets
///   that they miss.
/// - **All connections come from the port the peer listens on**, since the other side takes their
///   source for the peer's address.
package struct KPTPPeer: Participant {
  package enum Timer: UInt8, TimerPurpose {
    /// Somebody has let the time pass: what that means depends on the conversation.
    case conversation
    case join
    case greeting
    case round
    case values
  }

  /// The role's options.
  struct Settings {
    let bootstrap: [Address]
    let name: [UInt8]
    let bucketSize, heartbeatMisses, helloRetries, lookupSteps, maxConnections: Int
    let putCount, getCount, replicas, maxValues, forgetAfter: Int
    let heartbeatInterval, heartbeatTimeout, welcomeDelay, helloInterval: Microseconds
    let valueInterval: Microseconds
    let removesDead, replaces, refills, keepsValues: Bool

    init(_ options: OptionValues) {
      bootstrap = options.addresses("bootstrap")
      name = Array(options.text("name").utf8)
      bucketSize = options.count("bucket-size")
      heartbeatMisses = options.count("heartbeat-misses")
      helloRetries = options.count("hello-retries")
      lookupSteps = options.count("lookup-steps")
      maxConnections = options.count("max-connections")
      putCount = options.count("put-count")
      getCount = options.count("get-count")
      replicas = options.count("replicas")
      maxValues = options.count("max-values")
      forgetAfter = options.count("forget-after")
      heartbeatInterval = options.duration("heartbeat-interval")
      heartbeatTimeout = options.duration("heartbeat-timeout")
      welcomeDelay = options.duration("welcome-delay")
      helloInterval = options.duration("hello-interval")
      valueInterval = options.duration("value-interval")
      removesDead = options.flag("removes-dead")
      replaces = options.flag("replaces")
      refills = options.flag("refills")
      keepsValues = options.flag("keeps-values")
    }
  }

  let settings: Settings
  var own = Endpoint(ip: 0, port: 0)
  var table = PrefixTable(owner: PeerID(0), bucketSize: 0)

  // KPTPPeer+Conversations.swift
  var conversations = ConnectionTable<Conversation>()
  /// Of what strangers do again and again.
  var repeats = Tally()
  /// Of what changes the table.
  var changes = Tally(different: 16_384, sparing: 64)

  // Joining: KPTPPeer+Join.swift
  var hasJoined = false
  /// Attempts in a row that brought no table.
  var failedJoins = 0

  // Those who may enter the table: KPTPPeer+Candidates.swift
  var candidates: [Candidate] = []
  var nextGreeting = Instant(microseconds: 0)
  /// Who did not answer, oldest first, and until when they are left alone.
  var avoided: [(endpoint: Endpoint, until: Instant)] = []

  // KPTPPeer+Heartbeats.swift
  var rounds = 0
  /// Heartbeats that were answered, for `forget-after`.
  var answers = 0
  /// Buckets that a peer has left, for `refills`.
  var vacated: Set<Int> = []

  // KPTPPeer+Lookups.swift
  var lookups: [Lookup] = []
  var lastLookup: UInt64 = 0

  // KPTPPeer+Values.swift
  var store: ValueStore
  var manners = ValueManners()
  var puts = Puts()
  var gets = Gets()

  init(_ settings: ParticipantSettings) {
    self.settings = Settings(settings.options)
    store = ValueStore(limit: self.settings.maxValues)
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      start(at: listening, &turn)
    case .accepted(let id, let from):
      accept(id, from: from, &turn)
    case .connected(let id):
      begin(id, &turn)
    case .received(let id, let bytes):
      read(bytes, from: id, &turn)
    case .closed(let id, let reason):
      lose(id, reason, &turn)
    case .timer(let key):
      fire(key, &turn)
    case .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func start(at listening: Address, _ turn: inout Turn) {
    guard let endpoint = Endpoint(listening) else {
      turn.log(KPTPEvents.addressUnusable, peer: listening)
      turn.finish()
      return
    }
    own = endpoint
    table = PrefixTable(owner: own.id, bucketSize: settings.bucketSize)
    turn.log(KPTPEvents.identityDerived, ["id": own.id, "number": own.id.number])
    // Peers that start together need not send their heartbeats together.
    let first = Int64.random(in: 1...settings.heartbeatInterval.count, using: &turn.random)
    turn.setTimer(Timer.round, at: turn.now + Microseconds(first))
    if settings.putCount + settings.getCount > 0 {
      turn.setTimer(Timer.values, at: turn.now + settings.valueInterval)
    }
    join(&turn)
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    switch Timer(key) {
    case .conversation: runOut(ConnectionID(key.subject), &turn)
    case .join: join(&turn)
    case .greeting: greetNext(&turn)
    case .round: beginRound(&turn)
    case .values: handleValues(&turn)
    case nil: break
    }
  }

  /// A message of a kind that says who speaks and lists the table.
  func message(_ kind: KPTPMessage.Kind) -> [UInt8] {
    KPTPMessage(kind, name: settings.name, peers: table.listed()).encoded
  }
}
