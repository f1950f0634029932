package import Participants

extension DHTRPC {
  /// Asks the nodes closest to a target. An update asks these once more, with the tokens that they
  /// gave. Returns the query's number; `nil`: too many are under way.
  package mutating func query(
    _ command: String, _ target: [UInt8], value: [UInt8]? = nil, isUpdate: Bool = false,
    at now: Instant, emit: inout Effects
  ) -> UInt64? {
    query(
      command, target, value: value, isUpdate: isUpdate, isJoin: false, at: now,
      emit: &emit)
  }

  mutating func query(
    _ command: String, _ target: [UInt8], value: [UInt8]? = nil, isUpdate: Bool = false,
    isJoin: Bool, at now: Instant, emit: inout Effects
  ) -> UInt64? {
    guard jobs.count < settings.maxQueries else { return nil }
    lastQuery += 1
    let number = lastQuery
    let known = table.closest(to: target, settings.k).map {
      Contact(id: $0.id, address: $0.contact.address)
    }
    var job = Job(
      query: Query(target: target, own: own, k: settings.k, from: known), command: command,
      value: value, isUpdate: isUpdate, isJoin: isJoin)
    // Where few are known, whoever is at the addresses to join by is asked too.
    if known.count < settings.k {
      let strangers = bootstrap.filter { ids[$0] == nil }
      for address in strangers {
        let isSent = requests.send(
          request(of: job).encoded, to: address, for: .ask(query: number, id: nil), at: now,
          using: &secrets, emit: &emit)
        if isSent != nil { job.query.strangers.insert(address) }
      }
    }
    jobs[number] = job
    advance(number, at: now, emit: &emit)
    return number
  }

  private func request(of job: Job, token: [UInt8]? = nil) -> RPCRequest {
    RPCRequest(
      command: job.command, id: shownID, target: job.query.target, token: token, value: job.value)
  }

  /// Asks whoever is next, or goes over to the second round, or ends the query.
  mutating func advance(
    _ number: UInt64, at now: Instant, emit: inout Effects
  ) {
    // The query is changed where it stands: a copy would be one of all its entries.
    while jobs[number]?.updating == nil, let chosen = jobs[number]?.query.next(), !chosen.isEmpty {
      guard let payload = jobs[number].map({ request(of: $0).encoded }) else { return }
      // Who keeps something should hear of what becomes of it, be they slow.
      let isPatient = jobs[number]?.isUpdate ?? false
      for contact in chosen {
        let isSent = requests.send(
          payload, to: contact.address, patiently: isPatient,
          for: .ask(query: number, id: contact.id), at: now, using: &secrets, emit: &emit)
        if isSent == nil { jobs[number]?.query.fail(contact.id) }
      }
    }
    guard let job = jobs[number], job.updating == nil, job.query.isFinished else { return }
    if job.isUpdate {
      update(number, after: job.query, at: now, emit: &emit)
    } else {
      finish(number)
    }
  }

  private mutating func update(
    _ number: UInt64, after query: Query, at now: Instant,
    emit: inout Effects
  ) {
    guard let job = jobs[number] else { return }
    var sent = 0
    for (contact, token) in query.closest {
      guard let token else { continue }
      let isSent = requests.send(
        request(of: job, token: token).encoded, to: contact.address,
        for: .update(query: number, id: contact.id), at: now, using: &secrets, emit: &emit)
      if isSent != nil { sent += 1 }
    }
    jobs[number]?.updating = sent
    if sent == 0 { finish(number) }
  }

  mutating func finishUpdate(of number: UInt64, isTaken: Bool) {
    guard let updating = jobs[number]?.updating else { return }
    jobs[number]?.updating = updating - 1
    if isTaken { jobs[number]?.updated += 1 }
    if updating == 1 { finish(number) }
  }

  private mutating func finish(_ number: UInt64) {
    guard let job = jobs.removeValue(forKey: number) else { return }
    if job.isJoin {
      isJoining = false
      guard job.query.answered > 0 else { return }
      hasJoined = true
      outcomes.append(.joined)
    } else {
      outcomes.append(.finished(query: number, job.query, updated: job.updated))
    }
  }
}
