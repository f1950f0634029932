import Participants

extension KPTPPeer {
  /// Dials a bootstrap address: the first, and the next one with each failure.
  mutating func join(_ turn: inout Turn) {
    guard !settings.bootstrap.isEmpty, !isJoining else { return }
    let server = settings.bootstrap[failedJoins % settings.bootstrap.count]
    turn.log(KPTPEvents.joinAttempted, peer: server)
    let id = turn.connect(to: server, from: .listening)
    conversations[id] = Conversation(subject: .joining(server))
    // An original answers the request at once, or is only seen to welcome, later.
    turn.setTimer(
      Timer.conversation, id.number,
      at: turn.now + settings.welcomeDelay + settings.heartbeatTimeout)
  }

  private var isJoining: Bool {
    conversations.values.contains {
      if case .joining = $0.subject { true } else { false }
    }
  }

  /// The answer to the request, or the welcome that follows: an original records who joined only
  /// when it has sent that, so the connection stays until then.
  mutating func takeTable(
    _ message: KPTPMessage, of server: Address, on id: ConnectionID, _ turn: inout Turn
  ) {
    turn.log(
      KPTPEvents.joinWelcomed, peer: server, ["type": message.type, "peers": message.peers.count])
    failedJoins = 0
    if message.kind == .welcome { end(id, &turn) }
    if let server = Endpoint(server) { meet(server, &turn) }
    consider(message.peers, &turn)
    guard !hasJoined else { return }
    hasJoined = true
    startLookup(of: own.id, for: .refresh, &turn)
  }

  /// A join's connection ended: tries again where it brought nothing.
  mutating func joinEnded(_ server: Address, _ reason: String, _ turn: inout Turn) {
    guard table.entries.isEmpty else { return }
    turn.log(KPTPEvents.joinFailed, peer: server, ["reason": reason])
    failedJoins += 1
    let wait = settings.helloInterval * (1 << min(failedJoins - 1, 16))
    turn.setTimer(Timer.join, at: turn.now + min(wait, settings.heartbeatInterval))
  }
}
