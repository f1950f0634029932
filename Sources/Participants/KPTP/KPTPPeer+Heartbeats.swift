import Participants

extension KPTPPeer {
  /// Of so many rounds, one asks a bootstrap address too: what was cut in two grows together again,
  /// and a first peer that started anew is found.
  static let roundsPerBootstrap = 8

  /// Time to send a heartbeat to everyone in the table.
  mutating func beginRound(_ turn: inout Turn) {
    turn.setTimer(Timer.round, at: turn.now + settings.heartbeatInterval)
    let waiting = conversations.values.compactMap { conversation -> Endpoint? in
      if case .asking(let peer, .heartbeat) = conversation.subject { peer } else { nil }
    }
    for entry in table.entries where !waiting.contains(entry.endpoint) {
      guard ask(entry.endpoint, .heartbeat, &turn) else { break }
      turn.log(KPTPEvents.heartbeatSent, peer: entry.endpoint.address)
    }
    logSnapshot(&turn)
    if table.entries.isEmpty {
      join(&turn)
    } else {
      let asksBootstrap = Int.random(in: 0..<Self.roundsPerBootstrap, using: &turn.random) == 0
      refresh(asking: asksBootstrap ? bootstrapPeer(using: &turn.random) : nil, &turn)
    }
    rounds += 1
  }

  private func bootstrapPeer(using random: inout SeededGenerator) -> Endpoint? {
    settings.bootstrap.randomElement(using: &random).flatMap { Endpoint($0) }
  }

  private func logSnapshot(_ turn: inout Turn) {
    let prefixes = Set(table.entries.map { table.prefix(of: $0.id) }).sorted()
    let buckets = prefixes.map { prefix in
      let peers = table.bucket(prefix).map { $0.endpoint.address.description }
      return (name: String(prefix), value: Event.Value.text(peers.joined(separator: " ")))
    }
    turn.log(
      KPTPEvents.tableSnapshot,
      ["count": table.entries.count, "buckets": Event.Value.object(buckets)])
  }

  mutating func answered(_ message: KPTPMessage, by peer: Endpoint, _ turn: inout Turn) {
    turn.log(KPTPEvents.heartbeatAnswered, peer: peer.address, ["peers": message.peers.count])
    answers += 1
    if answers == settings.forgetAfter { drop(peer, because: "forgotten", &turn) }
  }

  mutating func missed(_ peer: Endpoint, _ reason: Silence, _ turn: inout Turn) {
    // What this machine could not do says nothing about the other.
    if case .closed(.failed) = reason { return }
    guard let misses = table.miss(peer) else { return }
    turn.log(
      KPTPEvents.heartbeatMissed, peer: peer.address, ["misses": misses, "reason": reason.word])
    guard misses >= settings.heartbeatMisses, settings.removesDead else { return }
    avoid(peer, at: turn.now)
    drop(peer, because: "silent", &turn)
  }

  private mutating func drop(_ peer: Endpoint, because reason: String, _ turn: inout Turn) {
    guard let entry = table.remove(peer) else { return }
    let prefix = table.prefix(of: entry.id)
    vacated.insert(prefix)
    changes.logEach(
      Event(
        KPTPEvents.entryRemoved, peer: peer.address,
        ["id": entry.id, "prefix": prefix, "reason": reason]), per: peer.address, &turn)
  }
}
