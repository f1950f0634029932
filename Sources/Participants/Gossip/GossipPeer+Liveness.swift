import Participants

/// The liveness requests on a link.
///
/// One has failed when nothing has been answered since it was sent, for as long as an answer may take.
/// Any answer, however late and to whichever of them, shows that the neighbour reads: all that were
/// sent before it count no more, so lateness is never held against a neighbour.
struct Probes {
  /// Those that may be answered: as many as may fail, and so many more.
  private static let mostAnswerable = 64

  private var sent: [(timestamp: String, at: Instant)] = []
  /// How many were sent since the last answer: the last of ``sent``.
  private(set) var unanswered = 0

  mutating func add(_ timestamp: String, at now: Instant, atMost misses: Int) {
    sent.append((timestamp, now))
    unanswered += 1
    if sent.count > misses + Self.mostAnswerable { sent.removeFirst() }
  }

  func contains(_ timestamp: String) -> Bool { sent.contains { $0.timestamp == timestamp } }

  mutating func answered() { unanswered = 0 }

  /// How many in a row have failed, and when the next will have.
  func failed(after patience: Microseconds, at now: Instant) -> (count: Int, next: Instant?) {
    let waiting = sent.suffix(unanswered)
    let failed = waiting.prefix { $0.at + patience <= now }
    return (failed.count, waiting.dropFirst(failed.count).first.map { $0.at + patience })
  }
}

/// A peer that may be dead.
struct Suspect {
  /// Names its timer.
  let number: UInt64
  let address: Address
  /// Missing answers in a row, liveness replies included.
  var misses: Int
}

extension GossipPeer {
  /// A link is given up after so many visits in a row that found its neighbour alive. Not after the
  /// first: an original that forwards loses replies, and calls dead whoever closes a link.
  private static let mostVisits = 2

  /// How long a liveness request has to be answered.
  private var probePatience: Microseconds {
    max(settings.answerTimeout, settings.livenessInterval)
  }

  /// Time for the next liveness request on a link, or for one that was sent before to have failed.
  mutating func probe(_ id: ConnectionID, _ turn: inout Turn) {
    guard let peer = connections[id]?.peer,
      let (misses, nextMiss) = connections[id]?.probes.failed(after: probePatience, at: turn.now),
      let unanswered = connections[id]?.probes.unanswered
    else { return }
    if misses > 0 {
      turn.log(GossipEvents.livenessMissed, peer: peer, ["misses": misses])
    }
    if misses >= settings.livenessMisses {
      // The link stays until it is known whether somebody is there.
      return suspect(peer, misses: misses, because: "silent", &turn)
    }
    var next = turn.now + settings.livenessInterval
    if unanswered < settings.livenessMisses {
      let timestamp = GossipWire.timestamp(turn.now)
      connections[id]?.probes.add(timestamp, at: turn.now, atMost: settings.livenessMisses)
      turn.write(GossipWire.livenessRequest(timestamp, from: own), to: id)
    } else if let nextMiss {
      next = nextMiss
    }
    turn.setTimer(Timer.probe, id.number, at: next)
  }

  /// Only a reply to what was asked here counts.
  mutating func takeReply(
    to timestamp: String, asker: Address, on id: ConnectionID, _ turn: inout Turn
  ) {
    guard asker == own, connections[id]?.probes.contains(timestamp) == true else { return }
    answered(id, &turn)
  }

  /// A neighbour has read something that it was sent, and said so.
  mutating func answered(_ id: ConnectionID, _ turn: inout Turn) {
    guard let peer = connections[id]?.peer else { return }
    connections[id]?.probes.answered()
    connections[id]?.visits = 0
    clearSuspicion(of: peer, &turn)
  }

  /// Somebody may be dead: visits them, unless they are being visited already. A visit says nothing
  /// of itself, so that nobody takes it for a link.
  mutating func suspect(_ peer: Address, misses: Int, because reason: String, _ turn: inout Turn) {
    guard !suspects.contains(where: { $0.address == peer }) else { return }
    logSuspicion(of: peer, because: reason, &turn)
    lastSuspect += 1
    suspects.append(Suspect(number: lastSuspect, address: peer, misses: misses))
    dialSuspect(number: lastSuspect, &turn)
  }

  mutating func logSuspicion(of peer: Address, because reason: String, _ turn: inout Turn) {
    changes.logEach(
      Event(GossipEvents.peerSuspected, peer: peer, ["reason": reason]), per: peer, &turn)
  }

  mutating func dialSuspect(number: UInt64, _ turn: inout Turn) {
    guard let suspect = suspects.first(where: { $0.number == number }) else { return }
    dial(suspect.address, as: .verifying, &turn)
  }

  /// A suspect did not answer. `reason` is nil when it let the time pass.
  mutating func suspectIsSilent(_ peer: Address, _ reason: CloseReason?, _ turn: inout Turn) {
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
        unlink(id, reason: "silent", &turn)
        turn.close(id)
        planRound(afresh: true, &turn)
      }
      report(peer, &turn)
    } else {
      turn.setTimer(Timer.verify, suspect.number, at: turn.now + settings.livenessInterval)
    }
  }

  /// A suspect that was visited says something: it lives. It is told that this is no link.
  mutating func concludeVisit(
    _ id: ConnectionID, _ connection: PeerConnection, hearing message: PeerLinkMessage,
    _ turn: inout Turn
  ) {
    remove(id, &turn)
    if message != .busy { turn.write(GossipWire.busyFrame, to: id) }
    turn.close(id)
    guard let peer = connection.peer, clearSuspicion(of: peer, &turn),
      let link = links[peer]
    else { return }
    connections[link]?.visits += 1
    guard let visits = connections[link]?.visits, visits >= Self.mostVisits else { return }
    // It lives, and reads nothing on this link: the thread that should has ended, say.
    unlink(link, reason: "mute", &turn)
    turn.close(link)
    planRound(afresh: true, &turn)
  }

  /// A suspect answered, or came back by itself. A link that it still has is probed anew. False: it
  /// was no suspect.
  @discardableResult
  mutating func clearSuspicion(of peer: Address, _ turn: inout Turn) -> Bool {
    guard let index = suspects.firstIndex(where: { $0.address == peer }) else { return false }
    let suspect = suspects.remove(at: index)
    turn.cancelTimer(Timer.verify, suspect.number)
    changes.logEach(Event(GossipEvents.suspicionCleared, peer: peer), per: peer, &turn)
    if let id = links[peer] {
      connections[id]?.probes.answered()
      turn.setTimer(Timer.probe, id.number, at: turn.now + settings.livenessInterval)
    }
    return true
  }
}
