import Participants

/// A peer that may be dead.
struct Suspect {
  /// Names its timer.
  let number: UInt64
  let address: Address
  /// Missing answers in a row, liveness replies included.
  var misses: Int
}

extension GossipPeer {
  /// Time for the next liveness request on a link; what was asked before should be answered by now.
  mutating func probe(
    _ id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let peer = connections[id]?.peer, let misses = connections[id]?.probes.count else {
      return
    }
    if misses > 0 {
      emit.log(
        Event(GossipEvents.livenessMissed, peer: peer, ["misses": .integer(Int64(misses))]))
    }
    guard misses < settings.livenessMisses else {
      // The link stays until it is known that nobody is there: an original loses replies, and calls
      // dead whoever closes a link.
      suspect(peer, misses: misses, because: "silent", at: now, emit: &emit)
      return
    }
    let timestamp = GossipWire.timestamp(now)
    connections[id]?.probes.append(timestamp)
    emit.write(GossipWire.livenessRequest(timestamp, from: own), to: id)
    emit.setTimer(key(.probe, id.number), at: now + settings.livenessInterval)
  }

  /// A reply answers the request that it names, and all before it.
  mutating func takeReply(
    to timestamp: String, asker: Address, on id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    guard asker == own, let peer = connections[id]?.peer,
      let position = connections[id]?.probes.firstIndex(of: timestamp)
    else { return }
    connections[id]?.probes.removeFirst(position + 1)
    clearSuspicion(of: peer, at: now, emit: &emit)
  }

  /// Somebody may be dead: visits them, unless they are being visited already. A visit says nothing
  /// of itself, so that nobody takes it for a link.
  mutating func suspect(
    _ peer: Address, misses: Int, because reason: String, at now: Instant, emit: inout Effects
  ) {
    guard !suspects.contains(where: { $0.address == peer }) else { return }
    emit.log(Event(GossipEvents.peerSuspected, peer: peer, ["reason": .text(reason)]))
    lastSuspect += 1
    suspects.append(Suspect(number: lastSuspect, address: peer, misses: misses))
    dialSuspect(number: lastSuspect, at: now, emit: &emit)
  }

  mutating func dialSuspect(number: UInt64, at now: Instant, emit: inout Effects) {
    guard let suspect = suspects.first(where: { $0.number == number }) else { return }
    dial(suspect.address, as: .verifying, at: now, emit: &emit)
  }

  /// A suspect did not answer. `reason` is nil when it let the time pass.
  mutating func suspectIsSilent(
    _ peer: Address, _ reason: CloseReason?, at now: Instant, emit: inout Effects
  ) {
    guard let index = suspects.firstIndex(where: { $0.address == peer }) else { return }
    switch reason {
    case .failed: break  // It could not be dialled from here, which says nothing about it.
    case .refused: suspects[index].misses = settings.livenessMisses
    case .ended, .reset, .unreachable, .backlogged, nil: suspects[index].misses += 1
    }
    let suspect = suspects[index]
    if suspect.misses >= settings.livenessMisses {
      suspects.remove(at: index)
      if let id = links[peer] {
        unlink(id, reason: "silent", emit: &emit)
        emit.close(id)
        planRound(afresh: true, at: now, emit: &emit)
      }
      report(peer, at: now, emit: &emit)
    } else {
      emit.setTimer(key(.verify, suspect.number), at: now + settings.livenessInterval)
    }
  }

  /// A suspect that was visited says something: it lives. It is told that this is no link.
  mutating func concludeVisit(
    _ id: ConnectionID, _ connection: PeerConnection, hearing message: PeerLinkMessage,
    at now: Instant, emit: inout Effects
  ) {
    remove(id, emit: &emit)
    if message != .busy { emit.write(GossipWire.busy(links: settings.maxLinks), to: id) }
    emit.close(id)
    if let peer = connection.peer { clearSuspicion(of: peer, at: now, emit: &emit) }
  }

  /// A suspect answered, or came back by itself. A link that it still has is probed anew.
  mutating func clearSuspicion(of peer: Address, at now: Instant, emit: inout Effects) {
    guard let index = suspects.firstIndex(where: { $0.address == peer }) else { return }
    let suspect = suspects.remove(at: index)
    emit.cancelTimer(key(.verify, suspect.number))
    emit.log(Event(GossipEvents.suspicionCleared, peer: peer))
    if let id = links[peer] {
      connections[id]?.probes = []
      emit.setTimer(key(.probe, id.number), at: now + settings.livenessInterval)
    }
  }
}
