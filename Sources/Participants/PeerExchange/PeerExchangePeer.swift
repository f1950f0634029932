import Hashing
package import Participants

/// A peer of the exchange: tells others whom it knows (PEX), and trades pieces that are named by
/// their SHA-256.
///
/// Wire-compatible with the original C program. A peer dials whom it was told of at the start; on a
/// connection that it dials it says where it listens and whom it knows; everybody dials every address
/// that is new.
/// It asks neighbours for the pieces it wants and gives those it has; who lacks a piece stays silent.
/// Where it differs from the original, and why:
///
/// - **A piece is asked of one neighbour at a time.** One that is silent for `ask-timeout` is passed
///   over for `ask-again`; the original asks everybody, and gets the piece from each who has it.
///   Both answer in the order in which they are asked, so an answer tells of earlier silences.
/// - **Rarest first where known.** Nobody says what it has. Who is silent, or asks for a piece
///   itself, lacks it: the piece that most are known to lack is asked for first.
/// - **A give counts only if it was asked for on that connection**, and if its bytes, hashed as they
///   arrive, have that SHA-256. Whoever gives others too often is shunned.
/// - **Only who is connected is told of**, so that the dead are forgotten: the original tells of
///   everybody it ever heard of. What it names and nobody answers at is left alone ever longer.
/// - **Who dialled in is known only when it is found by dialling back**
///   (`PeerExchangePeer+Recognition.swift`): an original does not say who it is.
/// - **Nothing grows without a limit.** One piece is on its way to a neighbour at a time, and the
///   next when that has left; asks wait in a bounded queue; pieces pass through unbuffered.
package struct PeerExchangePeer: Participant {
  package enum Timer: UInt8, TimerPurpose {
    case exchange
    /// A dial must have been answered.
    case dial
    /// A neighbour that was asked must have given something.
    case ask
    /// A piece must have come whole.
    case arrival
    /// A piece must have left.
    case departure
    /// Whoever dialled in must have said something.
    case greeting
  }

  /// The role's options.
  struct Settings {
    let pieceSize, catalogue, have, want, asksInFlight, maxAsks, maxGiving: Int
    let maxKnown, maxConnections, maxOffences: Int
    let exchangeInterval, dialTimeout, askTimeout, askAgain, giveTimeout: Microseconds
    let bootstrap: [Address]
    let share, fetch: [String]
    let gives: String
    let once, asksAll, introduces, verifies, corrupts: Bool

    init(_ options: OptionValues) {
      pieceSize = options.count("piece-size")
      catalogue = options.count("catalogue")
      have = options.count("have")
      want = options.count("want")
      asksInFlight = options.count("asks-in-flight")
      maxAsks = options.count("max-asks")
      maxGiving = options.count("max-giving")
      maxKnown = options.count("max-known")
      maxConnections = options.count("max-connections")
      maxOffences = options.count("max-offences")
      exchangeInterval = options.duration("exchange-interval")
      dialTimeout = options.duration("dial-timeout")
      askTimeout = options.duration("ask-timeout")
      askAgain = options.duration("ask-again")
      giveTimeout = options.duration("give-timeout")
      bootstrap = options.addresses("bootstrap")
      share = Self.paths(options.text("share"))
      fetch = Self.paths(options.text("fetch"))
      once = options.flag("once")
      gives = options.choice("gives")
      asksAll = options.choice("asks") == "all"
      introduces = options.flag("introduces")
      verifies = options.flag("verifies")
      corrupts = options.flag("corrupts")
    }

    private static func paths(_ text: String) -> [String] {
      text.split(separator: ":").map { String($0) }
    }
  }

  let settings: Settings
  let samples: SampleData
  /// Random bytes, for tokens that nobody can guess.
  let secret: [UInt8]
  var own = Address(host: "", port: 0)

  // Who there is: PeerExchangePeer+Peers.swift
  var known = KnownPeers()
  var forgotten = ForgottenPeers()
  /// Other addresses of a known peer, or of this one, and the one that it goes by.
  var aliases: [Address: Address] = [:]
  var links = ConnectionTable<Link>()
  var nextExchange = Instant(microseconds: 0)
  /// Of what strangers do again and again.
  var repeats = Tally()
  /// Of neighbours and pieces.
  var changes = Tally(different: 65_536, sparing: 64)

  // Who is at the other end: PeerExchangePeer+Recognition.swift
  /// The connections that we dialled, by what may come back of the token that was sent on each: the
  /// token itself, and the proof of its receipt.
  var issued: [PieceHash: ConnectionID] = [:]

  // What is wanted: PeerExchangePeer+Asking.swift
  var store = PieceStore()
  var wanted = 0

  // Files: PeerExchangePeer+Files.swift
  var files: [TradedFile] = []

  // What is given: PeerExchangePeer+Giving.swift
  var giving = 0
  /// Connections with asks that wait for one of the places, next one first.
  var queue: [ConnectionID] = []

  init(_ settings: ParticipantSettings) {
    self.settings = Settings(settings.options)
    secret = settings.secret
    samples = SampleData(pieceSize: self.settings.pieceSize)
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      start(at: listening, &turn)
    case .accepted(let id, let source):
      accept(id, from: source, &turn)
    case .connected(let id):
      open(id, &turn)
    case .received(let id, let bytes):
      read(bytes, from: id, &turn)
    case .closed(let id, let reason):
      lose(id, reason, &turn)
    case .drained(let id):
      finishGiving(on: id, &turn)
    case .timer(let key):
      fire(key, &turn)
    case .file(let key, let answer):
      hear(answer, to: key, &turn)
    case .datagram, .stopping:
      break
    }
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    let id = ConnectionID(key.subject)
    switch Timer(key) {
    case .exchange: exchange(&turn)
    case .dial: giveUpDial(id, &turn)
    case .ask: noticeSilence(of: id, &turn)
    case .arrival, .departure: drop(id, reason: "slow", &turn)
    case .greeting:
      if links[id]?.hasSpoken == false { drop(id, reason: "silent", &turn) }
    case nil: break
    }
  }

  private mutating func start(at listening: Address, _ turn: inout Turn) {
    own = Self.normal(listening)
    let numbers = (0..<settings.catalogue).shuffled(using: &turn.random)
    for (place, sample) in numbers.prefix(settings.have + settings.want).enumerated() {
      let number = store.add(
        samples.hash(of: sample), size: settings.pieceSize, sample: sample,
        isHeld: place < settings.have)
      log(number, &turn)
    }
    openFiles(&turn)
    for address in settings.bootstrap {
      learn(address, toldOn: nil, &turn)
    }
    planExchange(at: turn.now + settings.exchangeInterval, &turn)
  }

  /// A piece is at hand from the beginning, or wanted.
  mutating func log(_ number: Int, _ turn: inout Turn) {
    let piece = store[number]
    if piece.isHeld {
      turn.log(PeerExchangeEvents.pieceHeld, ["hash": piece.hash, "bytes": piece.size])
    } else {
      wanted += 1
      turn.log(PeerExchangeEvents.pieceWanted, ["hash": piece.hash])
    }
  }
}
