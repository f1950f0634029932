package import Participants

/// A seed: keeps the list of peers, hands it to whoever asks, and drops peers that are dead.
///
/// Wire-compatible with the original `seed.py`. Where that believes every report, this one looks
/// for itself: a peer said to be dead leaves the list at once, is dialled, and comes back if it
/// answers with a handshake or BUSY within `answer-timeout`.
package struct GossipSeed: Participant {
  private enum Purpose: UInt8 {
    case settle = 1
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

  package mutating func handle(
    _ input: Input, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    switch input {
    case .started(let listening):
      own = listening
    case .accepted(let id, _):
      accept(id, at: now, emit: &emit)
    case .connected:
      break  // A suspect's kernel answers even when the suspect is frozen: wait for its words.
    case .received(let id, let bytes):
      if clients.contains(id) {
        read(bytes, from: id, at: now, using: &random, emit: &emit)
      } else if suspects.contains(id) {
        readSuspect(bytes, from: id, emit: &emit)
      }
    case .closed(let id, let reason):
      if clients.removeValue(forKey: id) != nil {
        cancelTimers(of: id, emit: &emit)
      } else if suspects.contains(id) {
        conclude(id, answered: false, unsure: reason == .failed, emit: &emit)
      }
    case .timer(let key):
      fire(key, at: now, using: &random, emit: &emit)
    case .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func fire(
    _ key: TimerKey, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    let id = ConnectionID(key.subject)
    switch Purpose(rawValue: key.purpose) {
    case .settle:
      let messages = clients[id]?.reader.settle() ?? []
      act(on: messages, from: id, at: now, using: &random, emit: &emit)
    case .registration:
      guard let client = clients[id], client.peer == nil else { return }
      drop(id, emit: &emit)
    case .answer:
      guard suspects.contains(id) else { return }
      endVisit(id, emit: &emit)
      conclude(id, answered: false, emit: &emit)
    case nil:
      break
    }
  }

  private func key(_ purpose: Purpose, _ id: ConnectionID) -> TimerKey {
    TimerKey(purpose: purpose.rawValue, subject: id.number)
  }

  private func cancelTimers(of id: ConnectionID, emit: inout Effects) {
    emit.cancelTimer(key(.settle, id))
    emit.cancelTimer(key(.registration, id))
  }
}

// MARK: - Clients

extension GossipSeed {
  private mutating func accept(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard clients.count + suspects.count < maxConnections else {
      repeats.refuse(emit: &emit)
      emit.close(id)
      return
    }
    clients[id] = Client()
    emit.write(GossipWire.welcome(own), to: id)
    emit.setTimer(key(.registration, id), at: now + registrationTimeout)
  }

  private mutating func drop(_ id: ConnectionID, emit: inout Effects) {
    clients[id] = nil
    cancelTimers(of: id, emit: &emit)
    emit.close(id)
  }

  private mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    let messages = clients[id]?.reader.read(bytes) ?? []
    act(on: messages, from: id, at: now, using: &random, emit: &emit)
    if clients[id]?.reader.wantsSettling == true {
      emit.setTimer(key(.settle, id), at: now + settle)
    }
  }

  private mutating func act(
    on messages: [SeedLinkMessage], from id: ConnectionID, at now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    for message in messages {
      guard var client = clients[id] else { return }
      switch message {
      case .register(let peer):
        client.peer = peer
        clients[id] = client
        register(peer, on: id, at: now, emit: &emit)
      case .listRequest:
        let (body, count) = peers.answer(to: client.peer, using: &random)
        emit.write(GossipWire.listPrefix + body, to: id)
        repeats.log(
          Event(
            GossipEvents.listSent, peer: client.peer, ["count": .integer(Int64(count))]),
          per: client.peer, emit: &emit)
      case .report(let dead, let by):
        investigate(
          dead, reportedBy: by, isRegistered: client.peer == by, at: now, emit: &emit)
      case .garbage(let bytes):
        if client.garbage == 0 {
          repeats.reject(from: client.peer, reason: "not a message", bytes: bytes, emit: &emit)
        }
        client.garbage += bytes
        clients[id] = client
        if client.garbage > Self.garbageLimit {
          repeats.reject(
            from: client.peer, reason: "too many", bytes: client.garbage, emit: &emit)
          drop(id, emit: &emit)
        }
      }
    }
  }

  private mutating func register(
    _ peer: Address, on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    // A peer that registers is alive, whatever was said of it.
    if let dial = suspected[peer] {
      endVisit(dial, emit: &emit)
      conclude(dial, answered: true, emit: &emit)
    }
    guard peers.contains(peer) || peers.count < maxPeers else {
      repeats.log(
        Event(GossipEvents.registrationRefused, peer: peer, ["reason": "the list is full"]),
        per: peer, emit: &emit)
      drop(id, emit: &emit)
      return
    }
    let event = Event(GossipEvents.peerRegistered, peer: peer)
    if peers.contains(peer) {
      repeats.log(event, per: peer, emit: &emit)
    } else {
      peers.add(peer)
      changes.log(event, per: peer, at: now, emit: &emit)
    }
    emit.write(GossipWire.registered, to: id)
  }
}

// MARK: - Suspects

extension GossipSeed {
  /// - Parameter isRegistered: whether the reporter is who registered on that connection, as peers do
  ///   before they report.
  private mutating func investigate(
    _ dead: Address, reportedBy reporter: Address, isRegistered: Bool, at now: Instant,
    emit: inout Effects
  ) {
    let by = Event.Value.text(reporter.description)
    let event = Event(GossipEvents.reportReceived, peer: dead, ["by": by])
    let isLogged =
      isRegistered
      ? changes.log(event, per: [dead, reporter], at: now, emit: &emit)
      : repeats.log(event, per: 0, emit: &emit)
    if let dial = suspected[dead] {
      if isLogged { suspects[dial]?.isLogged = true }
      return
    }
    guard peers.contains(dead) else {
      if isLogged {
        emit.log(
          Event(GossipEvents.reportIgnored, peer: dead, ["by": by, "reason": "not listed"]))
      }
      return
    }
    peers.remove(dead)
    let dial = emit.connect(to: dead)
    suspects[dial] = Suspect(address: dead, reporter: reporter, isLogged: isLogged)
    suspected[dead] = dial
    emit.setTimer(key(.answer, dial), at: now + answerTimeout)
  }

  /// Tells whom a visit is to that it was no link. An original that is closed without a word keeps the
  /// place, and later spins on it; one that is late reads it when it can.
  private func endVisit(_ id: ConnectionID, emit: inout Effects) {
    emit.write(GossipWire.busyFrame, to: id)
    emit.close(id)
  }

  private mutating func readSuspect(
    _ bytes: [UInt8], from id: ConnectionID, emit: inout Effects
  ) {
    let messages = suspects[id]?.reader.read(bytes) ?? []
    for message in messages {
      switch message {
      case .handshake, .busy:
        if message == .busy { emit.close(id) } else { endVisit(id, emit: &emit) }
        conclude(id, answered: true, emit: &emit)
        return
      case .gossip, .acknowledgement, .livenessRequest, .livenessReply, .garbage:
        continue
      }
    }
  }

  /// Ends the investigation of a suspect. `unsure` when it could not even be dialled from here.
  private mutating func conclude(
    _ id: ConnectionID, answered: Bool, unsure: Bool = false, emit: inout Effects
  ) {
    guard let suspect = suspects.removeValue(forKey: id) else { return }
    suspected[suspect.address] = nil
    emit.cancelTimer(key(.answer, id))
    let by = Event.Value.text(suspect.reporter.description)
    if answered || unsure { peers.add(suspect.address) }
    guard suspect.isLogged else { return }
    let address = suspect.address
    if unsure {
      emit.log(
        Event(
          GossipEvents.reportIgnored, peer: address,
          ["by": by, "reason": "it could not be dialled from here"]))
    } else {
      let kind = answered ? GossipEvents.reportDisputed : GossipEvents.peerRemoved
      emit.log(Event(kind, peer: address, ["by": by]))
    }
  }
}
