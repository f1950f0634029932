package import Participants
import Wire

/// Finds peers by key: a ``DHTRPC`` whose nodes keep, for the keys close to them, who announced that
/// they are there.
///
/// After `hyperdht` 1 for Node.js and its Go port. Like ``DHTRPC`` it is no participant but a part of
/// one: its owner hands it datagrams and its timers, starts lookups and announcements, and takes what
/// came of them.
package struct HyperDHT: Sendable {
  private enum Timer: UInt8, TimerPurpose {
    case expiry
  }

  /// How often it is looked whose time is up, in parts of their lifetime.
  private static let expiriesPerLifetime: Int64 = 8

  package enum Outcome: Sendable {
    case joined
    /// Peers of a key that is being looked up; the same may come several times. `local` are those in
    /// the own network, `keeper` is the node that named them.
    case peers(lookup: UInt64, [Address], local: [Address], keeper: Address)
    /// A lookup ended, or an announcement or its withdrawal, which `updated` nodes took.
    case finished(lookup: UInt64, Lookup, updated: Int)
  }

  package private(set) var rpc: DHTRPC
  package private(set) var announcements: Announcements
  private var punches: HolePunches
  /// In the node's own network, encoded for IPv4.
  private let local: [UInt8]?
  /// Of what strangers do again and again.
  private var repeats = Tally()
  /// Of announcements.
  private var changes = Tally(different: 65_536, sparing: 64)

  package init(
    settings: DHTRPC.Settings, bootstrap: [Address], limits: Announcements.Limits,
    punches: HolePunches.Settings = HolePunches.Settings(), localAddress: Address? = nil,
    secret: [UInt8]
  ) {
    rpc = DHTRPC(settings: settings, bootstrap: bootstrap, secret: secret)
    announcements = Announcements(limits: limits)
    self.punches = HolePunches(settings: punches)
    local = localAddress.flatMap { IPEncoding.ipv4.encode($0) }
  }

  /// Begins, once, when the node listens.
  package mutating func start(_ turn: inout Turn) {
    rpc.start(&turn)
    turn.setTimer(Timer.expiry, at: turn.now + expiryInterval)
  }

  private var expiryInterval: Microseconds {
    Microseconds(max(1_000, announcements.limits.lifetime.count / Self.expiriesPerLifetime))
  }

  /// A timer is due. Another's changes nothing.
  package mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    rpc.fire(key, &turn)
    punches.fire(key, over: &rpc, &turn)
    if Timer(key) == .expiry { expire(key, &turn) }
  }

  private mutating func expire(_ key: TimerKey, _ turn: inout Turn) {
    turn.setTimer(key, at: turn.now + expiryInterval)
    for gone in announcements.expire(at: turn.now) {
      changes.logEach(
        HyperDHTEvents.removed(gone.key, gone.peer, sender: gone.sender, "expired"),
        per: Self.name(gone.key, gone.peer), &turn)
    }
  }

  /// A datagram arrived.
  package mutating func receive(_ datagram: [UInt8], from address: Address, _ turn: inout Turn) {
    do throws(WireError) {
      let call = try rpc.receive(datagram, from: address, &turn)
      punches.hear(address, &turn)
      guard let call else { return }
      // Its sender is told who is closer, whatever it wants of this node.
      let request: PeerRequest?
      do throws(WireError) { request = try self.request(in: call) } catch {
        request = nil
        reject(error, datagram, from: address, &turn)
      }
      let value = request.flatMap {
        answer($0, of: call, &turn)
      }
      rpc.answer(call, value: value, &turn)
    } catch {
      reject(error, datagram, from: address, &turn)
    }
  }

  private mutating func reject(
    _ error: WireError, _ datagram: [UInt8], from address: Address, _ turn: inout Turn
  ) {
    guard let count = repeats.count(HyperDHTEvents.rejected, error.description) else { return }
    turn.log(
      HyperDHTEvents.rejected, peer: address,
      ["reason": error.description, "bytes": datagram.count, "count": count])
  }

  /// `nil`: a command that is not known.
  private func request(in call: DHTRPC.Call) throws(WireError) -> PeerRequest? {
    guard call.command == PeerRequest.command, let value = call.value else { return nil }
    return try PeerRequest(decoding: value)
  }

  /// The value that goes with the answer: other peers of the key, as the originals give them to
  /// whoever asks, but for who takes an announcement back.
  private mutating func answer(
    _ request: PeerRequest, of call: DHTRPC.Call, _ turn: inout Turn
  ) -> [UInt8]? {
    var peer = call.asker
    if let port = request.port, port > 0 { peer.port = port }
    // Without a token it is the first round, which asks for one.
    switch request.kind {
    case .announce where call.isUpdate:
      announce(call, peer, local: request.localAddress, &turn)
    case .unannounce where call.isUpdate:
      if announcements.remove(call.target, peer, from: call.asker) {
        changes.logEach(
          HyperDHTEvents.removed(call.target, peer, sender: call.asker, "unannounced"),
          per: Self.name(call.target, peer), &turn)
      } else {
        refuse("nothing of the sender's", from: call.asker, &turn)
      }
      return nil
    case .lookup, .announce, .unannounce:
      break
    }
    return announcements.answer(
      call.target, to: call.asker, announcing: peer, local: request.localAddress,
      encoding: rpc.settings.encoding, at: turn.now, using: &turn.random)?.encoded
  }

  private mutating func announce(
    _ call: DHTRPC.Call, _ peer: Address, local: [UInt8]?, _ turn: inout Turn
  ) {
    switch announcements.add(call.target, peer, from: call.asker, local: local, at: turn.now) {
    case .new:
      changes.logEach(
        HyperDHTEvents.stored(call.target, peer, sender: call.asker),
        per: Self.name(call.target, peer), &turn)
    case .known: break
    case .refused(let reason): refuse(reason, from: call.asker, &turn)
    }
  }

  /// Tells an announcement apart from all others.
  private static func name(_ key: [UInt8], _ peer: Address) -> [UInt8] {
    key + peer.description.utf8
  }

  private mutating func refuse(_ reason: String, from address: Address, _ turn: inout Turn) {
    guard let count = repeats.count(HyperDHTEvents.refused, reason) else { return }
    turn.log(HyperDHTEvents.refused, peer: address, ["reason": reason, "count": count])
  }

  // MARK: - Asking

  /// Looks a key up, announces it, or takes that back. Returns the lookup's number; `nil`: too many
  /// are under way.
  ///
  /// - Parameter port: the announced peer's; 0: the node's own.
  package mutating func ask(
    _ kind: PeerRequest.Kind, _ key: [UInt8], port: UInt16 = 0, _ turn: inout Turn
  ) -> UInt64? {
    let request = PeerRequest(kind, port: port, localAddress: kind == .unannounce ? nil : local)
    return rpc.lookUp(
      PeerRequest.command, key, value: request.encoded, isUpdate: kind != .lookup, &turn)
  }

  /// Opens a way to a peer of a key, and exchanges some datagrams over it; events tell how it goes.
  /// False: too many are being opened or used.
  ///
  /// - Parameter referrer: who named the peer.
  package mutating func punch(
    _ peer: Address, through referrer: Address, _ turn: inout Turn
  ) -> Bool {
    punches.open(to: peer, through: referrer, over: &rpc, &turn)
  }

  /// What came of something since the last call, oldest first.
  package mutating func takeOutcomes(_ turn: inout Turn) -> [Outcome] {
    var outcomes: [Outcome] = []
    for outcome in rpc.takeOutcomes() {
      switch outcome {
      case .joined:
        outcomes.append(.joined)
      case .finished(let number, let lookup, let updated):
        outcomes.append(.finished(lookup: number, lookup, updated: updated))
      case .value(let number, let value, let keeper):
        if let peers = peers(in: value, of: number, from: keeper) { outcomes.append(peers) }
      case .pinged(let ping, let address):
        punches.answered(ping, from: address, over: &rpc, &turn)
      case .silent(let ping):
        punches.failed(ping, &turn)
      case .introduced(let asker, let referrer):
        punches.introduce(asker, by: referrer, &turn)
      case .stranger(let forwarding):
        // Who announces itself here may be behind a NAT that lets nobody else through.
        if announcements.isSender(forwarding.address) { rpc.forward(forwarding, &turn) }
      }
    }
    return outcomes
  }

  /// `nil`: the value makes no sense.
  private func peers(in value: [UInt8], of number: UInt64, from keeper: Address) -> Outcome? {
    guard let response = try? PeerResponse(decoding: value),
      let peers = try? rpc.settings.encoding.decodeList(response.peers)
    else { return nil }
    let near = stride(
      from: 0, to: response.localPeers.count, by: PeerResponse.localSize
    ).compactMap { index in
      local.flatMap {
        IPEncoding.ipv4.decode(
          $0.prefix(2) + response.localPeers[index..<index + PeerResponse.localSize])
      }
    }
    return .peers(lookup: number, peers.filter { $0.port > 0 }, local: near, keeper: keeper)
  }
}
