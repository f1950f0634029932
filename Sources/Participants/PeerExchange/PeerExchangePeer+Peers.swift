import Participants
import Wire

extension PeerExchangePeer {
  /// Dials in vain, in a row, after which an address is forgotten.
  static let patience = 5

  /// One text for one address, so that whom we hear of twice is the same.
  static func normal(_ address: Address) -> Address {
    Address(host: IPv6(address.host)?.text ?? address.host, port: address.port)
  }

  /// An address was heard of: dials it if it is new.
  ///
  /// - Parameter source: who told; `nil`: an option.
  mutating func learn(
    _ address: Address, from source: Address?, at now: Instant, emit: inout Effects
  ) {
    let address = Self.normal(address)
    guard address != own, address.port > 0, !known.contains(address),
      known.count < settings.maxKnown
    else { return }
    known.add(KnownPeer(address: address, isBootstrap: source == nil))
    changes.log(
      Event(
        PeerExchangeEvents.addressLearned, peer: address,
        ["from": .text(source?.description ?? "option")]), per: address, at: now, emit: &emit)
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
    logLinked(id, at: now, emit: &emit)
    emit.write(introduction(using: &random), to: id)
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
    known.remove(address)
    changes.log(
      Event(
        PeerExchangeEvents.addressForgotten, peer: address,
        ["dials": .integer(Int64(peer.failures))]), per: address, at: now, emit: &emit)
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

  /// A neighbour told whom it knows, itself first.
  mutating func hear(
    of addresses: [Address], on id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    guard let first = addresses.first, let link = links[id] else { return }
    if link.direction == .accepted, link.peer == nil {
      introduce(id, as: first, from: link.source, at: now, emit: &emit)
    }
    guard let teller = links[id]?.peer else { return }
    for address in addresses.dropFirst() { learn(address, from: teller, at: now, emit: &emit) }
  }

  /// Whoever dialled in says where it listens.
  private mutating func introduce(
    _ id: ConnectionID, as told: Address, from source: Address?, at now: Instant,
    emit: inout Effects
  ) {
    var peer = Self.normal(told)
    // It does not know under which of its addresses it is seen.
    if IPv6(peer.host)?.isUnspecified == true, let source { peer.host = source.host }
    peer = Self.normal(peer)
    guard peer != own else { return }
    links[id]?.peer = peer
    learn(peer, from: peer, at: now, emit: &emit)
    known.update(peer) { $0.accepted = id }
    logLinked(id, at: now, emit: &emit)
    planNews(at: now, emit: &emit)
  }

  private mutating func logLinked(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
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
    for address in known.addresses {
      guard let peer = known[address], peer.dialled == nil, !peer.isShunned else { continue }
      dial(address, at: now, emit: &emit)
    }
    let neighbours = known.connections
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
    guard let peer = link.peer else { return }
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
    ask(at: now, emit: &emit)
  }

  /// Forgets a connection, and what was to come and to go on it.
  private mutating func remove(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let link = links.removeValue(forKey: id) else { return }
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
