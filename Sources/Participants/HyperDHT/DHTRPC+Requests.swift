package import Participants
package import Wire

extension DHTRPC {
  /// A datagram arrived. Returns what the owner has to answer.
  ///
  /// - Throws: when it makes no sense; nothing has happened then.
  package mutating func receive(_ datagram: [UInt8], from address: Address, _ turn: inout Turn)
    throws(WireError) -> Call?
  {
    var reader = ByteReader(datagram)
    let header = try UDPHeader(from: &reader)
    let payload = Array(datagram.dropFirst(UDPHeader.size))
    if header.isRequest {
      let request = try RPCRequest(decoding: payload)
      let call = try answer(request, header.number, from: address, &turn)
      // A ping that was passed on says nothing of who passed it on.
      if let id = request.id, request.forwardResponse == nil {
        consider(id, at: address, &turn)
      }
      return call
    }
    let response = try RPCResponse(decoding: payload)
    let nodes = try settings.encoding.decodeNodes(response.nodes ?? [])
    guard let answered = requests.take(header.number, from: address, &turn) else {
      // Late answers are common and mean nothing.
      return nil
    }
    if let asked = answered.purpose.asked, asked == response.id || asked.isEmpty {
      punctuality.answered(
        Contact(id: asked, address: address), after: answered.time, isCertain: answered.isCertain,
        at: turn.now)
    }
    take(
      response, naming: nodes.filter { $0.address.port > 0 }, to: answered.purpose, from: address,
      &turn)
    return nil
  }

  // MARK: - Asked

  private mutating func answer(
    _ request: RPCRequest, _ number: UInt16, from address: Address, _ turn: inout Turn
  ) throws(WireError) -> Call? {
    switch request.command {
    case RPCRequest.ping:
      if let whom = request.forwardRequest {
        try forward(request, number, to: whom, from: address, &turn)
      } else {
        var asker = address
        if let whom = request.forwardResponse {
          guard let other = settings.encoding.decode(whom), other.port > 0 else {
            throw WireError("an address of another length")
          }
          asker = other
          outcomes.append(.introduced(other, by: address))
        }
        let response = RPCResponse(id: shownID, value: settings.encoding.encode(asker))
        send(response, number, to: asker, &turn)
      }
      return nil
    case RPCRequest.findNode:
      guard let target = request.target else { throw WireError("a request without a target") }
      send(RPCResponse(id: shownID, nodes: nodes(closeTo: target)), number, to: address, &turn)
      return nil
    default:
      guard let target = request.target else { throw WireError("a request without a target") }
      let isUpdate =
        request.token.map { tokens.isValid($0, for: address, command: request.command) } ?? false
      return Call(
        command: request.command, target: target, value: request.value, asker: address,
        isUpdate: isUpdate, number: number)
    }
  }

  /// Answers a call, with a value or without.
  package func answer(_ call: Call, value: [UInt8]?, _ turn: inout Turn) {
    let response = RPCResponse(
      id: shownID, nodes: nodes(closeTo: call.target), value: value,
      token: tokens.token(for: call.asker, command: call.command))
    send(response, call.number, to: call.asker, &turn)
  }

  private mutating func forward(
    _ request: RPCRequest, _ number: UInt16, to whom: [UInt8], from asker: Address,
    _ turn: inout Turn
  ) throws(WireError) {
    guard let address = settings.encoding.decode(whom) else {
      throw WireError("an address of another length")
    }
    var request = request
    request.forwardRequest = nil
    request.forwardResponse = settings.encoding.encode(asker)
    let forwarding = Forwarding(address: address, request: request, number: number)
    if ids[address] != nil {
      forward(forwarding, &turn)
    } else {
      outcomes.append(.stranger(forwarding))
    }
  }

  /// Passes a ping on to somebody the owner knows.
  package func forward(_ forwarding: Forwarding, _ turn: inout Turn) {
    let header = UDPHeader(isRequest: true, number: forwarding.number)
    turn.send(header.datagram(forwarding.request.encoded), to: forwarding.address)
  }

  private func nodes(closeTo target: [UInt8]) -> [UInt8] {
    settings.encoding.encode(closest(to: target).lazy.filter { !punctuality.isSilent($0) })
  }

  private func send(
    _ response: RPCResponse, _ number: UInt16, to address: Address, _ turn: inout Turn
  ) {
    let header = UDPHeader(isRequest: false, number: number)
    turn.send(header.datagram(response.encoded), to: address)
  }

  // MARK: - Answered

  private mutating func take(
    _ response: RPCResponse, naming nodes: [Contact], to purpose: Purpose, from address: Address,
    _ turn: inout Turn
  ) {
    if case .ping(let number) = purpose {
      outcomes.append(.pinged(number, from: address))
      return
    }
    let contact = response.id.map { Contact(id: $0, address: address) }
    if let contact {
      hear(contact, &turn)
    } else if let old = ids[address] {
      // Whoever is there does not want to be known any more.
      remove(old)
    }
    switch purpose {
    case .check(let id, let newcomer):
      checking.remove(address)
      if let id, id != response.id { replace(id, at: address, by: newcomer, now: turn.now) }
    case .ping, .probe, .punch:
      break
    case .ask(let number, let id):
      guard let job = jobs[number], job.updating == nil else { return }
      if let value = response.value {
        outcomes.append(.value(lookup: number, value, from: address))
      }
      if let id {
        // Another one may be there by now.
        if id == response.id {
          jobs[number]?.lookup.answer(id, token: response.token, naming: nodes)
        } else {
          jobs[number]?.lookup.fail(id)
        }
      } else {
        jobs[number]?.lookup.strangers.remove(address)
        if let contact {
          jobs[number]?.lookup.answer(contact, token: response.token, naming: nodes)
        }
      }
      advance(number, &turn)
    case .update(let number, let id):
      finishUpdate(of: number, isTaken: id == response.id, &turn)
    }
  }

