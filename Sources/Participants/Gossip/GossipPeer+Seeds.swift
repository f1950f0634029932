import Participants

/// A connection to a seed. One request at a time: the protocol has no other way to tell its
/// messages apart.
struct SeedLink {
  enum Phase {
    case greeting
    case registering
    case listing
    case idle
  }

  var seed: Address
  var phase = Phase.greeting
  var reader = SeedAnswerReader()
  /// Whether a list without this peer makes it register again: once a round, because the original's
  /// lists end at 1024 bytes and may never name it.
  var mayRegisterAgain = false
  /// The dead that this seed is still to be told of.
  var reports: [Address] = []

  /// The most reports that wait for a seed. Beyond it the oldest is given up: others make it too.
  static let reportLimit = 1_024
}

extension GossipPeer {
  mutating func start(_ turn: inout Turn) {
    spareSeeds = seeds.shuffled(using: &turn.random)
    untriedSeeds = spareSeeds.count
    registerWithMoreSeeds(&turn)
  }

  /// How many seeds the peer registers with: half of them, and one more.
  private var seedsWanted: Int { min(seeds.count / 2 + 1, seeds.count) }

  mutating func registerWithMoreSeeds(_ turn: inout Turn) {
    while seedLinks.count < seedsWanted, !spareSeeds.isEmpty {
      connectToSpareSeed(&turn)
    }
    while let index = spareSeeds.firstIndex(where: { undelivered[$0] != nil }) {
      spareSeeds.swapAt(0, index)
      connectToSpareSeed(&turn)
    }
  }

  private mutating func connectToSpareSeed(_ turn: inout Turn) {
    let seed = spareSeeds.removeFirst()
    untriedSeeds = max(0, untriedSeeds - 1)
    let id = turn.connect(to: seed)
    seedLinks[id] = SeedLink(seed: seed)
    turn.setTimer(Timer.answer, id.number, at: turn.now + settings.answerTimeout)
  }

  mutating func readSeed(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    guard let answer = seedLinks[id]?.reader.read(bytes), let link = seedLinks[id] else { return }
    switch (answer, link.phase) {
    case (.welcome, .greeting):
      register(on: id, &turn)
    case (.registered, .registering):
      turn.log(GossipEvents.seedRegistered, peer: link.seed)
      seedLinks[id]?.phase = .idle
      deliverReports(on: id, &turn)
      requestList(on: id, &turn)
      // What the seed was to hear when it was lost may be true no more.
      for dead in undelivered.removeValue(forKey: link.seed) ?? [] where links[dead] == nil {
        suspect(dead, misses: 0, because: "unreported", &turn)
      }
    case (.list, .listing), (.list, .idle):
      // In the idle phase: the tail of a list that paused too long in the middle.
      turn.cancelTimer(Timer.answer, id.number)
      turn.setTimer(Timer.settle, id.number, at: turn.now + settings.settle)
    case (.tooLong, _):
      turn.close(id)
      loseSeed(id, reason: "too long an answer", &turn)
    case (.welcome, _), (.registered, _), (.list, _):
      break
    }
  }

  private mutating func register(on id: ConnectionID, _ turn: inout Turn) {
    seedLinks[id]?.reader.expect(.registered)
    seedLinks[id]?.phase = .registering
    turn.write(GossipWire.register(own), to: id)
    turn.setTimer(Timer.answer, id.number, at: turn.now + settings.answerTimeout)
  }

  private mutating func requestList(on id: ConnectionID, _ turn: inout Turn) {
    seedLinks[id]?.reader.expect(.list)
    seedLinks[id]?.phase = .listing
    turn.write(GossipWire.listRequest, to: id)
    turn.setTimer(Timer.answer, id.number, at: turn.now + settings.answerTimeout)
  }

  /// Asks every seed for its list; returns how many will answer.
  mutating func requestLists(_ turn: inout Turn) -> Int {
    let idle = seedLinks.keys.filter { seedLinks[$0]?.phase == .idle }
    for id in idle {
      seedLinks[id]?.mayRegisterAgain = true
      requestList(on: id, &turn)
    }
    return idle.count
  }

  mutating func takeList(from id: ConnectionID, _ turn: inout Turn) {
    guard let link = seedLinks[id], link.phase == .listing || link.phase == .idle else { return }
    let list = link.reader.list()
    turn.log(GossipEvents.listReceived, peer: link.seed, ["count": list.count])
    seedLinks[id]?.phase = .idle
    candidates.fold(list, own: own, using: &turn.random)
    deliverReports(on: id, &turn)
    if link.mayRegisterAgain, !list.contains(own) {
      // The seed dropped this peer: it was frozen, say.
      seedLinks[id]?.mayRegisterAgain = false
      register(on: id, &turn)
    }
    seedAnswered(&turn)
  }

  /// A seed has answered or was lost: goes on when no other is waited for.
  private mutating func seedAnswered(_ turn: inout Turn) {
    let isWaiting = seedLinks.values.contains { $0.phase != .idle }
    if isJoining {
      guard !isWaiting, !seedLinks.isEmpty else { return }
      isJoining = false
      turn.setTimer(Timer.join, at: turn.now + settings.joinDelay)
    } else if round.phase == .asking, !isWaiting {
      dialCandidates(&turn)
    }
  }

  mutating func loseSeed(_ id: ConnectionID, reason: String, _ turn: inout Turn) {
    guard let link = seedLinks.removeValue(forKey: id) else { return }
    turn.cancelTimer(Timer.answer, id.number)
    turn.cancelTimer(Timer.settle, id.number)
    turn.log(GossipEvents.seedLost, peer: link.seed, ["reason": reason])
    spareSeeds.append(link.seed)
    if !link.reports.isEmpty { undelivered[link.seed] = link.reports }
    if untriedSeeds > 0 {
      registerWithMoreSeeds(&turn)
    } else {
      turn.setTimer(Timer.seedRetry, at: turn.now + settings.seedRetry)
    }
    seedAnswered(&turn)
  }
}

// MARK: - Reports

extension GossipPeer {
  /// Tells every seed of the network that a peer is dead. It registers with the seeds that it has no
  /// link to: the original hears nobody else out.
  mutating func report(_ dead: Address, _ turn: inout Turn) {
    guard settings.reportsDead else { return }
    while !spareSeeds.isEmpty { connectToSpareSeed(&turn) }
    for id in Array(seedLinks.keys) {
      seedLinks[id]?.reports.append(dead)
      if let count = seedLinks[id]?.reports.count, count > SeedLink.reportLimit {
        seedLinks[id]?.reports.removeFirst()
      }
      deliverReports(on: id, &turn)
    }
  }

  /// Sends what waits for a seed, if nothing is being asked of it.
  private mutating func deliverReports(on id: ConnectionID, _ turn: inout Turn) {
    guard let link = seedLinks[id], link.phase == .idle else { return }
    for dead in link.reports {
      turn.write(GossipWire.report(dead: dead, at: turn.now, by: own), to: id)
      changes.logEach(
        Event(GossipEvents.deadReported, peer: dead, ["seed": link.seed]),
        per: [dead, link.seed], &turn)
    }
    seedLinks[id]?.reports = []
  }
}
