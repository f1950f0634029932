import Participants
import Wire

extension PeerExchangePeer {
  /// Dials in vain, in a row, after which an address is forgotten.
  static let patience = 5

  /// One text for one address, so that whom we hear of twice is the same.
  static func normal(_ address: Address) -> Address {
    Address(host: IPv6(address.host)?.text ?? address.host, port: address.port)
  }

  /// An address was heard of: dials it if it is new, and was not dialled in vain lately. One that was
  /// gets one dial, not ``patience`` of them.
  ///
  /// - Parameters:
  ///   - id: the connection that it was told on; `nil`: an option.
  ///   - isOwn: whoever told says that it is its own. A node that was away is found again by that.
  mutating func learn(
    _ address: Address, toldOn id: ConnectionID?, isOwn: Bool = false, at now: Instant,
    emit: inout Effects
  ) {
    let address = Self.normal(address)
    guard address != own, address.port > 0, !known.contains(address), aliases[address] == nil,
      known.count < settings.maxKnown, isOwn || !forgotten.isLeftAlone(address, at: now)
    else { return }
    known.add(
      KnownPeer(
        address: address, isBootstrap: id == nil,
        failures: forgotten.times(address) > 0 ? Self.patience - 1 : 0))
    var event = Event(PeerExchangeEvents.addressLearned, peer: address)
    if let id {
      if let teller = links[id]?.peer {
        event.fields.append((name: "from", value: .text(teller.description)))
      }
      event.fields.append((name: "connection", value: .integer(Int64(id.number))))
    } else {
      event.fields.append((name: "from", value: "option"))
    }
    changes.log(event, per: address, at: now, emit: &emit)
    dial(address, at: now, emit: &emit)
  }

  private mutating func dial(_ address: Address, at now: Instant, emit: inout Effects) {
    guard links.count < settings.maxConnections else { return }
    let id = emit.connect(to: address)
    links[id] = Link(.dialled, peer: address, pieceSize: settings.pieceSize)
    known.update(address) { $0.dialled = id }
    emit.setTimer(key(.dial, id), at: now + settings.dialTimeout)
  }

  /// A dial was answered.
  mutating func open(
    _ id: ConnectionID, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard let peer = links[id]?.peer else { return }
    emit.cancelTimer(key(.dial, id))
    known.update(peer) {
      $0.isOpen = true
      $0.failures = 0
    }
    forgotten.remove(peer)
    logLinked(id, at: now, emit: &emit)
    emit.write(introduction(using: &random), to: id)
    issueToken(on: id, emit: &emit)
    proveAll(to: peer, on: id, emit: &emit)
    planNews(at: now, emit: &emit)
    ask(at: now, emit: &emit)
  }

  /// A dial was in vain.
  private mutating func fail(_ address: Address?, at now: Instant, emit: inout Effects) {
    guard let address else { return }
    known.update(address) {
      $0.dialled = nil
      $0.failures += 1
    }
    guard let peer = known[address], !peer.isBootstrap, peer.accepted == nil,
      peer.failures >= Self.patience
    else { return }
    forget(address, dials: peer.failures, at: now, emit: &emit)
    forgotten.add(address, at: now, interval: settings.exchangeInterval)
    aliases = aliases.filter { $0.value != address }
  }

  mutating func forget(
    _ address: Address, dials: Int, at now: Instant, emit: inout Effects
  ) {
    known.remove(address)
    changes.log(
      Event(
        PeerExchangeEvents.addressForgotten, peer: address, ["dials": .integer(Int64(dials))]),
      per: address, at: now, emit: &emit)
  }

  mutating func giveUpDial(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let link = links[id], link.direction == .dialled, known[link.peer]?.isOpen == false
    else { return }
    remove(id, at: now, emit: &emit)
    emit.close(id)
    fail(link.peer, at: now, emit: &emit)
  }

  mutating func accept(
    _ id: ConnectionID, from source: Address, at now: Instant, emit: inout Effects
  ) {
    guard links.count < settings.maxConnections else {
      if let count = repeats.count(PeerExchangeEvents.callerRefused, 0) {
        emit.log(Event(PeerExchangeEvents.callerRefused, ["count": .integer(count)]))
      }
      emit.close(id)
      return
    }
    links[id] = Link(.accepted, source: source, pieceSize: settings.pieceSize)
    emit.setTimer(key(.greeting, id), at: now + settings.giveTimeout)
  }

