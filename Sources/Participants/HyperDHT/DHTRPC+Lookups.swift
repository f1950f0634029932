package import Participants

extension DHTRPC {
  /// Asks the nodes closest to a target. An update asks these once more, with the tokens that they
  /// gave. Returns the lookup's number; `nil`: too many are under way.
  package mutating func lookUp(
    _ command: String, _ target: [UInt8], value: [UInt8]? = nil, isUpdate: Bool = false,
    _ turn: inout Turn
  ) -> UInt64? {
    lookUp(command, target, value: value, isUpdate: isUpdate, for: .owner, &turn)
  }

  mutating func lookUp(
    _ command: String, _ target: [UInt8], value: [UInt8]? = nil, isUpdate: Bool = false,
    for client: Client, _ turn: inout Turn
  ) -> UInt64? {
    guard jobs.count < settings.maxLookups else { return nil }
    lastLookup += 1
    let number = lastLookup
    let known = closest(to: target)
    var job = Job(
      lookup: Lookup(target: target, own: own, k: settings.k, from: known), command: command,
      value: value, isUpdate: isUpdate, client: client)
    // Where few are known, whoever is at the addresses to join by is asked too; and where nobody is
    // known who is close, whoever is known may know nobody either.
    let isGap = client == .gap
    if known.count < settings.k || isGap {
      let strangers = bootstrap.filter { isGap || ids[$0] == nil }
      for address in strangers {
        let stranger = Contact(id: [], address: address)
        let isSent = requests.send(
          request(of: job).encoded, to: address, patience: punctuality.patience(with: stranger),
          for: .ask(lookup: number, id: nil), using: &secrets, &turn)
        let isAwaited = known.isEmpty || !punctuality.isSilent(stranger)
        if isSent != nil, isAwaited { job.lookup.strangers.insert(address) }
      }
    }
    jobs[number] = job
    advance(number, &turn)
    return number
  }

  /// Those of the table that are closest to a target: `k` that are not silent, and the silent among
  /// them.
  func closest(to target: [UInt8]) -> [Contact] {
    var wanted = settings.k
    return table.closest(to: target, settings.k + punctuality.count)
      .map { Contact(id: $0.id, address: $0.contact.address) }
      .prefix { contact in
        defer { if !punctuality.isSilent(contact) { wanted -= 1 } }
        return wanted > 0
      }
  }

  private func request(of job: Job, token: [UInt8]? = nil) -> RPCRequest {
    RPCRequest(
      command: job.command, id: shownID, target: job.lookup.target, token: token, value: job.value)
  }

  /// Asks whoever is next, or goes over to the second round, or ends the lookup.
  mutating func advance(_ number: UInt64, _ turn: inout Turn) {
    // The lookup is changed where it stands: a copy would be one of all its entries.
    while jobs[number]?.updating == nil, let chosen = jobs[number]?.lookup.next(), !chosen.isEmpty {
      guard let payload = jobs[number].map({ request(of: $0).encoded }) else { return }
      for contact in chosen {
        let isSent = requests.send(
          payload, to: contact.address, patience: punctuality.patience(with: contact),
          for: .ask(lookup: number, id: contact.id), using: &secrets, &turn)
        if isSent == nil {
          jobs[number]?.lookup.fail(contact.id)
        } else if punctuality.isSilent(contact) {
          jobs[number]?.lookup.disregard(contact.id)
        }
      }
    }
    guard let job = jobs[number], job.updating == nil, job.lookup.isFinished else { return }
    if job.isUpdate {
      update(number, after: job.lookup, &turn)
    } else {
      finish(number, &turn)
    }
  }

  private mutating func update(_ number: UInt64, after lookup: Lookup, _ turn: inout Turn) {
    guard let job = jobs[number] else { return }
    var sent = 0
    for (contact, token) in lookup.closest {
      guard let token else { continue }
      let isSent = requests.send(
        request(of: job, token: token).encoded, to: contact.address,
        patience: punctuality.patience(with: contact), for: .update(lookup: number, id: contact.id),
        using: &secrets, &turn)
      if isSent != nil { sent += 1 }
    }
    jobs[number]?.updating = sent
    if sent == 0 { finish(number, &turn) }
  }

  mutating func finishUpdate(of number: UInt64, isTaken: Bool, _ turn: inout Turn) {
    guard let updating = jobs[number]?.updating else { return }
    jobs[number]?.updating = updating - 1
    if isTaken { jobs[number]?.updated += 1 }
    if updating == 1 { finish(number, &turn) }
  }

  private mutating func finish(_ number: UInt64, _ turn: inout Turn) {
    guard let job = jobs.removeValue(forKey: number) else { return }
    switch job.client {
    case .owner:
      outcomes.append(.finished(lookup: number, job.lookup, updated: job.updated))
    case .gap:
      break
    case .join:
      isJoining = false
      guard job.lookup.answered > 0 else { return }
      hasJoined = true
      outcomes.append(.joined)
      // The neighbours may know as little of what is far away (Kademlia's paper, section 2.3).
      for target in table.gaps.prefix(Self.mostGaps) {
        _ = lookUp(RPCRequest.findNode, target, for: .gap, &turn)
      }
    }
  }
}
