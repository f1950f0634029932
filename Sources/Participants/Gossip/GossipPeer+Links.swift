import Participants

/// A connection to another peer: a link, or one that may become a link.
struct PeerConnection {
  enum Direction: String {
    /// We dialled, to have a link.
    case dialled
    /// They dialled.
    case accepted
    /// We dialled, to find out whether a suspect is alive.
    case verifying
  }

  enum Phase {
    /// They dialled and have not said who they are, which decides what they are told.
    case unknown
    /// Our handshake, or our visit, is on its way; their answer has not come.
    case greeting
    case linked
  }

  let direction: Direction
  var phase: Phase
  /// Whether the link's opening was: its end is then logged too.
  var isLogged = false
  /// Who they are: whom we dialled, or who they said they are.
  var peer: Address?
  var reader = PeerLinkReader()
  /// Bytes without meaning so far.
  var garbage = 0
  var probes = Probes()
  /// Visits in a row that found the neighbour alive while its link was silent.
  var visits = 0
  /// Texts still to be sent to a neighbour that may have missed them, next one last.
  var catchUp: [[UInt8]] = []
  var unacknowledged = UnacknowledgedTexts()

  /// Bytes without meaning that a neighbour may send before it is closed.
  static let garbageLimit = 4_096
}

extension GossipPeer {
  mutating func accept(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard connections.count + seedLinks.count < settings.maxConnections else {
      repeats.refuse(emit: &emit)
      // An original that is closed without a word takes the connection for a link.
      emit.write(GossipWire.busyFrame, to: id)
      emit.close(id)
      return
    }
    // An original that was greeted and then closed reports us dead: hear first who it is.
    connections[id] = PeerConnection(direction: .accepted, phase: .unknown)
    emit.setTimer(key(.greeting, id.number), at: now + settings.settle)
  }

  /// Whoever dialled says nothing: speaks first, as far as there is room.
  mutating func greet(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard slotsTaken < settings.maxLinks else { return decline(id, emit: &emit) }
    guard connections[id] != nil else { return }
    connections[id]?.phase = .greeting
    emit.write(GossipWire.handshake(own), to: id)
    emit.setTimer(key(.answer, id.number), at: now + settings.answerTimeout)
  }

  mutating func dial(
    _ peer: Address, as direction: PeerConnection.Direction = .dialled, at now: Instant,
    emit: inout Effects
  ) {
    let id = emit.connect(to: peer)
    connections[id] = PeerConnection(direction: direction, phase: .greeting, peer: peer)
    emit.setTimer(key(.answer, id.number), at: now + settings.answerTimeout)
  }

  mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    let messages = connections[id]?.reader.read(bytes) ?? []
    for message in messages {
      switch phase(of: id) {
      case .linked: hear(message, fromNeighbour: id, at: now, emit: &emit)
      case .unknown, .greeting: hear(message, fromStranger: id, at: now, emit: &emit)
      case nil: return
      }
    }
  }

  func phase(of id: ConnectionID) -> PeerConnection.Phase? { connections[id]?.phase }

  private mutating func hear(
    _ message: PeerLinkMessage, fromStranger id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    guard let connection = connections[id] else { return }
    switch message {
    case .handshake where connection.direction == .verifying,
      .busy where connection.direction == .verifying:
      concludeVisit(id, connection, hearing: message, at: now, emit: &emit)
    case .handshake(let peer): introduce(id, connection.peer ?? peer, at: now, emit: &emit)
    case .busy: refused(id, connection, at: now, emit: &emit)
    case .garbage(let bytes): takeGarbage(bytes, from: id, at: now, emit: &emit)
    case .gossip, .acknowledgement, .livenessRequest, .livenessReply: break
    }
  }

  /// Nothing here may hold a copy of the connection: what is changed in it would be copied too.
  private mutating func hear(
    _ message: PeerLinkMessage, fromNeighbour id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    switch message {
    case .gossip(let text): takeText(text, from: id, at: now, emit: &emit)
    case .acknowledgement: acknowledged(id, at: now, emit: &emit)
    case .livenessRequest(let timestamp, let asker):
      emit.write(GossipWire.livenessReply(to: timestamp, asker, from: own), to: id)
    case .livenessReply(let timestamp, let asker):
      takeReply(to: timestamp, asker: asker, on: id, at: now, emit: &emit)
    case .busy:
      unlink(id, reason: "busy", emit: &emit)
      emit.close(id)
      planRound(afresh: true, at: now, emit: &emit)
    case .garbage(let bytes): takeGarbage(bytes, from: id, at: now, emit: &emit)
    case .handshake: break
    }
  }

  /// They have said who they are: settles duplicates and room, then opens the link.
  private mutating func introduce(
    _ id: ConnectionID, _ peer: Address, at now: Instant, emit: inout Effects
  ) {
    guard let connection = connections[id] else { return }
    connections[id]?.peer = peer
    guard peer != own, settleDuplicate(id, connection, with: peer, at: now, emit: &emit) else {
      decline(id, emit: &emit)
      dialNext(at: now, emit: &emit)
      return
    }
    if connection.phase == .unknown {
      guard slotsTaken < settings.maxLinks || makeRoom(for: peer, emit: &emit) else {
        decline(id, emit: &emit)
        if peer < own, candidates.mayBePredecessor(peer) {
          // Perhaps the seeds now name it as the nearest smaller one (it is new, or whoever was
          // nearer has died): then there is room next time.
          planRound(afresh: true, at: now, emit: &emit)
        }
        return
      }
      emit.write(GossipWire.handshake(own), to: id)
    }
    open(id, peer, connection.direction, at: now, emit: &emit)
  }

  private mutating func open(
    _ id: ConnectionID, _ peer: Address, _ direction: PeerConnection.Direction, at now: Instant,
    emit: inout Effects
  ) {
    connections[id]?.phase = .linked
    links[peer] = id
    emit.cancelTimer(key(.answer, id.number))
    emit.cancelTimer(key(.greeting, id.number))
    clearSuspicion(of: peer, at: now, emit: &emit)
    let word = direction == .accepted ? "accepted" : "dialled"
    connections[id]?.isLogged = changes.log(
      Event(GossipEvents.linkOpened, peer: peer, ["direction": .text(word)]), per: peer,
      at: now, emit: &emit)
    emit.setTimer(key(.probe, id.number), at: now + settings.livenessInterval)
    if settings.catchUpWindow > .zero {
      emit.setTimer(key(.catchUp, id.number), at: now + settings.textDelay)
    }
    startTexts(at: now, emit: &emit)
    round.hasLinked = true
    dialNext(at: now, emit: &emit)
  }

  /// A neighbour that dials again keeps the link it has: the original dials whomever the seeds name.
  /// Only a link that has fallen silent is replaced: that side may have started again. When both
  /// sides dial at once, both keep the connection that the smaller address dialled.
  /// False: this connection is the one to give up.
  private mutating func settleDuplicate(
    _ id: ConnectionID, _ connection: PeerConnection, with peer: Address, at now: Instant,
    emit: inout Effects
  ) -> Bool {
    if let other = links[peer] {
      guard suspects.contains(where: { $0.address == peer }) else { return false }
      unlink(other, reason: "duplicate", emit: &emit)
      emit.close(other)
      return true
    }
    let pending = connections.keys.first {
      $0 != id && connections[$0]?.peer == peer && connections[$0]?.direction == .dialled
    }
    guard connection.direction == .accepted, let pending else { return true }
    if own < peer { return false }
    remove(pending, emit: &emit)
    emit.close(pending)
    return true
  }

  /// A full peer takes one more link: to the nearest smaller address that the seeds name.
  private mutating func makeRoom(for peer: Address, emit: inout Effects) -> Bool {
    guard candidates.predecessors.first == peer else { return false }
    if let displaced = roomMadeFor, let id = links[displaced] {
      unlink(id, reason: "displaced", emit: &emit)
      emit.write(GossipWire.busyFrame, to: id)
      emit.close(id)
    }
    roomMadeFor = peer
    return true
  }

  /// There is no room: says so and closes.
  mutating func decline(_ id: ConnectionID, emit: inout Effects) {
    guard let connection = connections[id] else { return }
    repeats.log(
      Event(GossipEvents.linkDeclined, peer: connection.peer), per: connection.peer, emit: &emit)
    remove(id, emit: &emit)
    emit.write(GossipWire.busyFrame, to: id)
    emit.close(id)
  }

  /// They have no room for us, or only wanted to know whether we are alive.
  private mutating func refused(
    _ id: ConnectionID, _ connection: PeerConnection, at now: Instant, emit: inout Effects
  ) {
    if connection.direction == .dialled {
      emit.log(Event(GossipEvents.linkRefused, peer: connection.peer))
    }
    remove(id, emit: &emit)
    emit.close(id)
    dialNext(at: now, emit: &emit)
  }

  private mutating func takeGarbage(
    _ bytes: Int, from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard var connection = connections[id] else { return }
    if connection.garbage == 0 {
      repeats.reject(from: connection.peer, reason: "not a message", bytes: bytes, emit: &emit)
    }
    connection.garbage += bytes
    connections[id] = connection
    guard connection.garbage > PeerConnection.garbageLimit else { return }
    repeats.reject(
      from: connection.peer, reason: "too many", bytes: connection.garbage, emit: &emit)
    if connection.phase == .linked {
      unlink(id, reason: "garbled", emit: &emit)
    } else {
      remove(id, emit: &emit)
    }
    emit.close(id)
    planRound(afresh: true, at: now, emit: &emit)
  }

  /// The driver says that a connection ended, or could not be made.
  mutating func lose(
    _ id: ConnectionID, _ reason: CloseReason, at now: Instant, emit: inout Effects
  ) {
    guard let connection = connections[id] else { return }
    switch (connection.phase, connection.direction) {
    case (.linked, _):
      unlink(id, reason: reason.rawValue, emit: &emit)
      planRound(afresh: true, at: now, emit: &emit)
      if let peer = connection.peer {
        suspect(peer, misses: 0, because: "link \(reason.rawValue)", at: now, emit: &emit)
      }
    case (_, .verifying):
      remove(id, emit: &emit)
      if let peer = connection.peer {
        suspectIsSilent(peer, reason, at: now, emit: &emit)
      }
    case (_, .dialled):
      remove(id, emit: &emit)
      if let peer = connection.peer, reason == .refused {
        // The seeds list it, and nobody is there.
        logSuspicion(of: peer, because: "refused", at: now, emit: &emit)
        report(peer, at: now, emit: &emit)
      }
      dialNext(at: now, emit: &emit)
    case (_, .accepted):
      remove(id, emit: &emit)
    }
  }

  /// A connection has not said who it is in time.
  mutating func giveUp(
    _ id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let connection = connections[id], connection.phase != .linked else { return }
    remove(id, emit: &emit)
    // Whoever is visited may still find out, later, that somebody was there: it was no link.
    if connection.direction == .verifying { emit.write(GossipWire.busyFrame, to: id) }
    emit.close(id)
    if connection.direction == .verifying, let peer = connection.peer {
      suspectIsSilent(peer, nil, at: now, emit: &emit)
    }
    dialNext(at: now, emit: &emit)
  }

  /// Forgets a link and logs why it ended. Closing the connection is the caller's.
  mutating func unlink(_ id: ConnectionID, reason: String, emit: inout Effects) {
    guard let connection = connections[id], let peer = connection.peer else { return }
    links[peer] = nil
    if roomMadeFor == peer { roomMadeFor = nil }
    remove(id, emit: &emit)
    if connection.isLogged {
      emit.log(Event(GossipEvents.linkClosed, peer: peer, ["reason": .text(reason)]))
    }
  }

  mutating func remove(_ id: ConnectionID, emit: inout Effects) {
    connections[id] = nil
    for purpose in [Purpose.answer, .greeting, .probe, .catchUp, .acknowledgement] {
      emit.cancelTimer(key(purpose, id.number))
    }
  }
}
