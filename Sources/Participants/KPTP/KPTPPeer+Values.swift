import Participants

/// A peer's own values on their way to who shall keep them, one after the other.
struct Puts {
  /// Ways to one key, at most: another is gone when some found on the last keep no values.
  static let mostWays = 8

  /// Numbers still to be put, from 1.
  var remaining: Range<Int> = 0..<0

  // Of the present one.
  var ways = 0
  /// Peers that were not asked, nearest to the key first.
  var candidates: ArraySlice<Endpoint> = []
  var asked: Set<Endpoint> = []
  /// Peers that have not said yet whether they keep it.
  var waiting = 0
  var copies = 0
  /// Whether the peer keeps it itself.
  var isKept = false
  /// Whether somebody was found to keep no values since the last way was gone.
  var hasLearned = false
}

/// The value that a peer is getting: one at a time.
struct Gets {
  var number = 0
  var startedAt = Instant(microseconds: 0)
  var ways = 0
  /// Peers that may have it, nearest to the key last.
  var holders: [Endpoint] = []
  var asked: Set<Endpoint> = []
  var hasLearned = false
  var isUnderWay = false
}

extension KPTPPeer {
  /// Puts the peer's own values anew, as others may have died with them, and gets one of another's.
  mutating func handleValues(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    emit.setTimer(key(.values), at: now + settings.valueInterval)
    if puts.remaining.isEmpty, settings.putCount > 0 {
      puts.remaining = 1..<(settings.putCount + 1)
      putNext(at: now, emit: &emit)
    }
    if gets.number < settings.getCount, !gets.isUnderWay,
      let owner = table.entries.randomElement(using: &random)
    {
      gets = Gets(number: gets.number + 1, startedAt: now, isUnderWay: true)
      let number = Int.random(in: 1...max(1, settings.putCount), using: &random)
      let key = Payload(ownedBy: owner.endpoint, number: number).key
      seek(Payload(key: key), at: now, emit: &emit)
    }
  }

  // MARK: - Putting

  private mutating func putNext(at now: Instant, emit: inout Effects) {
    guard let number = puts.remaining.first else { return }
    puts = Puts(remaining: puts.remaining)
    place(Payload(ownedBy: own, number: number), at: now, emit: &emit)
  }

  /// Goes the way to a key, to put its value there.
  private mutating func place(_ payload: Payload, at now: Instant, emit: inout Effects) {
    puts.ways += 1
    puts.hasLearned = false
    startLookup(of: payload.id, for: .put(payload), at: now, emit: &emit)
  }

  /// The way to a key has ended: its value goes to the nearest there, this peer included.
  mutating func spread(
    _ payload: Payload, to peers: [Endpoint], at now: Instant, emit: inout Effects
  ) {
    puts.candidates = peers.filter { !puts.asked.contains($0) }[...]
    spreadOn(payload, at: now, emit: &emit)
  }

  /// Asks as many as copies are missing, and the next nearest where one keeps none.
  private mutating func spreadOn(_ payload: Payload, at now: Instant, emit: inout Effects) {
    let ownDistance = own.id.distance(to: payload.id)
    while puts.copies + puts.waiting < settings.replicas {
      let next = puts.candidates.first
      let isNearer = next.map { ownDistance <= $0.id.distance(to: payload.id) } ?? true
      if isNearer, !puts.isKept {
        puts.isKept = true
        puts.copies += 1
        store.put(payload)
      } else if let next {
        puts.candidates.removeFirst()
        puts.asked.insert(next)
        if ask(next, .store(payload), at: now, emit: &emit) { puts.waiting += 1 }
      } else {
        break
      }
    }
    guard puts.waiting == 0 else { return }
    if puts.copies < settings.replicas, puts.hasLearned, puts.ways < Puts.mostWays {
      place(payload, at: now, emit: &emit)
    } else {
      conclude(payload, at: now, emit: &emit)
    }
  }

