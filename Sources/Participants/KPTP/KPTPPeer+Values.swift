import Participants

/// A peer's own values on their way to who shall keep them, one after the other.
struct Puts {
  /// Numbers still to be put, from 1.
  var remaining: Range<Int> = 0..<0
  /// Peers that have not said yet whether they keep the present one.
  var waiting = 0
  var copies = 0
}

/// The value that a peer is getting: one at a time.
struct Gets {
  var started = 0
  /// Peers that may have it, nearest to the key last.
  var holders: [Endpoint] = []
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
    if gets.started < settings.getCount, !gets.isUnderWay,
      let owner = table.entries.randomElement(using: &random)
    {
      gets.started += 1
      gets.isUnderWay = true
      let number = Int.random(in: 1...max(1, settings.putCount), using: &random)
      let key = Payload(ownedBy: owner.endpoint, number: number).key
      let payload = Payload(key: key)
      startLookup(of: payload.id, for: .get(payload), at: now, emit: &emit)
    }
  }

  // MARK: - Putting

  private mutating func putNext(at now: Instant, emit: inout Effects) {
    guard let number = puts.remaining.first else { return }
    let payload = Payload(ownedBy: own, number: number)
    startLookup(of: payload.id, for: .put(payload), at: now, emit: &emit)
  }

  /// The way to a key has ended: its value goes to the nearest there, this peer included.
  mutating func spread(
    _ payload: Payload, to peers: [Endpoint], at now: Instant, emit: inout Effects
  ) {
    let target = payload.id
    let nearer = peers.prefix(settings.replicas).count {
      $0.id.distance(to: target) < own.id.distance(to: target)
    }
    let keepsOne = nearer < settings.replicas
    puts.copies = keepsOne ? 1 : 0
    if keepsOne { store.put(payload) }
    let others = peers.prefix(settings.replicas - puts.copies)
    puts.waiting = others.count
    for peer in others where !ask(peer, .store(payload), at: now, emit: &emit) {
      puts.waiting -= 1
    }
    if puts.waiting == 0 { conclude(payload, at: now, emit: &emit) }
  }

  mutating func put(
    _ payload: Payload, isKept: Bool, at now: Instant, emit: inout Effects
  ) {
    puts.waiting -= 1
    if isKept { puts.copies += 1 }
    if puts.waiting == 0 { conclude(payload, at: now, emit: &emit) }
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

  /// The way to a key has ended: asks the nearest there for its value, one after the other.
  mutating func find(
    _ payload: Payload, at peers: [Endpoint], at now: Instant, emit: inout Effects
  ) {
    if let value = store[payload.key] {
      gets.isUnderWay = false
      logFound(Payload(key: payload.key, value: value), at: own, emit: &emit)
    } else {
      // One that came since the value was put may stand before those who keep it.
      gets.holders = Array(peers.prefix(settings.replicas + 1).reversed())
      findElsewhere(payload, at: now, emit: &emit)
    }
  }

  mutating func findElsewhere(_ payload: Payload, at now: Instant, emit: inout Effects) {
    while let next = gets.holders.popLast() {
      if ask(next, .find(payload), at: now, emit: &emit) { return }
    }
    gets.isUnderWay = false
    emit.log(Event(KPTPEvents.valueMissing, ["key": .text(payload.keyText)]))
  }

  /// An answer to the question for a value.
  mutating func take(
    _ message: KPTPMessage, of peer: Endpoint, asFor payload: Payload, at now: Instant,
    emit: inout Effects
  ) {
    guard let found = Payload(message.name), found.key == payload.key, !found.value.isEmpty else {
      return findElsewhere(payload, at: now, emit: &emit)
    }
    gets.isUnderWay = false
    logFound(found, at: peer, emit: &emit)
  }

  private func logFound(_ payload: Payload, at peer: Endpoint, emit: inout Effects) {
    emit.log(
      Event(
        KPTPEvents.valueFound, peer: peer.address,
        ["key": .text(payload.keyText), "intact": .flag(payload.isIntact)]))
  }

  /// Somebody wants a key's value.
  mutating func handOut(_ message: KPTPMessage, on id: ConnectionID, emit: inout Effects) {
    let key = Payload(message.name)?.key ?? []
    let answer = Payload(key: key, value: store[key] ?? [])
    emit.write(
      KPTPMessage(.found, name: answer.encoded, peers: table.listed()).encoded, to: id)
  }
}
