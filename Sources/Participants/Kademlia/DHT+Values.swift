package import Participants
package import Wire

/// A value that is being stored at the nodes closest to its key.
struct Publication {
  let key: NodeID
  let value: MessagePack
  /// Nodes that have not answered yet.
  var waiting: Int
  var copies: Int
}

extension DHT {
  /// Stores a value at the k nodes closest to its key. What comes of it is an outcome and an event; a
  /// node without neighbours stores nothing and says so.
  package mutating func set(_ key: NodeID, to value: MessagePack, _ turn: inout Turn) {
    let reason =
      storage.refusal(of: value) ?? (table.isEmpty ? "no neighbours" : nil)
      ?? (lookups.count < Self.lookupsAtOnce ? nil : "too many lookups")
    if let reason {
      failPutting(key, reason, &turn)
    } else {
      _ = lookUp(key, .set(value), &turn)
    }
  }

  /// Looks a value up. What comes of it is an outcome and an event.
  ///
  /// - Parameter count: ask on until so many nodes have answered with a value; they may differ.
  package mutating func get(_ key: NodeID, gathering count: Int = 1, _ turn: inout Turn) {
    // A copy outside the neighbourhood of its key may have been overtaken.
    if count == 1, let value = storage[key], isClose(to: key) {
      return succeedGetting(key, [value], steps: 0, took: .zero, &turn)
    }
    guard lookups.count < Self.lookupsAtOnce else {
      return failGetting(key, "too many lookups", took: .zero, &turn)
    }
    _ = lookUp(key, .get, valuesWanted: count, &turn)
  }

  /// Whether this node is one of the k closest to a key that it knows of.
  func isClose(to key: NodeID) -> Bool {
    let others = table.closest(to: key, settings.k)
    guard others.count == settings.k, let last = others.last else { return true }
    return key.distance(to: own) < key.distance(to: last.id)
  }

  // MARK: - Lookups that have ended

  mutating func publish(
    _ value: MessagePack, after lookup: Lookup, _ number: UInt64, _ turn: inout Turn
  ) {
    let key = lookup.target
    let targets = lookup.closest
    guard !targets.isEmpty else {
      return failPutting(key, "no neighbour answered", &turn)
    }
    publications[number] = Publication(key: key, value: value, waiting: 1, copies: 0)
    store(value, for: key, at: targets, publication: number, &turn)
    let isHeld = isClose(to: key) && take(value, for: key, from: nil, &turn)
    settle(number, isStored: isHeld, &turn)
  }

  mutating func finishGetting(_ lookup: Lookup, _ turn: inout Turn) {
    let took = turn.now - lookup.started
    guard let value = lookup.values.first else {
      let reason = lookup.answered == 0 ? "no neighbour answered" : "nobody has it"
      return failGetting(lookup.target, reason, took: took, &turn)
    }
    succeedGetting(lookup.target, lookup.values, steps: lookup.steps, took: took, &turn)
    // The next lookup finds it a step earlier (section 2.3).
    if let contact = lookup.closestWithoutValue {
      store(value, for: lookup.target, at: [contact], &turn)
    }
  }

  private mutating func succeedGetting(
    _ key: NodeID, _ values: [MessagePack], steps: Int, took: Microseconds, _ turn: inout Turn
  ) {
    turn.log(
      KademliaEvents.found,
      ["key": key, "value": DHTValue.name(of: values[0]), "steps": steps, "took": took])
    outcomes.append(.found(key, values))
  }

  private mutating func failGetting(
    _ key: NodeID, _ reason: String, took: Microseconds, _ turn: inout Turn
  ) {
    turn.log(KademliaEvents.missing, ["key": key, "reason": reason, "took": took])
    outcomes.append(.missing(key))
  }

  private mutating func failPutting(_ key: NodeID, _ reason: String, _ turn: inout Turn) {
    turn.log(KademliaEvents.putFailed, ["key": key, "reason": reason])
    outcomes.append(.putFailed(key))
  }

  // MARK: - Storing

  /// Sends a value to nodes that are to hold it.
  mutating func store(
    _ value: MessagePack, for key: NodeID, at contacts: [NamedContact], publication: UInt64? = nil,
    _ turn: inout Turn
  ) {
    for contact in contacts {
      let isSent = ask(
        .store(sender: own, key: key, value: value), of: contact.address, id: contact.id,
        for: .store(publication: publication), &turn)
      if isSent, let publication { publications[publication]?.waiting += 1 }
    }
  }

  /// A node took a value of a publication, or did not.
  mutating func settle(_ number: UInt64?, isStored: Bool, _ turn: inout Turn) {
    guard let number, var publication = publications[number] else { return }
    publication.waiting -= 1
    publication.copies += isStored ? 1 : 0
    publications[number] = publication
    guard publication.waiting == 0 else { return }
    publications[number] = nil
    guard publication.copies > 0 else {
      return failPutting(publication.key, "nobody took it", &turn)
    }
    turn.log(
      KademliaEvents.put,
      [
        "key": publication.key, "value": DHTValue.name(of: publication.value),
        "copies": publication.copies,
      ])
    outcomes.append(.put(publication.key, copies: publication.copies))
  }

  /// Holds a value. Returns whether it does so.
  mutating func take(
    _ value: MessagePack, for key: NodeID, from sender: Address?, _ turn: inout Turn
  ) -> Bool {
    switch storage.store(value, for: key, from: sender, at: turn.now) {
    case .new:
      changes.logEach(
        Event(
          KademliaEvents.stored, peer: sender, ["key": key, "value": DHTValue.name(of: value)]),
        per: key,
        &turn)
      return true
    case .known:
      return true
    case .refused(let reason):
      refuse(reason, from: sender, &turn)
      return false
    }
  }

  mutating func refuse(_ reason: String, from sender: Address?, _ turn: inout Turn) {
    guard let count = repeats.count(KademliaEvents.storeRefused, reason) else { return }
    turn.log(KademliaEvents.storeRefused, peer: sender, ["reason": reason, "count": count])
  }

  /// A new contact gets the values for which it is now among the k closest, from whoever was the
  /// closest before (section 2.5).
  mutating func welcome(_ newcomer: NamedContact, _ turn: inout Turn) {
    guard storage.count > 0 else { return }
    // Who is closer to a key than all its neighbours is most likely the closest of all.
    let neighbours = table.closest(to: own, settings.k, excluding: newcomer.id)
    let keys = storage.keys { key in
      let distance = key.distance(to: own)
      return neighbours.allSatisfy { distance < key.distance(to: $0.id) }
    }
    for key in keys {
      let others = table.closest(to: key, settings.k, excluding: newcomer.id)
      let distance = key.distance(to: own)
      guard others.first.map({ distance < key.distance(to: $0.id) }) ?? true else { continue }
      let isAmong =
        others.count < settings.k
        || others.last.map { key.distance(to: newcomer.id) < key.distance(to: $0.id) } ?? true
      guard isAmong, let value = storage[key] else { continue }
      store(value, for: key, at: [newcomer], &turn)
    }
  }
}
