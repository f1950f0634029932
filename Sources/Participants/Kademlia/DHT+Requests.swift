package import Participants
import Wire

extension DHT {
  /// A datagram arrived.
  package mutating func receive(_ datagram: [UInt8], from address: Address, _ turn: inout Turn) {
    do throws(WireError) {
      switch try RPCMessage(decoding: datagram) {
      case .request(let message, let call):
        guard call.sender != own else { throw WireError("it claims our own ID") }
        let result = answer(call, from: address, &turn)
        turn.send(RPCMessage.response(message, result).encoded, to: address)
        hear(call.sender, at: address, &turn)
      case .response(let message, let result):
        // Late answers are common and mean nothing.
        guard let request = requests.take(message) else { return }
        take(result, of: request, from: address, &turn)
      }
    } catch {
      guard let count = repeats.count(KademliaEvents.rejected, error.description) else { return }
      turn.log(
        KademliaEvents.rejected, peer: address,
        ["reason": error.description, "bytes": datagram.count, "count": count])
    }
  }

  // MARK: - Asked

  private mutating func answer(
    _ call: RPCCall, from address: Address, _ turn: inout Turn
  ) -> RPCResult {
    switch call {
    case .ping:
      return .other(.binary(own.bytes))
    case .findNode(let sender, let key):
      return .contacts(named(closeTo: key, for: sender))
    case .findValue(let sender, let key):
      let value = settings.givesValues ? storage[key] : nil
      return value.map(RPCResult.value) ?? .contacts(named(closeTo: key, for: sender))
    case .store(_, let key, let value):
      return .other(.flag(take(value, for: key, from: address, &turn)))
    }
  }

  private func named(closeTo key: NodeID, for asker: NodeID) -> [NamedContact] {
    let contacts =
      settings.answersClosest
      ? table.closest(to: key, settings.k, excluding: asker)
      : Array(
        table.closest(to: own, table.count, excluding: asker)
          .filter { key.distance(to: $0.id) < key.distance(to: own) }.prefix(1))
    return contacts.map { NamedContact(id: $0.id, address: $0.address) }
  }

  // MARK: - Asking

  /// Sends a request. False: too many wait for an answer.
  mutating func ask(
    _ call: RPCCall, of address: Address, id: NodeID?, for purpose: RequestPurpose,
    _ turn: inout Turn
  ) -> Bool {
    guard requests.count < settings.maxRequests else { return false }
    let message = RPCMessage.MessageID.random(using: &turn.random)
    let isFirst = requests.nextDeadline == nil
    let deadline = turn.now + settings.rpcTimeout
    requests.add(
      Request(call: call.name, address: address, id: id, purpose: purpose), message,
      deadline: deadline)
    if isFirst { setRequestTimer(at: deadline, &turn) }
    turn.send(RPCMessage.request(message, call).encoded, to: address)
    return true
  }

  /// Pings an address, unless it is the own one or a ping to it is under way.
  mutating func ping(
    _ address: Address, id: NodeID? = nil, isBootstrap: Bool = false, _ turn: inout Turn
  ) {
    guard address != self.address, !pinged.contains(address) else { return }
    let isSent = ask(
      .ping(sender: own), of: address, id: id, for: .ping(isBootstrap: isBootstrap), &turn)
    if isSent { pinged.insert(address) }
  }

  private mutating func take(
    _ result: RPCResult, of request: Request, from address: Address, _ turn: inout Turn
  ) {
    switch request.purpose {
    case .ping(let isBootstrap):
      pinged.remove(request.address)
      guard let id = result.id else { return }
      identify(id, at: address, isBootstrap, &turn)
    case .lookup(let number):
      succeed(request, &turn)
      takeAnswer(result, from: request.id, for: number, &turn)
    case .store(let publication):
      succeed(request, &turn)
      settle(publication, isStored: result == .other(.flag(true)), &turn)
    }
  }

  /// The time of some requests is up.
  mutating func giveUpRequests(_ turn: inout Turn) {
    while let request = requests.takeLate(at: turn.now) {
      changes.logEach(
        Event(KademliaEvents.unanswered, peer: request.address, ["call": request.call]),
        per: request.address, &turn)
      switch request.purpose {
      case .ping:
        pinged.remove(request.address)
      case .lookup(let number):
        if let id = request.id { lookups[number]?.lookup.fail(id) }
        advance(number, &turn)
      case .store(let publication):
        settle(publication, isStored: false, &turn)
      }
      fail(request, &turn)
    }
    if let next = requests.nextDeadline { setRequestTimer(at: next, &turn) }
    if table.isEmpty { retryJoin(&turn) }
  }
}
