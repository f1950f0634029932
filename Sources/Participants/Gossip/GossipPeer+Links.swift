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
  mutating func accept(_ id: ConnectionID, _ turn: inout Turn) {
    guard connections.count + seedLinks.count < settings.maxConnections else {
      repeats.refuse(&turn)
      // An original that is closed without a word takes the connection for a link.
      turn.write(GossipWire.busyFrame, to: id)
      turn.close(id)
      return
    }
    // An original that was greeted and then closed reports us dead: hear first who it is.
    connections[id] = PeerConnection(direction: .accepted, phase: .unknown)
    turn.setTimer(Timer.greeting, id.number, at: turn.now + settings.settle)
  }

  /// Whoever dialled says nothing: speaks first, as far as there is room.
  mutating func greet(_ id: ConnectionID, _ turn: inout Turn) {
    guard slotsTaken < settings.maxLinks else { return decline(id, &turn) }
    guard connections[id] != nil else { return }
    connections[id]?.phase = .greeting
    turn.write(GossipWire.handshake(own), to: id)
    turn.setTimer(Timer.answer, id.number, at: turn.now + settings.answerTimeout)
  }

  mutating func dial(
    _ peer: Address, as direction: PeerConnection.Direction = .dialled, _ turn: inout Turn
  ) {
    let id = turn.connect(to: peer)
    connections[id] = PeerConnection(direction: direction, phase: .greeting, peer: peer)
    turn.setTimer(Timer.answer, id.number, at: turn.now + settings.answerTimeout)
  }

  mutating func read(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    let messages = connections[id]?.reader.read(bytes) ?? []
    for message in messages {
      switch phase(of: id) {
      case .linked: hear(message, fromNeighbour: id, &turn)
      case .unknown, .greeting: hear(message, fromStranger: id, &turn)
      case nil: return
      }
    }
  }

  func phase(of id: ConnectionID) -> PeerConnection.Phase? { connections[id]?.phase }

  private mutating func hear(
    _ message: PeerLinkMessage, fromStranger id: ConnectionID, _ turn: inout Turn
  ) {
    guard let connection = connections[id] else { return }
    switch message {
    case .handshake where connection.direction == .verifying,
      .busy where connection.direction == .verifying:
      concludeVisit(id, connection, hearing: message, &turn)
    case .handshake(let peer): introduce(id, connection.peer ?? peer, &turn)
    case .busy: refused(id, connection, &turn)
    case .garbage(let bytes): takeGarbage(bytes, from: id, &turn)
    case .gossip, .acknowledgement, .livenessRequest, .livenessReply: break
    }
  }

  /// Nothing here may hold a copy of the connection: what is changed in it would be copied too.
  private mutating func hear(
    _ message: PeerLinkMessage, fromNeighbour id: ConnectionID, _ turn: inout Turn
  ) {
    switch message {
    case .gossip(let text): takeText(text, from: id, &turn)
    case .acknowledgement: acknowledged(id, &turn)
    case .livenessRequest(let timestamp, let asker):
      turn.write(GossipWire.livenessReply(to: timestamp, asker, from: own), to: id)
    case .livenessReply(let timestamp, let asker):
      takeReply(to: timestamp, asker: asker, on: id, &turn)
    case .busy:
      unlink(id, reason: "busy", &turn)
      turn.close(id)
      planRound(afresh: true, &turn)
    case .garbage(let bytes): takeGarbage(bytes, from: id, &turn)
    case .handshake: break
    }
  }

  /// They have said who they are: settles duplicates and room, then opens the link.
  private mutating func introduce(_ id: ConnectionID, _ peer: Address, _ turn: inout Turn) {
    guard let connection = connections[id] else { return }
    connections[id]?.peer = peer
    guard peer != own, settleDuplicate(id, connection, with: peer, &turn) else {
      decline(id, &turn)
      dialNext(&turn)
      return
    }
    if connection.phase == .unknown {
      guard slotsTaken < settings.maxLinks || makeRoom(for: peer, &turn) else {
        decline(id, &turn)
        if peer < own, candidates.mayBePredecessor(peer) {
          // Perhaps the seeds now name it as the nearest smaller one (it is new, or whoever was
          // nearer has died): then there is room next time.
          planRound(afresh: true, &turn)
        }
        return
      }
      turn.write(GossipWire.handshake(own), to: id)
    }
    open(id, peer, connection.direction, &turn)
  }

  private mutating func open(
    _ id: ConnectionID, _ peer: Address, _ direction: PeerConnection.Direction, _ turn: inout Turn
  ) {
    connections[id]?.phase = .linked
    links[peer] = id
    turn.cancelTimer(Timer.answer, id.number)
    turn.cancelTimer(Timer.greeting, id.number)
    clearSuspicion(of: peer, &turn)
    let word = direction == .accepted ? "accepted" : "dialled"
    connections[id]?.isLogged = changes.logEach(
      Event(GossipEvents.linkOpened, peer: peer, ["direction": word]), per: peer, &turn)
    turn.setTimer(Timer.probe, id.number, at: turn.now + settings.livenessInterval)
    if settings.catchUpWindow > .zero {
      turn.setTimer(Timer.catchUp, id.number, at: turn.now + settings.textDelay)
    }
    startTexts(&turn)
    round.hasLinked = true
    dialNext(&turn)
  }

  /// A neighbour that dials again keeps the link it has: the original dials whomever the seeds name.
  /// Only a link that has fallen silent is replaced: that side may have started again. When both
  /// sides dial at once, both keep the connection that the smaller address dialled.
  /// False: this connection is the one to give up.
  private mutating func settleDuplicate(
    _ id: ConnectionID, _ connection: PeerConnection, with peer: Address, _ turn: inout Turn
  ) -> Bool {
    if let other = links[peer] {
      guard suspects.contains(where: { $0.address == peer }) else { return false }
      unlink(other, reason: "duplicate", &turn)
      turn.close(other)
      return true
    }
    let pending = connections.keys.first {
      $0 != id && connections[$0]?.peer == peer && connections[$0]?.direction == .dialled
    }
    guard connection.direction == .accepted, let pending else { return true }
    if own < peer { return false }
    remove(pending, &turn)
    turn.close(pending)
    return true
  }

  /// A full peer takes one more link: to the nearest smaller address that the seeds name.
  private mutating func makeRoom(for peer: Address, _ turn: inout Turn) -> Bool {
    guard candidates.predecessors.first == peer else { return false }
    if let displaced = roomMadeFor, let id = links[displaced] {
      unlink(id, reason: "displaced", &turn)
      turn.write(GossipWire.busyFrame, to: id)
      turn.close(id)
    }
    roomMadeFor = peer
    return true
  }

  /// There is no room: says so and closes.
  mutating func decline(_ id: ConnectionID, _ turn: inout Turn) {
    guard let connection = connections[id] else { return }
    repeats.log(
      Event(GossipEvents.linkDeclined, peer: connection.peer), per: connection.peer, &turn)
    remove(id, &turn)
    turn.write(GossipWire.busyFrame, to: id)
    turn.close(id)
  }

  /// They have no room for us, or only wanted to know whether we are alive.
  private mutating func refused(
    _ id: ConnectionID, _ connection: PeerConnection, _ turn: inout Turn
  ) {
    if connection.direction == .dialled {
      turn.log(GossipEvents.linkRefused, peer: connection.peer)
    }
    remove(id, &turn)
    turn.close(id)
    dialNext(&turn)
  }

  private mutating func takeGarbage(_ bytes: Int, from id: ConnectionID, _ turn: inout Turn) {
    guard var connection = connections[id] else { return }
    if connection.garbage == 0 {
      repeats.reject(from: connection.peer, reason: "not a message", bytes: bytes, &turn)
    }
    connection.garbage += bytes
    connections[id] = connection
    guard connection.garbage > PeerConnection.garbageLimit else { return }
    repeats.reject(from: connection.peer, reason: "too many", bytes: connection.garbage, &turn)
    if connection.phase == .linked {
      unlink(id, reason: "garbled", &turn)
    } else {
      remove(id, &turn)
    }
    turn.close(id)
    planRound(afresh: true, &turn)
  }

  /// The driver says that a connection ended, or could not be made.
  mutating func lose(_ id: ConnectionID, _ reason: CloseReason, _ turn: inout Turn) {
    guard let connection = connections[id] else { return }
    switch (connection.phase, connection.direction) {
    case (.linked, _):
      unlink(id, reason: reason.rawValue, &turn)
      planRound(afresh: true, &turn)
      if let peer = connection.peer {
        suspect(peer, misses: 0, because: "link \(reason.rawValue)", &turn)
      }
    case (_, .verifying):
      remove(id, &turn)
      if let peer = connection.peer {
        suspectIsSilent(peer, reason, &turn)
      }
    case (_, .dialled):
      remove(id, &turn)
      if let peer = connection.peer, reason == .refused {
        // The seeds list it, and nobody is there.
        logSuspicion(of: peer, because: "refused", &turn)
        report(peer, &turn)
      }
      dialNext(&turn)
    case (_, .accepted):
      remove(id, &turn)
    }
  }

  /// A connection has not said who it is in time.
  mutating func giveUp(_ id: ConnectionID, _ turn: inout Turn) {
    guard let connection = connections[id], connection.phase != .linked else { return }
    remove(id, &turn)
    // Whoever is visited may still find out, later, that somebody was there: it was no link.
    if connection.direction == .verifying { turn.write(GossipWire.busyFrame, to: id) }
    turn.close(id)
    if connection.direction == .verifying, let peer = connection.peer {
      suspectIsSilent(peer, nil, &turn)
    }
    dialNext(&turn)
  }

  /// Forgets a link and logs why it ended. Closing the connection is the caller's.
  mutating func unlink(_ id: ConnectionID, reason: String, _ turn: inout Turn) {
    guard let connection = connections[id], let peer = connection.peer else { return }
    links[peer] = nil
    if roomMadeFor == peer { roomMadeFor = nil }
    remove(id, &turn)
    if connection.isLogged {
      turn.log(GossipEvents.linkClosed, peer: peer, ["reason": reason])
    }
  }

  mutating func remove(_ id: ConnectionID, _ turn: inout Turn) {
    connections[id] = nil
    for purpose in [Timer.answer, .greeting, .probe, .catchUp, .acknowledgement] {
      turn.cancelTimer(purpose, id.number)
    }
  }
}
