package import Participants

/// A seed: keeps the list of peers, hands it to whoever asks, and drops peers that are dead.
///
/// Wire-compatible with the original `seed.py`. Where that believes every report, this one looks
/// for itself: a peer said to be dead leaves the list at once, is dialled, and comes back if it
/// answers with a handshake or BUSY within `answer-timeout`.
package struct GossipSeed: Participant {
  private enum Timer: UInt8, TimerPurpose {
    case settle
    case registration
    case answer
  }

  /// Bytes without meaning that a connection may send before it is closed.
  private static let garbageLimit = 4_096
  /// Changes of the list, and reports of them, that are told apart in the log.
  private static let mostChanges = 131_072

  private struct Client {
    var reader = SeedLinkReader()
    var peer: Address?
    var garbage = 0
  }

  /// A peer that was reported dead and is being dialled.
  private struct Suspect {
    var address: Address
    var reporter: Address
    /// Whether the report was: what comes of it is then logged too.
    var isLogged: Bool
    var reader = PeerLinkReader()
  }

  private let answerTimeout: Microseconds
  private let settle: Microseconds
  private let registrationTimeout: Microseconds
  private let maxConnections: Int
  private let maxPeers: Int

  private var own = Address(host: "", port: 0)
  private var clients = ConnectionTable<Client>()
  private var suspects = ConnectionTable<Suspect>()
  private var suspected: [Address: ConnectionID] = [:]
  private var peers: PeerList
  /// Of what is asked again and again.
  private var repeats = Tally()
  /// Of what changes the list, and of reports of its changes.
  private var changes: Tally

  init(_ settings: ParticipantSettings) {
    answerTimeout = settings.options.duration("answer-timeout")
    settle = settings.options.duration("settle")
    registrationTimeout = settings.options.duration("registration-timeout")
    maxConnections = settings.options.count("max-connections")
    maxPeers = settings.options.count("max-peers")
    peers = PeerList(limit: settings.options.count("max-listed"))
    changes = Tally(different: Self.mostChanges, sparing: 64)
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      own = listening
    case .accepted(let id, _):
      accept(id, &turn)
    case .connected:
      break  // A suspect's kernel answers even when the suspect is frozen: wait for its words.
    case .received(let id, let bytes):
      if clients.contains(id) {
        read(bytes, from: id, &turn)
      } else if suspects.contains(id) {
        readSuspect(bytes, from: id, &turn)
      }
    case .closed(let id, let reason):
      if clients.removeValue(forKey: id) != nil {
        cancelTimers(of: id, &turn)
      } else if suspects.contains(id) {
        conclude(id, answered: false, unsure: reason == .failed, &turn)
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
    case .settle:
      let messages = clients[id]?.reader.settle() ?? []
      act(on: messages, from: id, &turn)
    case .registration:
      guard let client = clients[id], client.peer == nil else { return }
      drop(id, &turn)
    case .answer:
      guard suspects.contains(id) else { return }
      endVisit(id, &turn)
      conclude(id, answered: false, &turn)
    case nil:
      break
    }
  }

  private func cancelTimers(of id: ConnectionID, _ turn: inout Turn) {
    turn.cancelTimer(Timer.settle, id.number)
    turn.cancelTimer(Timer.registration, id.number)
  }
}

// MARK: - Clients

extension GossipSeed {
  private mutating func accept(_ id: ConnectionID, _ turn: inout Turn) {
    guard clients.count + suspects.count < maxConnections else {
      repeats.refuse(&turn)
      turn.close(id)
      return
    }
    clients[id] = Client()
    turn.write(GossipWire.welcome(own), to: id)
    turn.setTimer(Timer.registration, id.number, at: turn.now + registrationTimeout)
  }

  private mutating func drop(_ id: ConnectionID, _ turn: inout Turn) {
    clients[id] = nil
    cancelTimers(of: id, &turn)
    turn.close(id)
  }

  private mutating func read(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    let messages = clients[id]?.reader.read(bytes) ?? []
    act(on: messages, from: id, &turn)
    if clients[id]?.reader.wantsSettling == true {
      turn.setTimer(Timer.settle, id.number, at: turn.now + settle)
    }
  }

