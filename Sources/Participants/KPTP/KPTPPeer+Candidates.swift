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
  mutating func consider(_ peers: [Endpoint], at now: Instant, emit: inout Effects) {
    for peer in peers {
      guard !avoided.contains(where: { $0.endpoint == peer && $0.until > now }) else { continue }
      consider(peer, .listed, at: now, emit: &emit)
    }
  }

  /// Whoever dialled may be a peer, if it did so from the port that it listens on.
  mutating func consider(
    _ from: Address, _ origin: Candidate.Origin, at now: Instant, emit: inout Effects
  ) {
    guard let peer = Endpoint(from) else { return }
    consider(peer, origin, at: now, emit: &emit)
  }

  private mutating func consider(
    _ peer: Endpoint, _ origin: Candidate.Origin, at now: Instant, emit: inout Effects
  ) {
    guard peer != own, peer.isReachable, !table.contains(peer),
      !candidates.contains(where: { $0.endpoint == peer }), candidates.count < Candidate.most
    else { return }
    let id = peer.id
    switch placement(of: id) {
    case .full: return
    case .collided:
      collide(with: peer, at: now, emit: &emit)
      avoid(peer, at: now)
    case .room, .closer, .newer:
      candidates.append(Candidate(endpoint: peer, id: id, origin: origin, due: now))
      planGreeting(at: now, emit: &emit)
    }
  }

  /// The table's answer, but for the faults that checks are tested with.
  private func placement(of id: PeerID) -> RoutingTable.Placement {
    switch table.placement(of: id) {
    case .room where !settings.refills && vacated.contains(table.prefix(of: id)): .full
    case .closer where !settings.replaces: .full
    case let placement: placement
    }
  }

  private mutating func planGreeting(at now: Instant, emit: inout Effects) {
    guard let due = candidates.lazy.filter({ !$0.isAsked }).map(\.due).min() else { return }
    emit.setTimer(key(.greeting), at: max(now, nextGreeting, due))
  }

  /// Asks the candidate nearest to us, one at a time, `hello-interval` apart.
  mutating func greetNext(at now: Instant, emit: inout Effects) {
    candidates = candidates.filter { candidate in
      if candidate.isAsked { return true }
      return switch placement(of: candidate.id) {
      case .full, .collided: false
      case .room, .closer, .newer: true
      }
    }
    let ready = candidates.indices.filter { !candidates[$0].isAsked && candidates[$0].due <= now }
    let next = ready.min {
      own.id.distance(to: candidates[$0].id) < own.id.distance(to: candidates[$1].id)
    }
    if let next {
      nextGreeting = now + settings.helloInterval
      candidates[next].due = nextGreeting
      let candidate = candidates[next]
      if ask(candidate.endpoint, .introduction, at: now, emit: &emit) {
        candidates[next].isAsked = true
        repeats.log(
          Event(
            candidate.isGreeted ? KPTPEvents.helloSent : KPTPEvents.peerChecked,
            peer: candidate.endpoint.address, ["attempt": .integer(Int64(candidate.attempt + 1))]),
          per: candidate.endpoint.address, emit: &emit)
      }
    }
    planGreeting(at: now, emit: &emit)
  }

  /// A candidate did not answer. Where nobody listens, it is dead, or dialled from some other port
  /// than its own; only a client may not listen yet.
  mutating func stayedSilent(
    _ peer: Endpoint, _ reason: Silence, at now: Instant, emit: inout Effects
  ) {
    guard let index = candidates.firstIndex(where: { $0.endpoint == peer }) else { return }
    candidates[index].attempt += 1
    candidates[index].isAsked = false
    candidates[index].due = now + settings.helloInterval
    let candidate = candidates[index]
    let isRefused = if case .closed(.refused) = reason { true } else { false }
    if candidate.attempt > settings.helloRetries || isRefused && candidate.origin != .client {
      candidates.remove(at: index)
      avoid(peer, at: now)
      repeats.log(
        Event(KPTPEvents.peerUnreachable, peer: peer.address, ["reason": .text(reason.word)]),
        per: peer.address, emit: &emit)
    }
    planGreeting(at: now, emit: &emit)
  }

  /// Leaves one alone until those who list it must have found it dead too.
  mutating func avoid(_ peer: Endpoint, at now: Instant) {
    avoided.removeAll { $0.endpoint == peer || $0.until <= now }
    if avoided.count == Candidate.mostAvoided { avoided.removeFirst() }
    let patience = settings.heartbeatInterval * settings.heartbeatMisses
    avoided.append((peer, now + patience + settings.heartbeatTimeout))
  }

  private mutating func collide(with peer: Endpoint, at now: Instant, emit: inout Effects) {
    repeats.log(
      Event(KPTPEvents.peerCollided, peer: peer.address, ["id": .text(own.id.description)]),
      per: peer.address, emit: &emit)
  }

  /// A peer answered: it lives at that address, and enters the table where it has a place.
  mutating func meet(_ peer: Endpoint, at now: Instant, emit: inout Effects) {
    let candidate = candidates.firstIndex { $0.endpoint == peer }
    if let candidate { candidates.remove(at: candidate) }
    guard peer != own, !table.see(peer, at: now) else { return }
    avoided.removeAll { $0.endpoint == peer }
    let id = peer.id
    let placement = placement(of: id)
    table.add(RoutingTable.Entry(peer, id, lastSeen: now), as: placement)
    let place: KeyValuePairs<String, Event.Value> = [
      "id": .text(id.description), "prefix": .integer(Int64(table.prefix(of: id))),
    ]
    switch placement {
    case .collided: collide(with: peer, at: now, emit: &emit)
    case .full:
      guard candidate != nil else { return }  // It was asked for another reason.
      repeats.log(
        Event(KPTPEvents.entryDeclined, peer: peer.address, place), per: peer.address, emit: &emit)
    case .room:
      changes.log(
        Event(KPTPEvents.entryAdded, peer: peer.address, place), per: peer.address, at: now,
        emit: &emit)
    case .closer(let other), .newer(let other):
      let isCloser = if case .closer = placement { true } else { false }
      var event = Event(KPTPEvents.entryReplaced, peer: peer.address, place)
      event.fields.append((name: "over", value: .text(other.address.description)))
      event.fields.append((name: "reason", value: isCloser ? "closer" : "newer"))
      changes.log(event, per: peer.address, at: now, emit: &emit)
    }
  }
}
