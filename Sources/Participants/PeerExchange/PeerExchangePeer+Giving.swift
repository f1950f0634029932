import Hashing
import Participants

extension PeerExchangePeer {
  /// A neighbour asks for a piece. Who lacks it stays silent, as the original does.
  mutating func hear(_ hash: PieceHash, askedBy id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    guard let number = store.numbers[hash] else {
      return recognise(hash, on: id, &turn)
    }
    guard store[number].isHeld else {
      // It would not ask if it had it.
      return note(lackOf: number, on: id, at: turn.now)
    }
    switch settings.gives {
    case "never": return
    case "once" where store[number].wasGiven: return
    default: break
    }
    // The original asks until it has it.
    guard link.giving != number, !link.requests.contains(number) else { return }
    guard link.requests.count < settings.maxAsks else {
      guard let count = repeats.count(PeerExchangeEvents.asksDropped, link.peer) else { return }
      return turn.log(PeerExchangeEvents.asksDropped, peer: link.peer, ["count": count])
    }
    store[number].wasGiven = true
    links[id]?.requests.append(number)
    if link.requests.isEmpty, link.giving == nil { queue.append(id) }
    give(&turn)
  }

  /// Gives what was asked for, as far as there are places: one piece to each neighbour, in turns.
  private mutating func give(_ turn: inout Turn) {
    while giving < settings.maxGiving, !queue.isEmpty {
      let id = queue.removeFirst()
      guard let number = links[id]?.requests.removeFirst() else { continue }
      giving += 1
      links[id]?.giving = number
      turn.setTimer(Timer.departure, id.number, at: turn.now + settings.giveTimeout)
      send(number, to: id, &turn)
    }
  }

  private func send(_ number: Int, to id: ConnectionID, _ turn: inout Turn) {
    if let sample = store[number].sample {
      write(samples.parts(of: sample), of: number, to: id, &turn)
    } else {
      turn.file(key(.give, Int(id.number)), read(number))
    }
  }

  /// A piece was read that is to be given.
  mutating func give(_ answer: FileAnswer, on id: ConnectionID, _ turn: inout Turn) {
    guard let number = links[id]?.giving else { return }
    switch answer {
    case .bytes(let bytes)
    where store[number].isSpoiled || PieceHash(SHA256.hash(bytes)) == store[number].hash:
      write([bytes], of: number, to: id, &turn)
    case .bytes: withhold(number, "it was changed", from: id, &turn)
    case .failed(let reason): withhold(number, reason, from: id, &turn)
    case .done: break
    }
  }

  /// A piece cannot be given after all.
  private mutating func withhold(
    _ number: Int, _ reason: String, from id: ConnectionID, _ turn: inout Turn
  ) {
    if let place = store[number].places.first { fail(place.file, reason, &turn) }
    free(id, &turn)
  }

  private func write(_ parts: [[UInt8]], of number: Int, to id: ConnectionID, _ turn: inout Turn) {
    let piece = store[number]
    turn.write(PeerExchangeWire.give(piece.hash, bytes: piece.size), to: id)
    for (place, part) in parts.enumerated() {
      let isWrong = place == 0 && (settings.corrupts || piece.sample != nil && piece.isSpoiled)
      turn.write(isWrong ? part.map { ~$0 } : part, to: id)
    }
    turn.awaitDrain(of: id)
  }

  /// Everything that was written to a neighbour has left.
  mutating func finishGiving(on id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id], let number = link.giving else { return }
    changes.logEach(
      Event(
        PeerExchangeEvents.pieceGiven, peer: link.peer,
        ["hash": store[number].hash, "bytes": store[number].size, "connection": id.number]),
      per: [link.peer?.description, String(number)], &turn)
    free(id, &turn)
  }

  /// The next piece may go to a neighbour, when it is its turn again.
  private mutating func free(_ id: ConnectionID, _ turn: inout Turn) {
    links[id]?.giving = nil
    giving -= 1
    turn.cancelTimer(Timer.departure, id.number)
    if links[id]?.requests.isEmpty == false { queue.append(id) }
    give(&turn)
  }

  /// A connection is gone, and what was to be given on it.
  mutating func stopGiving(_ id: ConnectionID, _ link: Link, _ turn: inout Turn) {
    for number in link.requests { store[number].wasGiven = false }
    queue.removeAll { $0 == id }
    guard let number = link.giving else { return }
    store[number].wasGiven = false
    giving -= 1
    give(&turn)
  }
}
