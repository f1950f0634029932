import Participants

extension DHT {
  /// Asks the nodes to join by, where nobody is known.
  mutating func join(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard table.isEmpty, !bootstrap.isEmpty else { return }
    for address in bootstrap {
      ping(address, isBootstrap: true, at: now, using: &random, emit: &emit)
    }
    retryJoin(at: now, emit: &emit)
  }

  /// A node asked something: it says its ID, and may have lied.
  mutating func hear(
    _ id: NodeID, at address: Address, now: Instant, using random: inout SeededGenerator,
    emit: inout Effects
  ) {
    if table.contact(id)?.address == address {
      _ = table.identify(id, at: address, now: now)
    } else {
      consider(id, at: address, now: now, using: &random, emit: &emit)
    }
  }

  /// A node answered what it was asked. It may be another than the one that was meant.
  mutating func succeed(
    _ request: Request, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard let id = request.id else { return }
    if table.contact(id)?.address == request.address {
      table.succeed(id)
    } else {
      consider(id, at: request.address, now: now, using: &random, emit: &emit)
    }
  }

  /// Somebody who is no contact is there: is to prove who it is, if there is a place for it.
  private mutating func consider(
    _ id: NodeID, at address: Address, now: Instant, using random: inout SeededGenerator,
    emit: inout Effects
  ) {
    guard table.contact(at: address) == nil, table.contact(id) == nil, !table.hasRoom(for: id)
    else {
      ping(address, at: now, using: &random, emit: &emit)
      return
    }
    table.remember(id, at: address)
    checkOldest(beside: id, at: now, using: &random, emit: &emit)
  }

  /// Somebody waits for a place: whoever has not been heard from for long must prove to be there.
  private mutating func checkOldest(
    beside id: NodeID, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard let oldest = table.oldest(beside: id), oldest.identified + settings.pingInterval <= now
    else { return }
    ping(oldest.address, id: oldest.id, at: now, using: &random, emit: &emit)
  }

  /// A node answered a ping: this ID is at that address.
  mutating func identify(
    _ id: NodeID, at address: Address, _ isBootstrap: Bool, now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard id != own else { return }
    if let other = table.contact(at: address), other.id != id {
      evict(other, "replaced", at: now, using: &random, emit: &emit)
    }
    let wasEmpty = table.isEmpty
    switch table.identify(id, at: address, now: now) {
    case .known:
      break
    case .added:
      changes.log(
        Event(KademliaEvents.contactAdded, peer: address, ["id": .text(id.description)]),
        per: address, at: now, emit: &emit)
      welcome(NamedContact(id: id, address: address), at: now, using: &random, emit: &emit)
      if wasEmpty || isBootstrap { lookUpOwnID(at: now, using: &random, emit: &emit) }
    case .full:
      table.remember(id, at: address)
      checkOldest(beside: id, at: now, using: &random, emit: &emit)
    case .taken(let other):
      table.remember(id, at: address)
      ping(other.address, id: other.id, at: now, using: &random, emit: &emit)
    }
  }

  /// A node did not answer. A contact is asked again at once, or dropped.
  mutating func fail(
    _ request: Request, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard let contact = request.id.flatMap({ table.contact($0) }),
      contact.address == request.address, let failures = table.fail(contact.id),
      settings.evictsDead
    else { return }
    if failures >= settings.maxFailures || table.hasReplacement(for: contact.id) {
      evict(contact, "silent", at: now, using: &random, emit: &emit)
    } else {
      ping(contact.address, id: contact.id, at: now, using: &random, emit: &emit)
    }
  }

  private mutating func evict(
    _ contact: RoutingTable.Contact, _ reason: String, at now: Instant,
    using random: inout SeededGenerator, emit: inout Effects
  ) {
    changes.log(
      Event(
        KademliaEvents.contactEvicted, peer: contact.address,
        ["id": .text(contact.id.description), "reason": .text(reason)]), per: contact.address,
      at: now, emit: &emit)
    if let next = table.evict(contact) {
      ping(next.address, at: now, using: &random, emit: &emit)
    }
    if table.isEmpty { retryJoin(at: now, emit: &emit) }
  }

  private mutating func lookUpOwnID(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard joining == nil else { return }
    joining = lookUp(own, .join, at: now, using: &random, emit: &emit)
  }
}
