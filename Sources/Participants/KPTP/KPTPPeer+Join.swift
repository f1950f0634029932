import Participants

extension KPTPPeer {
  /// Dials a bootstrap address: the first, and the next one with each failure.
  mutating func join(at now: Instant, emit: inout Effects) {
    guard !settings.bootstrap.isEmpty, !isJoining else { return }
    let server = settings.bootstrap[failedJoins % settings.bootstrap.count]
    emit.log(Event(KPTPEvents.joinAttempted, peer: server))
    let id = emit.connect(to: server, from: .listening)
    conversations[id] = Conversation(subject: .joining(server))
    // An original answers the request at once, or is only seen to welcome, later.
    emit.setTimer(
      key(.conversation, id.number), at: now + settings.welcomeDelay + settings.heartbeatTimeout)
  }

  private var isJoining: Bool {
    conversations.values.contains {
      if case .joining = $0.subject { true } else { false }
    }
  }

  /// The answer to the request, or the welcome that follows: an original records who joined only
  /// when it has sent that, so the connection stays until then.
  mutating func takeTable(
    _ message: KPTPMessage, of server: Address, on id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    emit.log(
      Event(
        KPTPEvents.joinWelcomed, peer: server,
        ["type": .integer(Int64(message.type)), "peers": .integer(Int64(message.peers.count))]))
    failedJoins = 0
    if message.kind == .welcome { end(id, emit: &emit) }
    if let server = Endpoint(server) { meet(server, at: now, emit: &emit) }
    consider(message.peers, at: now, emit: &emit)
    guard !hasJoined else { return }
    hasJoined = true
    startLookup(of: own.id, for: .refresh, at: now, emit: &emit)
  }

  /// A join's connection ended: tries again where it brought nothing.
  mutating func joinEnded(
    _ server: Address, _ reason: String, at now: Instant, emit: inout Effects
  ) {
    guard table.entries.isEmpty else { return }
    emit.log(Event(KPTPEvents.joinFailed, peer: server, ["reason": .text(reason)]))
    failedJoins += 1
    let wait = settings.helloInterval * (1 << min(failedJoins - 1, 16))
    emit.setTimer(key(.join), at: now + min(wait, settings.heartbeatInterval))
  }
}
