package import Participants

/// A peer of the gossip network: registers with seeds, links to other peers, gossips, probes its
/// links, and reports dead peers to the seeds.
///
/// Wire-compatible with the original `peer.py`. A peer picks half of the seeds plus one, registers,
/// waits `join-delay`, and dials peers from the union of their lists until it has `max-links`. On
/// each link both sides introduce themselves, probe one another every `liveness-interval`, and pass
/// on every text they did not know. Where it differs from the original, and why:
///
/// - **Silence is noticed.** A neighbour that misses `liveness-misses` replies in a row, or whose
///   link breaks, is *suspected* and visited. Only if nobody answers is its link closed and a report
///   made, and then to every seed of the network; the original hears out only who registered, so a
///   peer registers first (`docs/decisions/0004-reports-are-verified.md`).
/// - **A slot that becomes free is used again**: ask the seeds, dial, every `relink-interval`.
/// - **The links form one network.** Random links alone can split it. Every peer also keeps a link
///   to some address greater than its own (*anchored*), first of all the nearest one, and a full
///   peer makes room for the nearest smaller address. By induction every peer then reaches the
///   greatest (`docs/decisions/0003-gossip-links.md`).
/// - **A new link is caught up** with the texts of the last `catch-up-window`, one for each
///   acknowledgement, so that whoever was cut off for a while gets what it missed.
/// - **A text that is not acknowledged is sent again**, a few times: the original's forwarder swallows
///   whatever comes while it waits.
/// - **A link on which nothing is answered is given up**, though its neighbour lives: its slot goes to
///   another.
/// - **A text's identity is its origin, time and words**, not its words alone.
package struct GossipPeer: Participant {
  enum Timer: UInt8, TimerPurpose {
    /// A connection must have said what it is expected to.
    case answer
    /// A seed's list is whole when the stream has paused.
    case settle
    /// Whoever dialled has this long to say who it is before we speak first.
    case greeting
    case join
    case round
    case roundDeadline
    case seedRetry
    case probe
    case verify
    case text
    case catchUp
    /// What was sent on a link should be acknowledged.
    case acknowledgement
  }

  /// The role's options.
  struct Settings {
    let maxLinks, textCount, livenessMisses, maxRemembered, maxConnections: Int
    let textDelay, textInterval, livenessInterval, joinDelay, answerTimeout: Microseconds
    let relinkInterval, seedRetry, settle, catchUpWindow: Microseconds
    let hasUniqueTexts, reportsDead: Bool

    init(_ options: OptionValues) {
      maxLinks = options.count("max-links")
      textCount = options.count("gossip-count")
      livenessMisses = options.count("liveness-misses")
      maxRemembered = options.count("max-remembered")
      maxConnections = options.count("max-connections")
      textDelay = options.duration("gossip-delay")
      textInterval = options.duration("gossip-interval")
      livenessInterval = options.duration("liveness-interval")
      joinDelay = options.duration("join-delay")
      answerTimeout = options.duration("answer-timeout")
      relinkInterval = options.duration("relink-interval")
      seedRetry = options.duration("seed-retry")
      settle = options.duration("settle")
      catchUpWindow = options.duration("catch-up-window")
      hasUniqueTexts = options.choice("texts") == "unique"
      reportsDead = options.flag("report-dead")
    }
  }

  let settings: Settings
  /// Every seed of the network, in the order of `config.txt`.
  let seeds: [Address]
  var own = Address(host: "", port: 0)

  // Seeds: GossipPeer+Seeds.swift
  var seedLinks = ConnectionTable<SeedLink>()
  /// Seeds that could be registered with, next one first.
  var spareSeeds: [Address] = []
  var untriedSeeds = 0
  /// The dead that a seed was to be told of when it was lost.
  var undelivered: [Address: [Address]] = [:]
  var isJoining = true

  // Links: GossipPeer+Links.swift
  var connections = ConnectionTable<PeerConnection>()
  /// The connection to each linked neighbour.
  var links: [Address: ConnectionID] = [:]
  /// The link held beyond `max-links` for the nearest smaller address.
  var roomMadeFor: Address?
  /// Of what strangers do again and again.
  var repeats = Tally()
  /// Of links, and of what comes of their ends.
  var changes = Tally(different: 16_384, sparing: 64)

  // Rounds of dialling: GossipPeer+Rounds.swift
  var candidates = Candidates()
  var round = Round()

  // The dead: GossipPeer+Liveness.swift
  var suspects: [Suspect] = []
  var lastSuspect: UInt64 = 0

  // Texts: GossipPeer+Texts.swift
  var texts: RememberedTexts
  var textsSent = 0
  var hasStartedTexts = false

  init(_ settings: ParticipantSettings) {
    self.settings = Settings(settings.options)
    seeds = settings.seeds
    texts = RememberedTexts(limit: self.settings.maxRemembered)
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      own = listening
      start(&turn)
    case .accepted(let id, _):
      accept(id, &turn)
    case .connected(let id):
      // Both sides introduce themselves at once; a visitor only listens.
      if connections[id]?.direction == .dialled {
        turn.write(GossipWire.handshake(own), to: id)
      }
    case .received(let id, let bytes):
      if connections.contains(id) {
        read(bytes, from: id, &turn)
      } else if seedLinks.contains(id) {
        readSeed(bytes, from: id, &turn)
      }
    case .closed(let id, let reason):
      if seedLinks.contains(id) {
        loseSeed(id, reason: reason.rawValue, &turn)
      } else if connections.contains(id) {
        lose(id, reason, &turn)
      }
    case .timer(let key):
      fire(key, &turn)
    case .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    let id = ConnectionID(key.subject)
    switch Timer(key) {
    case .answer:
      if seedLinks.contains(id) {
        turn.close(id)
        loseSeed(id, reason: "silent", &turn)
      } else if connections.contains(id) {
        giveUp(id, &turn)
      }
    case .settle: takeList(from: id, &turn)
    case .greeting: greet(id, &turn)
    case .join: dialCandidates(&turn)
    case .round: beginRound(&turn)
    case .roundDeadline: dialCandidates(&turn)
    case .seedRetry: registerWithMoreSeeds(&turn)
    case .probe: probe(id, &turn)
    case .verify: dialSuspect(number: key.subject, &turn)
    case .text: sendText(&turn)
    case .catchUp: beginCatchUp(id, &turn)
    case .acknowledgement: noticeMissingAcknowledgements(id, &turn)
    case nil: break
    }
  }
}
