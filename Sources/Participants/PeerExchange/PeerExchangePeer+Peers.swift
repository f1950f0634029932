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
    _ address: Address, toldOn id: ConnectionID?, isOwn: Bool = false, _ turn: inout Turn
  ) {
    let address = Self.normal(address)
    guard address != own, address.port > 0, !known.contains(address), aliases[address] == nil,
      known.count < settings.maxKnown, isOwn || !forgotten.isLeftAlone(address, at: turn.now)
    else { return }
    known.add(
      KnownPeer(
        address: address, isBootstrap: id == nil,
        failures: forgotten.times(address) > 0 ? Self.patience - 1 : 0))
    let source = id == nil ? "option" : id.flatMap { links[$0]?.peer?.description }
    changes.logEach(
      Event(
        PeerExchangeEvents.addressLearned, peer: address,
        ["from": source, "connection": id?.number]), per: address, &turn)
    dial(address, &turn)
  }

  private mutating func dial(_ address: Address, _ turn: inout Turn) {
    guard links.count < settings.maxConnections else { return }
    let id = turn.connect(to: address)
    links[id] = Link(.dialled, peer: address, pieceSize: settings.pieceSize)
    known.update(address) { $0.dialled = id }
    turn.setTimer(Timer.dial, id.number, at: turn.now + settings.dialTimeout)
  }

  /// A dial was answered.
  mutating func open(_ id: ConnectionID, _ turn: inout Turn) {
    guard let peer = links[id]?.peer else { return }
    turn.cancelTimer(Timer.dial, id.number)
    known.update(peer) {
      $0.isOpen = true
      $0.failures = 0
    }
    forgotten.remove(peer)
    logLinked(id, &turn)
    turn.write(introduction(using: &turn.random), to: id)
    issueToken(on: id, &turn)
    proveAll(to: peer, on: id, &turn)
    planNews(&turn)
    ask(&turn)
  }

  /// A dial was in vain.
  private mutating func fail(_ address: Address?, _ turn: inout Turn) {
    guard let address else { return }
    known.update(address) {
      $0.dialled = nil
      $0.failures += 1
    }
    guard let peer = known[address], !peer.isBootstrap, peer.accepted == nil,
      peer.failures >= Self.patience
    else { return }
    forget(address, dials: peer.failures, &turn)
    forgotten.add(address, at: turn.now, interval: settings.exchangeInterval)
    aliases = aliases.filter { $0.value != address }
  }

  mutating func forget(_ address: Address, dials: Int, _ turn: inout Turn) {
    known.remove(address)
    changes.logEach(
      Event(PeerExchangeEvents.addressForgotten, peer: address, ["dials": dials]),
      per: address, &turn)
  }

  mutating func giveUpDial(_ id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id], link.direction == .dialled, known[link.peer]?.isOpen == false
    else { return }
    remove(id, &turn)
    turn.close(id)
    fail(link.peer, &turn)
  }

  mutating func accept(_ id: ConnectionID, from source: Address, _ turn: inout Turn) {
    guard links.count < settings.maxConnections else {
      if let count = repeats.count(PeerExchangeEvents.callerRefused, 0) {
        turn.log(PeerExchangeEvents.callerRefused, ["count": count])
      }
      turn.close(id)
      return
    }
    links[id] = Link(.accepted, source: source, pieceSize: settings.pieceSize)
    turn.setTimer(Timer.greeting, id.number, at: turn.now + settings.giveTimeout)
  }

  /// A neighbour told whom it knows.
  mutating func hear(of addresses: [Address], on id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    var addresses = addresses
    // Ours put themselves first, and may not know under which of their addresses they are seen.
    if let source = link.source, let first = addresses.first,
      IPv6(first.host)?.isUnspecified == true
    {
      addresses[0].host = source.host
    }
    if link.direction == .accepted, link.token == nil { note(addresses, toldOn: id) }
    for address in addresses { learn(address, toldOn: id, &turn) }
  }

  mutating func logLinked(_ id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    changes.logEach(
      Event(
        PeerExchangeEvents.neighbourLinked, peer: link.peer,
        ["direction": link.direction.rawValue, "connection": id.number]),
      per: link.peer, &turn)
  }

  // MARK: - The exchange

  /// Tells everybody who there is, and dials who is missing.
  mutating func exchange(_ turn: inout Turn) {
    planExchange(at: turn.now + settings.exchangeInterval, &turn)
    for address in known.addresses where known[address]?.isSought == true {
      dial(address, &turn)
    }
    let neighbours = self.neighbours
    guard !neighbours.isEmpty else { return }
    let message = introduction(using: &turn.random)
    for (_, id) in neighbours { turn.write(message, to: id) }
    ask(&turn)
  }

  mutating func planExchange(at instant: Instant, _ turn: inout Turn) {
    nextExchange = instant
    turn.setTimer(Timer.exchange, at: instant)
  }

  /// There is somebody new to tell of: the next exchange comes sooner.
  private mutating func planNews(_ turn: inout Turn) {
    let soon = turn.now + Microseconds(settings.exchangeInterval.count / 10)
    if soon < nextExchange { planExchange(at: soon, &turn) }
  }

  /// Where we listen, and who is connected; of too many a fair choice.
  private func introduction(using random: inout SeededGenerator) -> [UInt8] {
    var others = settings.introduces ? known.connected : []
    if others.count >= PeerExchangeWire.longestList { others.shuffle(using: &random) }
    return PeerExchangeWire.peers([own] + others)
  }

  // MARK: - The end of a connection

  /// The driver says that a connection ended, or could not be made.
  mutating func lose(_ id: ConnectionID, _ reason: CloseReason, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    if link.direction == .dialled, known[link.peer]?.isOpen == false {
      remove(id, &turn)
      switch reason {
      case .failed: known.update(link.peer) { $0.dialled = nil }
      case .refused, .unreachable, .reset, .ended, .backlogged:
        fail(link.peer, &turn)
      }
    } else {
      part(from: id, reason: reason.rawValue, &turn)
    }
  }

  /// Closes a connection for what happened on it.
  mutating func drop(_ id: ConnectionID, reason: String, _ turn: inout Turn) {
    guard links.contains(id) else { return }
    part(from: id, reason: reason, &turn)
    turn.close(id)
  }

  private mutating func part(from id: ConnectionID, reason: String, _ turn: inout Turn) {
    guard let link = links[id] else { return }
    remove(id, &turn)
    if let peer = link.peer {
      known.update(peer) {
        if $0.accepted == id { $0.accepted = nil }
        if $0.dialled == id {
          $0.dialled = nil
          $0.isOpen = false
        }
      }
      changes.logEach(
        Event(
          PeerExchangeEvents.neighbourLost, peer: peer, ["connection": id.number, "reason": reason]),
        per: peer, &turn)
    }
    ask(&turn)
  }

  /// Forgets a connection, and what was to come and to go on it.
  private mutating func remove(_ id: ConnectionID, _ turn: inout Turn) {
    guard let link = links.removeValue(forKey: id) else { return }
    if link.direction == .dialled { withdrawToken(of: link) }
    for purpose in [Timer.dial, .ask, .arrival, .departure, .greeting] {
      turn.cancelTimer(purpose, id.number)
    }
    for ask in link.asks { store.giveUp(ask.number) }
    if case .taking(let ask) = link.arrival { store.fail(ask.number) }
    stopGiving(id, link, &turn)
  }
}

extension KnownPeers {
  subscript(address: Address?) -> KnownPeer? { address.flatMap { self[$0] } }
}
