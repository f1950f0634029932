import Participants

/// A peer that may enter the table, and must answer first.
struct Candidate {
  enum Origin {
    /// Another peer lists it. It does not know us, and is told by a hello.
    case listed
    /// It dialled us.
    case caller
    /// It joined by us, and may be about to listen: an original does only when it is welcomed.
    case client
  }

  let endpoint: Endpoint
  let id: PeerID
  let origin: Origin
  var attempt = 0
  /// When it may be asked.
  var due: Instant
  var isAsked = false

  /// Candidates that a peer has at a time.
  static let most = 64
  /// Peers that are left alone at a time.
  static let mostAvoided = 256

  /// An original passes hellos over; a heartbeat it answers.
  var isGreeted: Bool { origin == .listed && attempt == 0 }
}

extension KPTPPeer {
  /// Others that a message lists.
  mutating func consider(_ peers: [Endpoint], _ turn: inout Turn) {
    for peer in peers {
      guard !avoided.contains(where: { $0.endpoint == peer && $0.until > turn.now }) else {
        continue
      }
      consider(peer, .listed, &turn)
    }
  }

  /// Whoever dialled may be a peer, if it did so from the port that it listens on.
  mutating func consider(_ from: Address, _ origin: Candidate.Origin, _ turn: inout Turn) {
    guard let peer = Endpoint(from) else { return }
    consider(peer, origin, &turn)
  }

  private mutating func consider(_ peer: Endpoint, _ origin: Candidate.Origin, _ turn: inout Turn) {
    guard peer != own, peer.isReachable, !table.contains(peer),
      !candidates.contains(where: { $0.endpoint == peer }), candidates.count < Candidate.most
    else { return }
    let id = peer.id
    switch placement(of: id) {
    case .full: return
    case .collided:
      collide(with: peer, &turn)
      avoid(peer, at: turn.now)
    case .room, .closer, .newer:
      candidates.append(Candidate(endpoint: peer, id: id, origin: origin, due: turn.now))
      planGreeting(&turn)
    }
  }

  /// The table's answer, but for the faults that checks are tested with.
  private func placement(of id: PeerID) -> PrefixTable.Placement {
    switch table.placement(of: id) {
    case .room where !settings.refills && vacated.contains(table.prefix(of: id)): .full
    case .closer where !settings.replaces: .full
    case let placement: placement
    }
  }

  private mutating func planGreeting(_ turn: inout Turn) {
    guard let due = candidates.lazy.filter({ !$0.isAsked }).map(\.due).min() else { return }
    turn.setTimer(Timer.greeting, at: max(turn.now, nextGreeting, due))
  }

  /// Asks the candidate nearest to us, one at a time, `hello-interval` apart.
  mutating func greetNext(_ turn: inout Turn) {
    candidates = candidates.filter { candidate in
      if candidate.isAsked { return true }
      return switch placement(of: candidate.id) {
      case .full, .collided: false
      case .room, .closer, .newer: true
      }
    }
    let ready = candidates.indices.filter {
      !candidates[$0].isAsked && candidates[$0].due <= turn.now
    }
    let next = ready.min {
      own.id.distance(to: candidates[$0].id) < own.id.distance(to: candidates[$1].id)
    }
    if let next {
      nextGreeting = turn.now + settings.helloInterval
      candidates[next].due = nextGreeting
      let candidate = candidates[next]
      if ask(candidate.endpoint, .introduction, &turn) {
        candidates[next].isAsked = true
        repeats.log(
          Event(
            candidate.isGreeted ? KPTPEvents.helloSent : KPTPEvents.peerChecked,
            peer: candidate.endpoint.address, ["attempt": candidate.attempt + 1]),
          per: candidate.endpoint.address, &turn)
      }
    }
    planGreeting(&turn)
  }

  /// A candidate did not answer. Where nobody listens, it is dead, or dialled from some other port
  /// than its own; only a client may not listen yet.
  mutating func stayedSilent(_ peer: Endpoint, _ reason: Silence, _ turn: inout Turn) {
    guard let index = candidates.firstIndex(where: { $0.endpoint == peer }) else { return }
    candidates[index].attempt += 1
    candidates[index].isAsked = false
    candidates[index].due = turn.now + settings.helloInterval
    let candidate = candidates[index]
    let isRefused = if case .closed(.refused) = reason { true } else { false }
    if candidate.attempt > settings.helloRetries || isRefused && candidate.origin != .client {
      candidates.remove(at: index)
      avoid(peer, at: turn.now)
      repeats.log(
        Event(KPTPEvents.peerUnreachable, peer: peer.address, ["reason": reason.word]),
        per: peer.address, &turn)
    }
    planGreeting(&turn)
  }

  /// Leaves one alone until those who list it must have found it dead too.
  mutating func avoid(_ peer: Endpoint, at now: Instant) {
    avoided.removeAll { $0.endpoint == peer || $0.until <= now }
    if avoided.count == Candidate.mostAvoided { avoided.removeFirst() }
    let patience = settings.heartbeatInterval * settings.heartbeatMisses
    avoided.append((peer, now + patience + settings.heartbeatTimeout))
  }

  private mutating func collide(with peer: Endpoint, _ turn: inout Turn) {
    repeats.log(
      Event(KPTPEvents.peerCollided, peer: peer.address, ["id": own.id]),
      per: peer.address, &turn)
  }

  /// A peer answered: it lives at that address, and enters the table where it has a place.
  mutating func meet(_ peer: Endpoint, _ turn: inout Turn) {
    let candidate = candidates.firstIndex { $0.endpoint == peer }
    if let candidate { candidates.remove(at: candidate) }
    guard peer != own, !table.see(peer, at: turn.now) else { return }
    avoided.removeAll { $0.endpoint == peer }
    let id = peer.id
    let placement = placement(of: id)
    table.add(PrefixTable.Entry(peer, id, lastSeen: turn.now), as: placement)
    let prefix = table.prefix(of: id)
    func event(_ kind: EventKind, over other: Endpoint? = nil, _ reason: String? = nil) -> Event {
      Event(
        kind, peer: peer.address,
        ["id": id, "prefix": prefix, "over": other?.address, "reason": reason])
    }
    switch placement {
    case .collided: collide(with: peer, &turn)
    case .full:
      guard candidate != nil else { return }  // It was asked for another reason.
      repeats.log(event(KPTPEvents.entryDeclined), per: peer.address, &turn)
    case .room:
      changes.logEach(event(KPTPEvents.entryAdded), per: peer.address, &turn)
    case .closer(let other):
      changes.logEach(
        event(KPTPEvents.entryReplaced, over: other, "closer"), per: peer.address, &turn)
    case .newer(let other):
      changes.logEach(
        event(KPTPEvents.entryReplaced, over: other, "newer"), per: peer.address, &turn)
    }
  }
}