  mutating func put(
    _ payload: Payload, isKept: Bool, at now: Instant, emit: inout Effects
  ) {
    puts.waiting -= 1
    if isKept { puts.copies += 1 }
    spreadOn(payload, at: now, emit: &emit)
  }

  private mutating func conclude(_ payload: Payload, at now: Instant, emit: inout Effects) {
    emit.log(
      Event(
        KPTPEvents.valuePut,
        ["key": .text(payload.keyText), "copies": .integer(Int64(puts.copies))]))
    puts.remaining.removeFirst()
    putNext(at: now, emit: &emit)
  }

  /// Somebody wants a value kept.
  mutating func keep(
    _ message: KPTPMessage, of sender: Address, on id: ConnectionID, emit: inout Effects
  ) {
    guard let payload = Payload(message.name), !payload.value.isEmpty else {
      return ignore(message, of: sender, emit: &emit)
    }
    if settings.keepsValues { store.put(payload) }
    repeats.log(
      Event(KPTPEvents.valueStored, peer: sender, ["key": .text(payload.keyText)]),
      per: payload.key, emit: &emit)
    emit.write(KPTPMessage(.stored, name: Payload(key: payload.key).encoded).encoded, to: id)
  }

  // MARK: - Getting

  /// Goes the way to a key, to get its value there.
  private mutating func seek(_ payload: Payload, at now: Instant, emit: inout Effects) {
    gets.ways += 1
    gets.hasLearned = false
    startLookup(of: payload.id, for: .get(payload), at: now, emit: &emit)
  }

  /// The way to a key has ended: asks the nearest there for its value, one after the other.
  mutating func find(
    _ payload: Payload, at peers: [Endpoint], at now: Instant, emit: inout Effects
  ) {
    if let value = store[payload.key] {
      logFound(Payload(key: payload.key, value: value), at: own, now, emit: &emit)
    } else {
      // One that came since the value was put may stand before those who keep it.
      gets.holders = peers.prefix(settings.replicas + 1).filter { !gets.asked.contains($0) }
        .reversed()
      findElsewhere(payload, at: now, emit: &emit)
    }
  }

  mutating func findElsewhere(_ payload: Payload, at now: Instant, emit: inout Effects) {
    while let next = gets.holders.popLast() {
      gets.asked.insert(next)
      if ask(next, .find(payload), at: now, emit: &emit) { return }
    }
    if gets.hasLearned, gets.ways < Puts.mostWays {
      return seek(payload, at: now, emit: &emit)
    }
    gets.isUnderWay = false
    emit.log(
      Event(
        KPTPEvents.valueMissing,
        ["key": .text(payload.keyText), "waited": .integer((now - gets.startedAt).count)]))
  }

  /// An answer to the question for a value.
  mutating func take(
    _ message: KPTPMessage, of peer: Endpoint, asFor payload: Payload, at now: Instant,
    emit: inout Effects
  ) {
    guard let found = Payload(message.name), found.key == payload.key, !found.value.isEmpty else {
      return findElsewhere(payload, at: now, emit: &emit)
    }
    logFound(found, at: peer, now, emit: &emit)
  }

  private mutating func logFound(
    _ payload: Payload, at peer: Endpoint, _ now: Instant, emit: inout Effects
  ) {
    gets.isUnderWay = false
    emit.log(
      Event(
        KPTPEvents.valueFound, peer: peer.address,
        [
          "key": .text(payload.keyText), "intact": .flag(payload.isIntact),
          "waited": .integer((now - gets.startedAt).count),
        ]))
  }

  /// Somebody wants a key's value.
  mutating func handOut(_ message: KPTPMessage, on id: ConnectionID, emit: inout Effects) {
    let key = Payload(message.name)?.key ?? []
    let answer = Payload(key: key, value: store[key] ?? [])
    emit.write(
      KPTPMessage(.found, name: answer.encoded, peers: table.listed()).encoded, to: id)
  }
}
