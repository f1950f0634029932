import Hashing
import Participants

extension PeerExchangePeer {
  mutating func read(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    var position = 0
    while let item = links[id]?.reader.next(in: bytes, from: &position) {
      links[id]?.hasSpoken = true
      switch item {
      case .part(let range): take(bytes, range, from: id, &turn)
      case .give(let hash, let size): begin(hash, size, from: id, &turn)
      case .whole: end(id, &turn)
      case .ask(let hash): hear(hash, askedBy: id, &turn)
      case .peers(let addresses): hear(of: addresses, on: id, &turn)
      case .unknown(let type, let count): passOver(type, count, from: id, &turn)
      case .invalid(let reason, let count):
        reject(reason, count, from: id, &turn)
        drop(id, reason: "garbled", &turn)
      }
    }
  }

  private mutating func passOver(
    _ type: UInt8, _ count: Int, from id: ConnectionID, _ turn: inout Turn
  ) {
    guard let unknown = links[id]?.unknown else { return }
    links[id]?.unknown = unknown + 1
    if unknown == 0 { reject("unknown type \(type)", count, from: id, &turn) }
    guard unknown == Link.unknownLimit else { return }
    reject("too many of unknown types", count, from: id, &turn)
    drop(id, reason: "garbled", &turn)
  }

