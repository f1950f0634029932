import Participants
import Wire

/// A lookup with what it is for.
struct LookupJob {
  enum Purpose {
    case join
    case refresh
    case set(MessagePack)
    case get
    case republish

    var name: String {
      switch self {
      case .join: "join"
      case .refresh: "refresh"
      case .set: "set"
      case .get: "get"
      case .republish: "republish"
      }
    }
  }

  var lookup: Lookup
  let purpose: Purpose
}

/// A lookup that nobody waits for.
enum Chore {
  /// So that the range of an ID stays known.
  case refresh(NodeID)
  case republish(NodeID)
}

extension DHT {
  /// Chores that are under way at once: upkeep never floods the network.
  private static let choresAtOnce = 4
  /// Lookups that are under way at once; the DHT's own come on top of these.
  static let lookupsAtOnce = 1_024

  /// Starts a lookup, and returns its number; it may have ended already.
  mutating func lookUp(
    _ target: NodeID, _ purpose: LookupJob.Purpose, valuesWanted: Int = 0, _ turn: inout Turn
  ) -> UInt64? {
    lastLookup += 1
    let number = lastLookup
    table.touch(target, at: turn.now)
    let known = table.closest(to: target, settings.k).map {
      NamedContact(id: $0.id, address: $0.address)
    }
    lookups[number] = LookupJob(
      lookup: Lookup(
        target: target, own: own, k: settings.k, alpha: settings.alpha, valuesWanted: valuesWanted,
        from: known, at: turn.now),
      purpose: purpose)
    turn.log(
      KademliaEvents.lookupStarted, ["lookup": number, "purpose": purpose.name, "key": target])
    advance(number, &turn)
    return lookups[number] == nil ? nil : number
  }

  /// Asks whoever is next, or ends the lookup.
  mutating func advance(_ number: UInt64, _ turn: inout Turn) {
    guard let target = lookups[number]?.lookup.target else { return }
    let wantsValues = (lookups[number]?.lookup.valuesWanted ?? 0) > 0
    while let chosen = lookups[number]?.lookup.next(), !chosen.isEmpty {
      for contact in chosen {
        let call: RPCCall =
          wantsValues
          ? .findValue(sender: own, key: target) : .findNode(sender: own, key: target)
        let isSent = ask(call, of: contact.address, id: contact.id, for: .lookup(number), &turn)
        if !isSent { lookups[number]?.lookup.fail(contact.id) }
      }
    }
    guard let job = lookups[number], job.lookup.isFinished else { return }
    lookups[number] = nil
    finish(job, number, &turn)
  }

  /// A node that was asked for a lookup answered.
  mutating func takeAnswer(
    _ result: RPCResult, from id: NodeID?, for number: UInt64, _ turn: inout Turn
  ) {
    guard let id, let wanted = lookups[number]?.lookup.valuesWanted else { return }
    if wanted > 0, let value = result.value {
      if let reason = storage.refusal(of: value) {
        refuse(reason, from: nil, &turn)
        lookups[number]?.lookup.answer(id, naming: [])
      } else {
        lookups[number]?.lookup.answer(id, value: value)
      }
    } else if case .contacts(let contacts) = result {
      lookups[number]?.lookup.answer(id, naming: contacts.filter { $0.address != address })
    } else {
      lookups[number]?.lookup.answer(id, naming: [])
    }
    advance(number, &turn)
  }

  private mutating func finish(_ job: LookupJob, _ number: UInt64, _ turn: inout Turn) {
    let lookup = job.lookup
    turn.log(
      KademliaEvents.lookupFinished,
      [
        "lookup": number, "purpose": job.purpose.name, "key": lookup.target, "steps": lookup.steps,
        "contacted": lookup.contacted, "answered": lookup.answered, "found": !lookup.values.isEmpty,
        "took": turn.now - lookup.started,
      ])
    switch job.purpose {
    case .join:
      finishJoining(&turn)
    case .refresh:
      finishChore(&turn)
    case .set(let value):
      publish(value, after: lookup, number, &turn)
    case .get:
      finishGetting(lookup, &turn)
    case .republish:
      // Others are closer: a copy here may be older than theirs, and must not take its place.
      if let value = storage[lookup.target], isClose(to: lookup.target) {
        store(value, for: lookup.target, at: lookup.closest, &turn)
      }
      finishChore(&turn)
    }
  }

  private mutating func finishJoining(_ turn: inout Turn) {
    joining = nil
    turn.log(KademliaEvents.joined, ["id": own, "contacts": table.count])
    outcomes.append(.joined)
    for id in table.beyondNeighbourhood(using: &turn.random) { addChore(.refresh(id)) }
    runChores(&turn)
  }

  // MARK: - Chores

  mutating func addChore(_ chore: Chore) { chores.append(chore) }

  mutating func runChores(_ turn: inout Turn) {
    while choresUnderWay < Self.choresAtOnce, !chores.isEmpty {
      choresUnderWay += 1
      switch chores.removeFirst() {
      case .refresh(let id):
        _ = lookUp(id, .refresh, &turn)
      case .republish(let key):
        _ = lookUp(key, .republish, &turn)
      }
    }
  }

  private mutating func finishChore(_ turn: inout Turn) {
    choresUnderWay -= 1
    runChores(&turn)
  }
}
