import Participants

extension KPTPPeer {
  /// Of so many rounds, one asks a bootstrap address too: what was cut in two grows together again,
  /// and a first peer that started anew is found.
  static let roundsPerBootstrap = 8

  /// Time to send a heartbeat to everyone in the table.
  mutating func beginRound(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    emit.setTimer(key(.round), at: now + settings.heartbeatInterval)
    let waiting = conversations.values.compactMap { conversation -> Endpoint? in
      if case .asking(let peer, .heartbeat) = conversation.subject { peer } else { nil }
    }
    for entry in table.entries where !waiting.contains(entry.endpoint) {
      guard ask(entry.endpoint, .heartbeat, at: now, emit: &emit) else { break }
      emit.log(Event(KPTPEvents.heartbeatSent, peer: entry.endpoint.address))
    }
    logSnapshot(emit: &emit)
    if table.entries.isEmpty {
      join(at: now, emit: &emit)
    } else {
      let asksBootstrap = Int.random(in: 0..<Self.roundsPerBootstrap, using: &random) == 0
      refresh(asking: asksBootstrap ? bootstrapPeer(using: &random) : nil, at: now, emit: &emit)
    }
    rounds += 1
  }

  private func bootstrapPeer(using random: inout SeededGenerator) -> Endpoint? {
    settings.bootstrap.randomElement(using: &random).flatMap { Endpoint($0) }
  }

  private func logSnapshot(emit: inout Effects) {
    let prefixes = Set(table.entries.map { table.prefix(of: $0.id) }).sorted()
    let buckets = prefixes.map { prefix in
      let peers = table.bucket(prefix).map { $0.endpoint.address.description }
      return (name: String(prefix), value: Event.Value.text(peers.joined(separator: " ")))
    }
    emit.log(
      Event(
        KPTPEvents.tableSnapshot,
        ["count": .integer(Int64(table.entries.count)), "buckets": .object(buckets)]))
  }

  mutating func answered(
    _ message: KPTPMessage, by peer: Endpoint, at now: Instant, emit: inout Effects
  ) {
    emit.log(
      Event(
        KPTPEvents.heartbeatAnswered, peer: peer.address,
        ["peers": .integer(Int64(message.peers.count))]))
    answers += 1
    if answers == settings.forgetAfter { drop(peer, because: "forgotten", at: now, emit: &emit) }
  }

  mutating func missed(
    _ peer: Endpoint, _ reason: Silence, at now: Instant, emit: inout Effects
  ) {
    // What this machine could not do says nothing about the other.
    if case .closed(.failed) = reason { return }
    guard let misses = table.miss(peer) else { return }
    emit.log(
      Event(
        KPTPEvents.heartbeatMissed, peer: peer.address,
        ["misses": .integer(Int64(misses)), "reason": .text(reason.word)]))
    guard misses >= settings.heartbeatMisses, settings.removesDead else { return }
    avoid(peer, at: now)
    drop(peer, because: "silent", at: now, emit: &emit)
  }

  private mutating func drop(
    _ peer: Endpoint, because reason: String, at now: Instant, emit: inout Effects
  ) {
    guard let entry = table.remove(peer) else { return }
    let prefix = table.prefix(of: entry.id)
    vacated.insert(prefix)
    changes.log(
      Event(
        KPTPEvents.entryRemoved, peer: peer.address,
        [
          "id": .text(entry.id.description), "prefix": .integer(Int64(prefix)),
          "reason": .text(reason),
        ]), per: peer.address, at: now, emit: &emit)
  }
}