  /// A neighbour told whom it knows.
  mutating func hear(
    of addresses: [Address], on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let link = links[id] else { return }
    var addresses = addresses
    // Ours put themselves first, and may not know under which of their addresses they are seen.
    if let source = link.source, let first = addresses.first,
      IPv6(first.host)?.isUnspecified == true
    {
      addresses[0].host = source.host
    }
    if link.direction == .accepted, link.token == nil { note(addresses, toldOn: id) }
    for address in addresses { learn(address, toldOn: id, at: now, emit: &emit) }
  }

  mutating func logLinked(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let link = links[id] else { return }
    changes.log(
      Event(
        PeerExchangeEvents.neighbourLinked, peer: link.peer,
        [
          "direction": .text(link.direction.rawValue),
          "connection": .integer(Int64(id.number)),
        ]), per: link.peer, at: now, emit: &emit)
  }

  // MARK: - The exchange

  /// Tells everybody who there is, and dials who is missing.
  mutating func exchange(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    planExchange(at: now + settings.exchangeInterval, emit: &emit)
    for address in known.addresses where known[address]?.isSought == true {
      dial(address, at: now, emit: &emit)
    }
    let neighbours = self.neighbours
    guard !neighbours.isEmpty else { return }
    let message = introduction(using: &random)
    for (_, id) in neighbours { emit.write(message, to: id) }
    ask(at: now, emit: &emit)
  }

  mutating func planExchange(at instant: Instant, emit: inout Effects) {
    nextExchange = instant
    emit.setTimer(key(.exchange), at: instant)
  }

  /// There is somebody new to tell of: the next exchange comes sooner.
  private mutating func planNews(at now: Instant, emit: inout Effects) {
    let soon = now + Microseconds(settings.exchangeInterval.count / 10)
    if soon < nextExchange { planExchange(at: soon, emit: &emit) }
  }

  /// Where we listen, and who is connected; of too many a fair choice.
  private func introduction(using random: inout SeededGenerator) -> [UInt8] {
    var others = settings.introduces ? known.connected : []
    if others.count >= PeerExchangeWire.longestList { others.shuffle(using: &random) }
    return PeerExchangeWire.peers([own] + others)
  }

  // MARK: - The end of a connection

  /// The driver says that a connection ended, or could not be made.
  mutating func lose(
    _ id: ConnectionID, _ reason: CloseReason, at now: Instant, emit: inout Effects
  ) {
    guard let link = links[id] else { return }
    if link.direction == .dialled, known[link.peer]?.isOpen == false {
      remove(id, at: now, emit: &emit)
      switch reason {
      case .failed: known.update(link.peer) { $0.dialled = nil }
      case .refused, .unreachable, .reset, .ended, .backlogged:
        fail(link.peer, at: now, emit: &emit)
      }
    } else {
      part(from: id, reason: reason.rawValue, at: now, emit: &emit)
    }
  }

  /// Closes a connection for what happened on it.
  mutating func drop(
    _ id: ConnectionID, reason: String, at now: Instant, emit: inout Effects
  ) {
    guard links.contains(id) else { return }
    part(from: id, reason: reason, at: now, emit: &emit)
    emit.close(id)
  }

  private mutating func part(
    from id: ConnectionID, reason: String, at now: Instant, emit: inout Effects
  ) {
    guard let link = links[id] else { return }
    remove(id, at: now, emit: &emit)
    if let peer = link.peer {
      known.update(peer) {
        if $0.accepted == id { $0.accepted = nil }
        if $0.dialled == id {
          $0.dialled = nil
          $0.isOpen = false
        }
      }
      changes.log(
        Event(
          PeerExchangeEvents.neighbourLost, peer: peer,
          ["connection": .integer(Int64(id.number)), "reason": .text(reason)]), per: peer,
        at: now, emit: &emit)
    }
    ask(at: now, emit: &emit)
  }

  /// Forgets a connection, and what was to come and to go on it.
  private mutating func remove(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let link = links.removeValue(forKey: id) else { return }
    if link.direction == .dialled { withdrawToken(of: link) }
    for purpose in [Purpose.dial, .ask, .arrival, .departure, .greeting] {
      emit.cancelTimer(key(purpose, id))
    }
    for ask in link.asks { store.giveUp(ask.number) }
    if case .taking(let ask) = link.arrival { store.fail(ask.number) }
    stopGiving(id, link, at: now, emit: &emit)
  }
}

extension KnownPeers {
  subscript(address: Address?) -> KnownPeer? { address.flatMap { self[$0] } }
}
