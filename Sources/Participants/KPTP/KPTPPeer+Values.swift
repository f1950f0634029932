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
  mutating func handleValues(_ turn: inout Turn) {
    turn.setTimer(Timer.values, at: turn.now + settings.valueInterval)
    if puts.remaining.isEmpty, settings.putCount > 0 {
      puts.remaining = 1..<(settings.putCount + 1)
      putNext(&turn)
    }
    if gets.number < settings.getCount, !gets.isUnderWay,
      let owner = table.entries.randomElement(using: &turn.random)
    {
      gets = Gets(number: gets.number + 1, startedAt: turn.now, isUnderWay: true)
      let number = Int.random(in: 1...max(1, settings.putCount), using: &turn.random)
      let key = Payload(ownedBy: owner.endpoint, number: number).key
      seek(Payload(key: key), &turn)
    }
  }

  // MARK: - Putting

  private mutating func putNext(_ turn: inout Turn) {
    guard let number = puts.remaining.first else { return }
    puts = Puts(remaining: puts.remaining)
    place(Payload(ownedBy: own, number: number), &turn)
  }

  /// Goes the way to a key, to put its value there.
  private mutating func place(_ payload: Payload, _ turn: inout Turn) {
    puts.ways += 1
    puts.hasLearned = false
    startLookup(of: payload.id, for: .put(payload), &turn)
  }

  /// The way to a key has ended: its value goes to the nearest there, this peer included.
  mutating func spread(_ payload: Payload, to peers: [Endpoint], _ turn: inout Turn) {
    puts.candidates = peers.filter { !puts.asked.contains($0) }[...]
    spreadOn(payload, &turn)
  }

  /// Asks as many as copies are missing, and the next nearest where one keeps none.
  private mutating func spreadOn(_ payload: Payload, _ turn: inout Turn) {
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
        if ask(next, .store(payload), &turn) { puts.waiting += 1 }
      } else {
        break
      }
    }
    guard puts.waiting == 0 else { return }
    if puts.copies < settings.replicas, puts.hasLearned, puts.ways < Puts.mostWays {
      place(payload, &turn)
    } else {
      conclude(payload, &turn)
    }
  }

  mutating func put(_ payload: Payload, isKept: Bool, _ turn: inout Turn) {
    puts.waiting -= 1
    if isKept { puts.copies += 1 }
    spreadOn(payload, &turn)
  }

  private mutating func conclude(_ payload: Payload, _ turn: inout Turn) {
    turn.log(KPTPEvents.valuePut, ["key": payload.keyText, "copies": puts.copies])
    puts.remaining.removeFirst()
    putNext(&turn)
  }

  /// Somebody wants a value kept.
  mutating func keep(
    _ message: KPTPMessage, of sender: Address, on id: ConnectionID, _ turn: inout Turn
  ) {
    guard let payload = Payload(message.name), !payload.value.isEmpty else {
      return ignore(message, of: sender, &turn)
    }
    if settings.keepsValues { store.put(payload) }
    repeats.log(
      Event(KPTPEvents.valueStored, peer: sender, ["key": payload.keyText]),
      per: payload.key, &turn)
    turn.write(KPTPMessage(.stored, name: Payload(key: payload.key).encoded).encoded, to: id)
  }

  // MARK: - Getting

  /// Goes the way to a key, to get its value there.
  private mutating func seek(_ payload: Payload, _ turn: inout Turn) {
    gets.ways += 1
    gets.hasLearned = false
    startLookup(of: payload.id, for: .get(payload), &turn)
  }

  /// The way to a key has ended: asks the nearest there for its value, one after the other.
  mutating func find(_ payload: Payload, at peers: [Endpoint], _ turn: inout Turn) {
    if let value = store[payload.key] {
      logFound(Payload(key: payload.key, value: value), at: own, &turn)
    } else {
      // One that came since the value was put may stand before those who keep it.
      gets.holders = peers.prefix(settings.replicas + 1).filter { !gets.asked.contains($0) }
        .reversed()
      findElsewhere(payload, &turn)
    }
  }

  mutating func findElsewhere(_ payload: Payload, _ turn: inout Turn) {
    while let next = gets.holders.popLast() {
      gets.asked.insert(next)
      if ask(next, .find(payload), &turn) { return }
    }
    if gets.hasLearned, gets.ways < Puts.mostWays {
      return seek(payload, &turn)
    }
    gets.isUnderWay = false
    turn.log(
      KPTPEvents.valueMissing, ["key": payload.keyText, "waited": turn.now - gets.startedAt])
  }

  /// An answer to the question for a value.
  mutating func take(
    _ message: KPTPMessage, of peer: Endpoint, asFor payload: Payload, _ turn: inout Turn
  ) {
    guard let found = Payload(message.name), found.key == payload.key, !found.value.isEmpty else {
      return findElsewhere(payload, &turn)
    }
    logFound(found, at: peer, &turn)
  }

  private mutating func logFound(_ payload: Payload, at peer: Endpoint, _ turn: inout Turn) {
    gets.isUnderWay = false
    turn.log(
      KPTPEvents.valueFound, peer: peer.address,
      ["key": payload.keyText, "intact": payload.isIntact, "waited": turn.now - gets.startedAt])
  }

  /// Somebody wants a key's value.
  mutating func handOut(_ message: KPTPMessage, on id: ConnectionID, _ turn: inout Turn) {
    let key = Payload(message.name)?.key ?? []
    let answer = Payload(key: key, value: store[key] ?? [])
    turn.write(
      KPTPMessage(.found, name: answer.encoded, peers: table.listed()).encoded, to: id)
  }
}
