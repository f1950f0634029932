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
    guard let connection = connections[id], let peer = connection.peer else { return }
    let misses = connection.probes.count
    if misses > 0 {
      emit.log(
        Event(GossipEvents.livenessMissed, peer: peer, ["misses": .integer(Int64(misses))]))
    }
    guard misses < settings.livenessMisses else {
      unlink(id, reason: "silent", emit: &emit)
      emit.close(id)
      suspect(peer, misses: misses, because: "silent", at: now, emit: &emit)
      planRound(afresh: true, at: now, emit: &emit)
      return
    }
    let timestamp = GossipWire.timestamp(now)
    connections[id]?.probes.append(timestamp)
    emit.write(GossipWire.livenessRequest(timestamp, from: own), to: id)
    emit.setTimer(key(.probe, id.number), at: now + settings.livenessInterval)
  }

  /// A reply answers the request that it names, and all before it.
  mutating func takeReply(to timestamp: String, asker: Address, on id: ConnectionID) {
    guard asker == own, let position = connections[id]?.probes.firstIndex(of: timestamp)
    else { return }
    connections[id]?.probes.removeFirst(position + 1)
  }

  /// Somebody may be dead: dials them, unless they are being dialled already.
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
      report(peer, at: now, emit: &emit)
    } else {
      emit.setTimer(key(.verify, suspect.number), at: now + settings.livenessInterval)
    }
  }

  /// A suspect answered, or came back by itself.
  mutating func clearSuspicion(of peer: Address, emit: inout Effects) {
    guard let index = suspects.firstIndex(where: { $0.address == peer }) else { return }
    let suspect = suspects.remove(at: index)
    emit.cancelTimer(key(.verify, suspect.number))
    emit.log(Event(GossipEvents.suspicionCleared, peer: peer))
  }
}