  private mutating func reject(
    _ reason: String, _ count: Int, from id: ConnectionID, _ turn: inout Turn
  ) {
    repeats.log(
      Event(
        PeerExchangeEvents.bytesRejected, peer: links[id]?.peer, ["reason": reason, "bytes": count]),
      per: reason, &turn)
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
  mutating func ask(_ turn: inout Turn) {
    guard !store.waiting.isEmpty else { return }
    var free = neighbours.compactMap { peer, id in
      let slots = settings.asksInFlight - (links[id]?.asks.count ?? settings.asksInFlight)
      return slots > 0 ? Free(peer: peer, id: id, slots: slots) : nil
    }
    guard !free.isEmpty else { return }
    for number in store.choice {
      guard let place = best(of: free, for: number, at: turn.now) else { continue }
      ask(free[place], for: number, &turn)
      if settings.asksAll {
        for (other, neighbour) in free.enumerated() where other != place {
          ask(neighbour, for: number, &turn)
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

  private mutating func ask(_ neighbour: Free, for number: Int, _ turn: inout Turn) {
    let id = neighbour.id
    let hash = store[number].hash
    store.ask(number)
    if links[id]?.asks.isEmpty == true {
      turn.setTimer(Timer.ask, id.number, at: turn.now + settings.askTimeout)
    }
    links[id]?.asks.append(Link.Ask(number: number, at: turn.now))
    turn.write(PeerExchangeWire.ask(hash), to: id)
    changes.logEach(
      Event(PeerExchangeEvents.pieceAsked, peer: neighbour.peer, ["hash": hash]),
      per: [neighbour.peer?.description, String(number)], &turn)
  }

  /// A neighbour may have been silent for too long.
  mutating func noticeSilence(of id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    let silent = link.asks.prefix {
      max($0.at, link.lastGave) + settings.askTimeout <= turn.now
    }
    passOver(silent.count, on: id, &turn)
    if let next = links[id]?.asks.first {
      turn.setTimer(Timer.ask, id.number, at: max(next.at, link.lastGave) + settings.askTimeout)
    }
    ask(&turn)
  }

  /// The first asks of a link will not be answered: others are asked.
  private mutating func passOver(_ count: Int, on id: ConnectionID, _ turn: inout Turn) {
    guard count > 0, let link = links[id] else { return }
    links[id]?.asks.removeFirst(count)
    for ask in link.asks.prefix(count) {
      note(lackOf: ask.number, on: id, at: turn.now)
      store.giveUp(ask.number)
      changes.logEach(
        Event(
          PeerExchangeEvents.pieceUnanswered, peer: link.peer, ["hash": store[ask.number].hash]),
        per: [link.peer?.description, String(ask.number)], &turn)
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
    _ hash: PieceHash, _ size: Int, from id: ConnectionID, _ turn: inout Turn
  ) {
    turn.setTimer(Timer.arrival, id.number, at: turn.now + settings.giveTimeout)
    links[id]?.hash = SHA256()
    links[id]?.arrived = 0
    links[id]?.lastGave = turn.now
    guard let number = store.numbers[hash],
      let ask = takeAsk(for: number, of: id, &turn)
    else {
      links[id]?.arrival = .dropping(hash, reason: "unasked")
      return
    }
    if store[number].isHeld || store[number].comingOn != nil {
      links[id]?.arrival = .dropping(hash, reason: "twice")
    } else if store[number].size != size {
      links[id]?.arrival = .dropping(hash, reason: "wrong")
      note(lackOf: number, on: id, at: turn.now)
    } else {
      links[id]?.arrival = .taking(ask)
      store.come(number, on: id)
    }
    self.ask(&turn)
  }

  /// The ask that a give answers, which is then over; `nil`: there was none. What was asked for
  /// before it, the neighbour lacks, because it answers in order.
  private mutating func takeAsk(for number: Int, of id: ConnectionID, _ turn: inout Turn) -> Link
    .Ask?
  {
    if let place = links[id]?.asks.firstIndex(where: { $0.number == number }) {
      passOver(place, on: id, &turn)
      let ask = links[id]?.asks.removeFirst()
      store.giveUp(number)
      if links[id]?.asks.isEmpty == true { turn.cancelTimer(Timer.ask, id.number) }
      return ask
    }
    guard let place = links[id]?.late.firstIndex(where: { $0.number == number }) else {
      return nil
    }
    return links[id]?.late.remove(at: place)
  }

  /// A part of a piece came: hashes it where it lies.
  private mutating func take(
    _ bytes: [UInt8], _ range: Range<Int>, from id: ConnectionID, _ turn: inout Turn
  ) {
    links[id]?.lastGave = turn.now
    let offset = links[id]?.arrived ?? 0
    links[id]?.arrived += range.count
    guard case .taking(let ask) = links[id]?.arrival else { return }
    if !store[ask.number].places.isEmpty {
      keep(bytes[range], at: offset, of: ask.number, &turn)
    }
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe links[id]?.hash.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// A piece came whole.
  private mutating func end(_ id: ConnectionID, _ turn: inout Turn) {
    turn.cancelTimer(Timer.arrival, id.number)
    guard let link = links[id], let arrival = link.arrival else { return }
    links[id]?.arrival = nil
    switch arrival {
    case .dropping(let hash, let reason):
      refuse(hash, reason: reason, from: id, &turn)
    case .taking(let ask):
      let hash = store[ask.number].hash
      var state = link.hash
      let content = PieceHash(state.finish())
      if content == hash || !settings.verifies {
        store[ask.number].isSpoiled = content != hash
        keep(ask, content, from: link.peer, &turn)
      } else {
        note(lackOf: ask.number, on: id, at: turn.now)
        store.fail(ask.number)
        refuse(hash, reason: "wrong", from: id, &turn)
      }
    }
    self.ask(&turn)
  }

  private mutating func keep(
    _ ask: Link.Ask, _ content: PieceHash, from peer: Address?, _ turn: inout Turn
  ) {
    let piece = store[ask.number]
    store.hold(ask.number)
    turn.log(
      PeerExchangeEvents.pieceReceived, peer: peer,
      ["hash": piece.hash, "content": content, "bytes": piece.size, "waited": turn.now - ask.at])
    fill(piece.places, &turn)
    if store.missing == 0 {
      turn.log(PeerExchangeEvents.piecesCompleted, ["count": wanted])
    }
    endIfDone(&turn)
  }

  /// A piece came that does not count. Nobody who does as agreed gives unasked or wrong ones.
  private mutating func refuse(
    _ hash: PieceHash, reason: String, from id: ConnectionID, _ turn: inout Turn
  ) {
    guard let link = links[id] else { return }
    changes.logEach(
      Event(
        PeerExchangeEvents.pieceDropped, peer: link.peer,
        ["hash": hash, "bytes": link.arrived, "reason": reason]), per: hash, &turn)
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
      Event(PeerExchangeEvents.neighbourShunned, peer: link.peer, ["offences": offences]),
      per: link.peer, &turn)
    drop(id, reason: "shunned", &turn)
  }
}
