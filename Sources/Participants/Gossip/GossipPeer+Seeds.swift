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
  mutating func start(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    spareSeeds = seeds.shuffled(using: &random)
    untriedSeeds = spareSeeds.count
    registerWithMoreSeeds(at: now, emit: &emit)
  }

  /// How many seeds the peer registers with: half of them, and one more.
  private var seedsWanted: Int { min(seeds.count / 2 + 1, seeds.count) }

  mutating func registerWithMoreSeeds(at now: Instant, emit: inout Effects) {
    while seedLinks.count < seedsWanted, !spareSeeds.isEmpty {
      connectToSpareSeed(at: now, emit: &emit)
    }
    while let index = spareSeeds.firstIndex(where: { undelivered[$0] != nil }) {
      spareSeeds.swapAt(0, index)
      connectToSpareSeed(at: now, emit: &emit)
    }
  }

  private mutating func connectToSpareSeed(at now: Instant, emit: inout Effects) {
    let seed = spareSeeds.removeFirst()
    untriedSeeds = max(0, untriedSeeds - 1)
    let id = emit.connect(to: seed)
    seedLinks[id] = SeedLink(seed: seed)
    emit.setTimer(key(.answer, id.number), at: now + settings.answerTimeout)
  }

  mutating func readSeed(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard let answer = seedLinks[id]?.reader.read(bytes), let link = seedLinks[id] else { return }
    switch (answer, link.phase) {
    case (.welcome, .greeting):
      register(on: id, at: now, emit: &emit)
    case (.registered, .registering):
      emit.log(Event(GossipEvents.seedRegistered, peer: link.seed))
      seedLinks[id]?.phase = .idle
      deliverReports(on: id, at: now, emit: &emit)
      requestList(on: id, at: now, emit: &emit)
      // What the seed was to hear when it was lost may be true no more.
      for dead in undelivered.removeValue(forKey: link.seed) ?? [] where links[dead] == nil {
        suspect(dead, misses: 0, because: "unreported", at: now, emit: &emit)
      }
    case (.list, .listing), (.list, .idle):
      // In the idle phase: the tail of a list that paused too long in the middle.
      emit.cancelTimer(key(.answer, id.number))
      emit.setTimer(key(.settle, id.number), at: now + settings.settle)
    case (.tooLong, _):
      emit.close(id)
      loseSeed(id, reason: "too long an answer", at: now, using: &random, emit: &emit)
    case (.welcome, _), (.registered, _), (.list, _):
      break
    }
  }

  private mutating func register(on id: ConnectionID, at now: Instant, emit: inout Effects) {
    seedLinks[id]?.reader.expect(.registered)
    seedLinks[id]?.phase = .registering
    emit.write(GossipWire.register(own), to: id)
    emit.setTimer(key(.answer, id.number), at: now + settings.answerTimeout)
  }

  private mutating func requestList(
    on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    seedLinks[id]?.reader.expect(.list)
    seedLinks[id]?.phase = .listing
    emit.write(GossipWire.listRequest, to: id)
    emit.setTimer(key(.answer, id.number), at: now + settings.answerTimeout)
  }

  /// Asks every seed for its list; returns how many will answer.
  mutating func requestLists(at now: Instant, emit: inout Effects) -> Int {
    let idle = seedLinks.keys.filter { seedLinks[$0]?.phase == .idle }
    for id in idle {
      seedLinks[id]?.mayRegisterAgain = true
      requestList(on: id, at: now, emit: &emit)
    }
    return idle.count
  }

  mutating func takeList(
    from id: ConnectionID, at now: Instant, using random: inout SeededGenerator,
    emit: inout Effects
  ) {
    guard let link = seedLinks[id], link.phase == .listing || link.phase == .idle else { return }
    let list = link.reader.list()
    emit.log(
      Event(GossipEvents.listReceived, peer: link.seed, ["count": .integer(Int64(list.count))]))
    seedLinks[id]?.phase = .idle
    candidates.fold(list, own: own, using: &random)
    deliverReports(on: id, at: now, emit: &emit)
    if link.mayRegisterAgain, !list.contains(own) {
      // The seed dropped this peer: it was frozen, say.
      seedLinks[id]?.mayRegisterAgain = false
      register(on: id, at: now, emit: &emit)
    }
    seedAnswered(at: now, using: &random, emit: &emit)
  }

  /// A seed has answered or was lost: goes on when no other is waited for.
  private mutating func seedAnswered(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    let isWaiting = seedLinks.values.contains { $0.phase != .idle }
    if isJoining {
      guard !isWaiting, !seedLinks.isEmpty else { return }
      isJoining = false
      emit.setTimer(key(.join), at: now + settings.joinDelay)
    } else if round.phase == .asking, !isWaiting {
      dialCandidates(at: now, using: &random, emit: &emit)
    }
  }

  mutating func loseSeed(
    _ id: ConnectionID, reason: String, at now: Instant, using random: inout SeededGenerator,
    emit: inout Effects
  ) {
    guard let link = seedLinks.removeValue(forKey: id) else { return }
    emit.cancelTimer(key(.answer, id.number))
    emit.cancelTimer(key(.settle, id.number))
    emit.log(Event(GossipEvents.seedLost, peer: link.seed, ["reason": .text(reason)]))
    spareSeeds.append(link.seed)
    if !link.reports.isEmpty { undelivered[link.seed] = link.reports }
    if untriedSeeds > 0 {
      registerWithMoreSeeds(at: now, emit: &emit)
    } else {
      emit.setTimer(key(.seedRetry), at: now + settings.seedRetry)
    }
    seedAnswered(at: now, using: &random, emit: &emit)
  }
}

// MARK: - Reports

extension GossipPeer {
  /// Tells every seed of the network that a peer is dead. It registers with the seeds that it has no
  /// link to: the original hears nobody else out.
  mutating func report(_ dead: Address, at now: Instant, emit: inout Effects) {
    guard settings.reportsDead else { return }
    while !spareSeeds.isEmpty { connectToSpareSeed(at: now, emit: &emit) }
    for id in Array(seedLinks.keys) {
      seedLinks[id]?.reports.append(dead)
      if let count = seedLinks[id]?.reports.count, count > SeedLink.reportLimit {
        seedLinks[id]?.reports.removeFirst()
      }
      deliverReports(on: id, at: now, emit: &emit)
    }
  }

  /// Sends what waits for a seed, if nothing is being asked of it.
  private mutating func deliverReports(
    on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let link = seedLinks[id], link.phase == .idle else { return }
    for dead in link.reports {
      emit.write(GossipWire.report(dead: dead, at: now, by: own), to: id)
      changes.log(
        Event(GossipEvents.deadReported, peer: dead, ["seed": .text(link.seed.description)]),
        per: [dead, link.seed], at: now, emit: &emit)
    }
    seedLinks[id]?.reports = []
  }
}
