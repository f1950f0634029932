import Hashing
import Participants

extension PeerExchangePeer {
  mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    var position = 0
    while let item = links[id]?.reader.next(in: bytes, from: &position) {
      links[id]?.hasSpoken = true
      switch item {
      case .part(let range): take(bytes, range, from: id, at: now, emit: &emit)
      case .give(let hash, let size): begin(hash, size, from: id, at: now, emit: &emit)
      case .whole: end(id, at: now, emit: &emit)
      case .ask(let hash): hear(hash, askedBy: id, at: now, emit: &emit)
      case .peers(let addresses): hear(of: addresses, on: id, at: now, emit: &emit)
      case .unknown(let type, let count): passOver(type, count, from: id, at: now, emit: &emit)
      case .invalid(let reason, let count):
        reject(reason, count, from: id, emit: &emit)
        drop(id, reason: "garbled", at: now, emit: &emit)
      }
    }
  }

  private mutating func passOver(
    _ type: UInt8, _ count: Int, from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let unknown = links[id]?.unknown else { return }
    links[id]?.unknown = unknown + 1
    if unknown == 0 { reject("unknown type \(type)", count, from: id, emit: &emit) }
    guard unknown == Link.unknownLimit else { return }
    reject("too many of unknown types", count, from: id, emit: &emit)
    drop(id, reason: "garbled", at: now, emit: &emit)
  }

  private mutating func reject(
    _ reason: String, _ count: Int, from id: ConnectionID, emit: inout Effects
  ) {
    repeats.log(
      Event(
        PeerExchangeEvents.bytesRejected, peer: links[id]?.peer,
        ["reason": .text(reason), "bytes": .integer(Int64(count))]), per: reason, emit: &emit)
  }

  // MARK: - Asking

  /// A neighbour that may be asked for so many pieces more.
  private struct Free {
    let peer: Address?
    let id: ConnectionID
    var slots: Int
  }

  /// Asks for what is wanted, as far as neighbours may be asked: each piece of the one that was not
  /// asked for it yet, or longest ago.
  mutating func ask(at now: Instant, emit: inout Effects) {
    guard !store.waiting.isEmpty else { return }
    var free = neighbours.compactMap { peer, id in
      let slots = settings.asksInFlight - (links[id]?.asks.count ?? settings.asksInFlight)
      return slots > 0 ? Free(peer: peer, id: id, slots: slots) : nil
    }
    guard !free.isEmpty else { return }
    for number in store.choice {
      guard let place = best(of: free, for: number, at: now) else { continue }
      ask(free[place], for: number, at: now, emit: &emit)
      if settings.asksAll {
        for (other, neighbour) in free.enumerated() where other != place {
          ask(neighbour, for: number, at: now, emit: &emit)
        }
      }
      free[place].slots -= 1
      if free[place].slots == 0 { free.remove(at: place) }
      if free.isEmpty { return }
    }
  }

  /// The least busy of those that were not asked for a piece yet, else the one that was asked
  /// longest ago; `nil` when it is too early to ask any of them again.
  private func best(of neighbours: [Free], for number: Int, at now: Instant) -> Int? {
    let never = Instant(microseconds: .min)
    let lackedBy = store[number].lackedBy
    var best: (place: Int, until: Instant)?
    for (place, neighbour) in neighbours.enumerated() {
      let lacks =
        neighbour.peer.map { lackedBy[$0] } ?? links[neighbour.id]?.lacked[number]
      let until = lacks ?? never
      guard until <= now else { continue }
      if let other = best,
        (other.until, -neighbours[other.place].slots) <= (until, -neighbour.slots)
      {
        continue
      }
      best = (place, until)
    }
    return best?.place
  }

  private mutating func ask(
    _ neighbour: Free, for number: Int, at now: Instant, emit: inout Effects
  ) {
    let id = neighbour.id
    let hash = store[number].hash
    store.ask(number)
    if links[id]?.asks.isEmpty == true {
      emit.setTimer(key(.ask, id), at: now + settings.askTimeout)
    }
    links[id]?.asks.append(Link.Ask(number: number, at: now))
    emit.write(PeerExchangeWire.ask(hash), to: id)
    changes.log(
      Event(
        PeerExchangeEvents.pieceAsked, peer: neighbour.peer, ["hash": .text(hash.description)]),
      per: [neighbour.peer?.description, String(number)], at: now, emit: &emit)
  }

  /// A neighbour may have been silent for too long.
  mutating func noticeSilence(of id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let link = links[id] else { return }
    let silent = link.asks.prefix {
      max($0.at, link.lastGave) + settings.askTimeout <= now
    }
    passOver(silent.count, on: id, at: now, emit: &emit)
    if let next = links[id]?.asks.first {
      emit.setTimer(key(.ask, id), at: max(next.at, link.lastGave) + settings.askTimeout)
    }
    ask(at: now, emit: &emit)
  }

  /// The first asks of a link will not be answered: others are asked.
  private mutating func passOver(
    _ count: Int, on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard count > 0, let link = links[id] else { return }
    links[id]?.asks.removeFirst(count)
    for ask in link.asks.prefix(count) {
      note(lackOf: ask.number, on: id, at: now)
      store.giveUp(ask.number)
      changes.log(
        Event(
          PeerExchangeEvents.pieceUnanswered, peer: link.peer,
          ["hash": .text(store[ask.number].hash.description)]),
        per: [link.peer?.description, String(ask.number)], at: now, emit: &emit)
      links[id]?.late.append(ask)
    }
    let excess = (links[id]?.late.count ?? 0) - Link.lateLimit
    if excess > 0 { links[id]?.late.removeFirst(excess) }
  }

  /// A neighbour is not to be asked for a piece for a while.
  mutating func note(lackOf number: Int, on id: ConnectionID, at now: Instant) {
    let until = now + settings.askAgain
    if let peer = links[id]?.peer {
      store[number].lackedBy[peer] = until
    } else {
      links[id]?.lacked[number] = until
    }
  }

  // MARK: - What comes

  /// A piece begins to come.
  private mutating func begin(
    _ hash: PieceHash, _ size: Int, from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    emit.setTimer(key(.arrival, id), at: now + settings.giveTimeout)
    links[id]?.hash = SHA256()
    links[id]?.arrived = 0
    links[id]?.lastGave = now
    guard let number = store.numbers[hash],
      let ask = takeAsk(for: number, of: id, at: now, emit: &emit)
    else {
      links[id]?.arrival = .dropping(hash, reason: "unasked")
      return
    }
    if store[number].isHeld || store[number].comingOn != nil {
      links[id]?.arrival = .dropping(hash, reason: "twice")
    } else if store[number].size != size {
      links[id]?.arrival = .dropping(hash, reason: "wrong")
      note(lackOf: number, on: id, at: now)
    } else {
      links[id]?.arrival = .taking(ask)
      store.come(number, on: id)
    }
    self.ask(at: now, emit: &emit)
  }

  /// The ask that a give answers, which is then over; `nil`: there was none. What was asked for
  /// before it, the neighbour lacks, because it answers in order.
  private mutating func takeAsk(
    for number: Int, of id: ConnectionID, at now: Instant, emit: inout Effects
  ) -> Link.Ask? {
    if let place = links[id]?.asks.firstIndex(where: { $0.number == number }) {
      passOver(place, on: id, at: now, emit: &emit)
      let ask = links[id]?.asks.removeFirst()
      store.giveUp(number)
      if links[id]?.asks.isEmpty == true { emit.cancelTimer(key(.ask, id)) }
      return ask
    }
    guard let place = links[id]?.late.firstIndex(where: { $0.number == number }) else {
      return nil
    }
    return links[id]?.late.remove(at: place)
  }

  /// A part of a piece came: hashes it where it lies.
  private mutating func take(
    _ bytes: [UInt8], _ range: Range<Int>, from id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    links[id]?.lastGave = now
    let offset = links[id]?.arrived ?? 0
    links[id]?.arrived += range.count
    guard case .taking(let ask) = links[id]?.arrival else { return }
    if !store[ask.number].places.isEmpty {
      keep(bytes[range], at: offset, of: ask.number, emit: &emit)
    }
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe links[id]?.hash.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// A piece came whole.
  private mutating func end(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    emit.cancelTimer(key(.arrival, id))
    guard let link = links[id], let arrival = link.arrival else { return }
    links[id]?.arrival = nil
    switch arrival {
    case .dropping(let hash, let reason):
      refuse(hash, reason: reason, from: id, at: now, emit: &emit)
    case .taking(let ask):
      let hash = store[ask.number].hash
      var state = link.hash
      let content = PieceHash(state.finish())
      if content == hash || !settings.verifies {
        store[ask.number].isSpoiled = content != hash
        keep(ask, content, from: link.peer, at: now, emit: &emit)
      } else {
        note(lackOf: ask.number, on: id, at: now)
        store.fail(ask.number)
        refuse(hash, reason: "wrong", from: id, at: now, emit: &emit)
      }
    }
    self.ask(at: now, emit: &emit)
  }

  private mutating func keep(
    _ ask: Link.Ask, _ content: PieceHash, from peer: Address?, at now: Instant,
    emit: inout Effects
  ) {
    let piece = store[ask.number]
    store.hold(ask.number)
    emit.log(
      Event(
        PeerExchangeEvents.pieceReceived, peer: peer,
        [
          "hash": .text(piece.hash.description), "content": .text(content.description),
          "bytes": .integer(Int64(piece.size)), "waited": .integer((now - ask.at).count),
        ]))
    isKept(in: piece.places, emit: &emit)
    if store.missing == 0 {
      emit.log(
        Event(PeerExchangeEvents.piecesCompleted, ["count": .integer(Int64(wanted))]))
    }
    endIfDone(emit: &emit)
  }

  /// A piece came that does not count. Nobody who does as agreed gives unasked or wrong ones.
  private mutating func refuse(
    _ hash: PieceHash, reason: String, from id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    guard let link = links[id] else { return }
    changes.log(
      Event(
        PeerExchangeEvents.pieceDropped, peer: link.peer,
        [
          "hash": .text(hash.description), "bytes": .integer(Int64(link.arrived)),
          "reason": .text(reason),
        ]), per: hash, at: now, emit: &emit)
    guard reason != "twice" else { return }
    // Whoever passes on what two peers say to each other is taken for one of them: what was given on
    // its own connection is held against that alone.
    let peer = link.direction == .dialled ? link.peer : nil
    links[id]?.offences += 1
    known.update(peer) { $0.offences += 1 }
    let offences = known[peer]?.offences ?? link.offences + 1
    guard offences >= settings.maxOffences else { return }
    known.update(peer) { $0.isShunned = true }
    repeats.log(
      Event(
        PeerExchangeEvents.neighbourShunned, peer: link.peer,
        ["offences": .integer(Int64(offences))]), per: link.peer, emit: &emit)
    drop(id, reason: "shunned", at: now, emit: &emit)
  }
}
