import Participants

extension DHT {
  /// Asks the nodes to join by, where nobody is known.
  mutating func join(_ turn: inout Turn) {
    guard table.isEmpty, !bootstrap.isEmpty else { return }
    for address in bootstrap {
      ping(address, isBootstrap: true, &turn)
    }
    retryJoin(&turn)
  }

  /// A node asked something: it says its ID, and may have lied.
  mutating func hear(_ id: NodeID, at address: Address, _ turn: inout Turn) {
    if table.contact(id)?.address == address {
      _ = table.identify(id, at: address, now: turn.now)
    } else {
      consider(id, at: address, &turn)
    }
  }

  /// A node answered what it was asked. It may be another than the one that was meant.
  mutating func succeed(_ request: Request, _ turn: inout Turn) {
    guard let id = request.id else { return }
    if table.contact(id)?.address == request.address {
      table.succeed(id)
    } else {
      consider(id, at: request.address, &turn)
    }
  }

  /// Somebody who is no contact is there: is to prove who it is, if there is a place for it.
  private mutating func consider(_ id: NodeID, at address: Address, _ turn: inout Turn) {
    guard table.contact(at: address) == nil, table.contact(id) == nil, !table.hasRoom(for: id)
    else {
      ping(address, &turn)
      return
    }
    table.remember(id, at: address)
    checkOldest(beside: id, &turn)
  }

  /// Somebody waits for a place: whoever has not been heard from for long must prove to be there.
  private mutating func checkOldest(beside id: NodeID, _ turn: inout Turn) {
    guard let oldest = table.oldest(beside: id),
      oldest.identified + settings.pingInterval <= turn.now
    else { return }
    ping(oldest.address, id: oldest.id, &turn)
  }

  /// A node answered a ping: this ID is at that address.
  mutating func identify(
    _ id: NodeID, at address: Address, _ isBootstrap: Bool, _ turn: inout Turn
  ) {
    guard id != own else { return }
    if let other = table.contact(at: address), other.id != id {
      evict(other, "replaced", &turn)
    }
    let wasEmpty = table.isEmpty
    switch table.identify(id, at: address, now: turn.now) {
    case .known:
      break
    case .added:
      changes.logEach(
        Event(KademliaEvents.contactAdded, peer: address, ["id": id]),
        per: address, &turn)
      welcome(NamedContact(id: id, address: address), &turn)
      if wasEmpty || isBootstrap { lookUpOwnID(&turn) }
    case .full:
      table.remember(id, at: address)
      checkOldest(beside: id, &turn)
    case .taken(let other):
      table.remember(id, at: address)
      ping(other.address, id: other.id, &turn)
    }
  }

  /// A node did not answer. A contact is asked again at once, or dropped.
  mutating func fail(_ request: Request, _ turn: inout Turn) {
    guard let contact = request.id.flatMap({ table.contact($0) }),
      contact.address == request.address, let failures = table.fail(contact.id),
      settings.evictsDead
    else { return }
    if failures >= settings.maxFailures || table.hasReplacement(for: contact.id) {
      evict(contact, "silent", &turn)
    } else {
      ping(contact.address, id: contact.id, &turn)
    }
  }

  private mutating func evict(
    _ contact: RoutingTable.Contact, _ reason: String, _ turn: inout Turn
  ) {
    changes.logEach(
      Event(
        KademliaEvents.contactEvicted, peer: contact.address, ["id": contact.id, "reason": reason]),
      per: contact.address, &turn
    )
    if let next = table.evict(contact) {
      ping(next.address, &turn)
    }
    if table.isEmpty { retryJoin(&turn) }
  }

  private mutating func lookUpOwnID(_ turn: inout Turn) {
    guard joining == nil else { return }
    joining = lookUp(own, .join, &turn)
  }
}
