import Participants

/// One round of asking the seeds and dialling whoever they name.
struct Round {
  enum Phase {
    case idle
    /// Planned: its timer is set.
    case waiting
    /// Waiting for the seeds' lists.
    case asking
    case dialling
  }

  /// Each barren round doubles the wait for the next, this many times at most.
  static let longestBackoff = 4

  var phase = Phase.idle
  /// When the planned round begins.
  var due = Instant(microseconds: 0)
  /// Whom this round may still dial, next one last.
  var queue: [Address] = []
  /// Rounds in a row that brought no link and missed none that must be.
  var barren = 0
  var hasLinked = false
}

extension GossipPeer {
  /// Whether the peer has a link to a greater address. Only the greatest of all never has one; it
  /// goes on asking, rarely, because it cannot know that it is.
  private var isAnchored: Bool { links.keys.contains { $0 > own } }

  /// Not anchored, though the seeds name a greater address. Others may be cut off until it is, so it
  /// asks on without a backoff: the greater one makes room as soon as it knows of this peer.
  private var lacksAnchor: Bool { !isAnchored && !candidates.successors.isEmpty }

  /// Links, and connections that may become one.
  var slotsTaken: Int {
    connections.values.count { $0.phase != .unknown && $0.direction != .verifying }
  }

  private var wantsLinks: Bool { slotsTaken < settings.maxLinks || !isAnchored }

  /// Plans the next round: soon if links are missing, and late if not, because a peer that is content
  /// with its links may have been dropped by a seed (a partition, say) and must register again.
  /// `afresh` forgets the backoff, because something has changed; a round that is planned already is
  /// brought forward by that, never put off.
  mutating func planRound(afresh: Bool = false, _ turn: inout Turn) {
    if afresh { round.barren = 0 }
    let backoff = wantsLinks || afresh ? round.barren : Round.longestBackoff
    let due = turn.now + settings.relinkInterval * (1 << backoff)
    guard !isJoining, round.phase == .idle || (round.phase == .waiting && due < round.due)
    else { return }
    round.phase = .waiting
    round.due = due
    turn.setTimer(Timer.round, at: due)
  }

  mutating func beginRound(_ turn: inout Turn) {
    guard round.phase == .waiting else { return }
    round.phase = .asking
    candidates.removeAll()
    if requestLists(&turn) > 0 {
      turn.setTimer(Timer.roundDeadline, at: turn.now + settings.answerTimeout)
    } else {
      dialCandidates(&turn)
    }
  }

  /// The seeds have answered, or had the time to: dials a greater address where one is missing, and
  /// random others while there is room.
  mutating func dialCandidates(_ turn: inout Turn) {
    turn.cancelTimer(Timer.roundDeadline)
    round.phase = .dialling
    round.hasLinked = false
    round.queue = Array(
      candidates.sample.shuffled(using: &turn.random).prefix(2 * settings.maxLinks))
    if !isAnchored {
      for successor in candidates.successors.reversed() {
        round.queue.removeAll { $0 == successor }
        round.queue.append(successor)
      }
    }
    dialNext(&turn)
  }

  /// Dials as many of the round's queue as there is room for; ends the round when nobody is left.
  mutating func dialNext(_ turn: inout Turn) {
    guard round.phase == .dialling else { return }
    while let next = round.queue.last {
      let isAnchor = !isAnchored && next > own && !isDialling { $0 > own }
      guard isAnchor || slotsTaken < settings.maxLinks else { break }
      round.queue.removeLast()
      if connections.values.contains(where: { $0.peer == next }) { continue }
      dial(next, &turn)
    }
    guard !isDialling({ _ in true }) else { return }
    round.phase = .idle
    round.queue = []
    let isBarren = !round.hasLinked && !lacksAnchor
    round.barren = isBarren ? min(round.barren + 1, Round.longestBackoff) : 0
    planRound(&turn)
  }

  private func isDialling(_ condition: (Address) -> Bool) -> Bool {
    connections.values.contains { connection in
      connection.phase == .greeting && connection.direction == .dialled
        && (connection.peer.map(condition) ?? false)
    }
  }
}