  private mutating func act(
    on messages: [SeedLinkMessage], from id: ConnectionID, _ turn: inout Turn
  ) {
    for message in messages {
      guard var client = clients[id] else { return }
      switch message {
      case .register(let peer):
        client.peer = peer
        clients[id] = client
        register(peer, on: id, &turn)
      case .listRequest:
        let (body, count) = peers.answer(to: client.peer, using: &turn.random)
        turn.write(GossipWire.listPrefix + body, to: id)
        repeats.log(
          Event(GossipEvents.listSent, peer: client.peer, ["count": count]),
          per: client.peer, &turn)
      case .report(let dead, let by):
        investigate(dead, reportedBy: by, isRegistered: client.peer == by, &turn)
      case .garbage(let bytes):
        if client.garbage == 0 {
          repeats.reject(from: client.peer, reason: "not a message", bytes: bytes, &turn)
        }
        client.garbage += bytes
        clients[id] = client
        if client.garbage > Self.garbageLimit {
          repeats.reject(from: client.peer, reason: "too many", bytes: client.garbage, &turn)
          drop(id, &turn)
        }
      }
    }
  }

  private mutating func register(_ peer: Address, on id: ConnectionID, _ turn: inout Turn) {
    // A peer that registers is alive, whatever was said of it.
    if let dial = suspected[peer] {
      endVisit(dial, &turn)
      conclude(dial, answered: true, &turn)
    }
    guard peers.contains(peer) || peers.count < maxPeers else {
      repeats.log(
        Event(GossipEvents.registrationRefused, peer: peer, ["reason": "the list is full"]),
        per: peer, &turn)
      drop(id, &turn)
      return
    }
    let event = Event(GossipEvents.peerRegistered, peer: peer)
    if peers.contains(peer) {
      repeats.log(event, per: peer, &turn)
    } else {
      peers.add(peer)
      changes.logEach(event, per: peer, &turn)
    }
    turn.write(GossipWire.registered, to: id)
  }
}

// MARK: - Suspects

extension GossipSeed {
  /// - Parameter isRegistered: whether the reporter is who registered on that connection, as peers do
  ///   before they report.
  private mutating func investigate(
    _ dead: Address, reportedBy reporter: Address, isRegistered: Bool, _ turn: inout Turn
  ) {
    let event = Event(GossipEvents.reportReceived, peer: dead, ["by": reporter])
    let isLogged =
      isRegistered
      ? changes.logEach(event, per: [dead, reporter], &turn)
      : repeats.log(event, per: 0, &turn)
    if let dial = suspected[dead] {
      if isLogged { suspects[dial]?.isLogged = true }
      return
    }
    guard peers.contains(dead) else {
      if isLogged {
        turn.log(GossipEvents.reportIgnored, peer: dead, ["by": reporter, "reason": "not listed"])
      }
      return
    }
    peers.remove(dead)
    let dial = turn.connect(to: dead)
    suspects[dial] = Suspect(address: dead, reporter: reporter, isLogged: isLogged)
    suspected[dead] = dial
    turn.setTimer(Timer.answer, dial.number, at: turn.now + answerTimeout)
  }

  /// Tells whom a visit is to that it was no link. An original that is closed without a word keeps the
  /// place, and later spins on it; one that is late reads it when it can.
  private func endVisit(_ id: ConnectionID, _ turn: inout Turn) {
    turn.write(GossipWire.busyFrame, to: id)
    turn.close(id)
  }

  private mutating func readSuspect(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    let messages = suspects[id]?.reader.read(bytes) ?? []
    for message in messages {
      switch message {
      case .handshake, .busy:
        if message == .busy { turn.close(id) } else { endVisit(id, &turn) }
        conclude(id, answered: true, &turn)
        return
      case .gossip, .acknowledgement, .livenessRequest, .livenessReply, .garbage:
        continue
      }
    }
  }

  /// Ends the investigation of a suspect. `unsure` when it could not even be dialled from here.
  private mutating func conclude(
    _ id: ConnectionID, answered: Bool, unsure: Bool = false, _ turn: inout Turn
  ) {
    guard let suspect = suspects.removeValue(forKey: id) else { return }
    suspected[suspect.address] = nil
    turn.cancelTimer(Timer.answer, id.number)
    if answered || unsure { peers.add(suspect.address) }
    guard suspect.isLogged else { return }
    let address = suspect.address
    if unsure {
      turn.log(
        GossipEvents.reportIgnored, peer: address,
        ["by": suspect.reporter, "reason": "it could not be dialled from here"])
    } else {
      let kind = answered ? GossipEvents.reportDisputed : GossipEvents.peerRemoved
      turn.log(kind, peer: address, ["by": suspect.reporter])
    }
  }
}