  /// Nobody of that ID is there any more.
  mutating func replace(_ id: [UInt8], at address: Address, by newcomer: Contact?, now: Instant) {
    guard table[id]?.address == address else { return }
    remove(id)
    guard let newcomer, ids[newcomer.address] == nil, table[newcomer.id] == nil else { return }
    if case .added = table.add(newcomer.id, Known(address: newcomer.address, heard: now)) {
      ids[newcomer.address] = newcomer.id
    }
  }

  /// A request is late, or has failed.
  mutating func take(_ lapse: UDPRequests<Purpose>.Lapse, _ turn: inout Turn) {
    switch lapse {
    case .late(let purpose, let address):
      guard case .ask(let number, let id?) = purpose, jobs[number]?.updating == nil else { return }
      if let referrer = jobs[number]?.lookup.delay(id) {
        punch(address, through: referrer, &turn)
      }
      advance(number, &turn)
    case .missing(let purpose, let address):
      suspect(purpose, at: address, &turn)
      guard case .ask(let number, let id) = purpose, jobs[number]?.updating == nil else { return }
      if let id {
        jobs[number]?.lookup.disregard(id)
      } else {
        jobs[number]?.lookup.strangers.remove(address)
      }
      advance(number, &turn)
    case .failed(let purpose, let address):
      fail(purpose, at: address, &turn)
    }
  }

  /// Somebody is silent. Where several are at once, all contacts that were not heard meanwhile are
  /// asked, so that not every one of the dead costs a lookup its time.
  private mutating func suspect(_ purpose: Purpose, at address: Address, _ turn: inout Turn) {
    guard let id = purpose.asked, punctuality.miss(Contact(id: id, address: address), at: turn.now)
    else { return }
    silences = silences.filter { $0 + settings.unit > turn.now } + [turn.now]
    guard silences.count == Self.severalSilent else { return }
    let ping = RPCRequest(command: RPCRequest.ping, id: shownID).encoded
    for entry in table.entries where entry.contact.heard + settings.unit * 2 < turn.now {
      let contact = Contact(id: entry.id, address: entry.contact.address)
      guard !punctuality.isSilent(contact) else { continue }
      requests.send(
        ping, to: contact.address, patience: punctuality.patience(with: contact),
        for: .probe(id: contact.id), using: &secrets, &turn)
    }
  }

  private mutating func fail(_ purpose: Purpose, at address: Address, _ turn: inout Turn) {
    switch purpose {
    case .check(let id, let newcomer):
      checking.remove(address)
      if let id { replace(id, at: address, by: newcomer, now: turn.now) }
    case .ping(let number):
      outcomes.append(.silent(number))
    case .probe, .punch:
      break
    case .ask(let number, let id):
      guard let id else { return }
      replace(id, at: address, by: nil, now: turn.now)
      jobs[number]?.lookup.fail(id)
      advance(number, &turn)
    case .update(let number, let id):
      replace(id, at: address, by: nil, now: turn.now)
      finishUpdate(of: number, isTaken: false, &turn)
    }
  }

  /// Pings an address, through somebody who knows it or without. What comes of it is an outcome.
  /// Returns the ping's number; `nil`: too many requests wait.
  package mutating func ping(
    _ address: Address, through referrer: Address? = nil, _ turn: inout Turn
  ) -> UInt64? {
    let whom = referrer == nil ? nil : settings.encoding.encode(address)
    let ping = RPCRequest(command: RPCRequest.ping, id: shownID, forwardRequest: whom)
    let number = requests.send(
      ping.encoded, to: referrer ?? address, answeredBy: address, takesAnyPort: referrer != nil,
      for: .ping(lastPing + 1), using: &secrets, &turn)
    guard number != nil else { return nil }
    lastPing += 1
    return lastPing
  }

  /// Asks who named a node to make it send something here: where both are behind NATs, what each
  /// sends opens the way for what the other does, and the request that is still waiting gets through.
  private mutating func punch(_ address: Address, through referrer: Address, _ turn: inout Turn) {
    let ping = RPCRequest(
      command: RPCRequest.ping, id: shownID, forwardRequest: settings.encoding.encode(address))
    requests.send(
      ping.encoded, to: referrer, answeredBy: address, for: .punch, using: &secrets, &turn)
  }
}

extension DHTRPC.Purpose {
  /// Whose answer is waited for: an ID, an empty one for an address to join by. `nil`: of whoever
  /// is there nothing is learned.
  fileprivate var asked: [UInt8]? {
    switch self {
    case .check(let id, _): id
    case .ask(_, let id): id ?? []
    case .probe(let id), .update(_, let id): id
    case .ping, .punch: nil
    }
  }
}
