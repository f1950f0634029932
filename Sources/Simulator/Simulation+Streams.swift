import Faults
import Participants
import Topology

/// One end of a connection, with the stream that flows towards it.
struct StreamEnd {
  let connection: ConnectionID
  let node: Int32
  /// The node at the other end.
  let remote: Int32
  /// The other end; -1 before it is there and after it is gone.
  var other: Int32 = -1
  var generation: UInt32
  /// What was written and has not arrived: the first and the last piece; -1 without any.
  var first: Int32 = -1
  var last: Int32 = -1
  /// Of all these pieces together.
  var bytes: Int32 = 0
  /// Arrivals that are planned.
  var planned: Int32 = 0
  /// When the last piece is due: later ones never overtake it.
  var lastArrival: Int64 = 0
  /// The stream ends after the pieces, for this reason.
  var ending: CloseReason?
  var isParked = false
  /// The port that this side dialled from.
  var port = LocalPort.any
  /// Whether it dialled from the second of its addresses.
  var isFromOther = false
  /// Whether the other side wants to know when everything has arrived.
  var tellsDrain = false
  /// Attempts to dial that the network swallowed.
  var attempts: UInt8 = 0
  /// Whether this side may hear the other: the dialling side not before its answer.
  var isAnswered: Bool
}

/// Some of a stream that is under way.
struct Piece {
  var bytes: [UInt8]
  /// The piece behind it; -1 for the last.
  var next: Int32 = -1
}

extension Simulation {
  /// What both kernels and the sender's driver hold of a stream that nobody reads. Beyond it the
  /// sender's driver gives up, as the live one does.
  static let backlogLimit = 12 * 1_024 * 1_024
  /// Linux takes the ports of connections from here on (ip_local_port_range).
  private static let firstFreePort: UInt16 = 32_768

  // MARK: - Dialling

  mutating func dial(
    _ id: ConnectionID, from node: Int, _ port: LocalPort, to address: Address
  ) {
    let end = makeEnd(
      Int32(node), id, remote: self.node(at: address, from: node) ?? -1, isAnswered: false)
    streams[Int(end)].port = port
    streams[Int(end)].isFromOther =
      nodes[node].host(towards: address.host) != nodes[node].address.host
    nodes[node].ends[id] = end
    planDial(end)
  }

  private mutating func makeEnd(
    _ node: Int32, _ id: ConnectionID, remote: Int32, isAnswered: Bool
  ) -> Int32 {
    if let index = freeStreams.popLast() {
      streams[Int(index)] = StreamEnd(
        connection: id, node: node, remote: remote, generation: streams[Int(index)].generation,
        isAnswered: isAnswered)
      return index
    }
    streams.append(
      StreamEnd(connection: id, node: node, remote: remote, generation: 0, isAnswered: isAnswered))
    return Int32(streams.count - 1)
  }

  private mutating func planDial(_ end: Int32) {
    let from = streams[Int(end)].node
    let delay = conditions.latency(from: from, to: streams[Int(end)].remote, using: &random)
    queue.plan(.dial, end, generation: streams[Int(end)].generation, at: now + delay)
  }

  /// The attempt reaches the other machine, if the network lets it.
  mutating func dialArrives(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    let (from, to) = (streams[Int(end)].node, streams[Int(end)].remote)
    if to >= 0, conditions.isCut(from: from, to: to) || conditions.isCut(from: to, to: from) {
      streams[Int(end)].attempts += 1
      let attempt = Int(streams[Int(end)].attempts)
      if let wait = DialAttempts.wait(after: attempt) {
        queue.plan(.dial, end, generation: generation, at: now + wait.count)
      } else {
        fail(end, .unreachable)
      }
      return
    }
    if to >= 0, nodes[Int(to)].state != .down {
      // The kernel answers, even for a process that is frozen.
      let node = Int(to)
      nodes[node].lastConnection += 1
      let id = ConnectionID(nodes[node].lastConnection)
      let other = makeEnd(to, id, remote: from, isAnswered: true)
      streams[Int(other)].other = end
      streams[Int(end)].other = other
      nodes[node].ends[id] = other
      deliver(.accepted(id, from: source(of: end)), to: node)
    }
    let delay = conditions.latency(from: to, to: from, using: &random)
    let at = max(now + delay, streams[Int(end)].lastArrival)
    streams[Int(end)].lastArrival = at
    queue.plan(.answer, end, generation: generation, at: at)
  }

  /// What the other side sees of the side that dialled.
  private func source(of end: Int32) -> Address {
    let (from, to) = (Int(streams[Int(end)].node), Int(streams[Int(end)].remote))
    let nat = nodes[from].nat
    let isTranslated = nat >= 0 && nat != nodes[to].nat
    let other = streams[Int(end)].isFromOther ? nodes[from].also : nil
    let own = other ?? nodes[from].address
    let host = isTranslated ? nats[Int(nat)].host : own.host
    switch streams[Int(end)].port {
    case .listening where !isTranslated: return own
    case .any, .listening:
      return Address(
        host: host,
        port: Self.firstFreePort + UInt16(end % Int32(UInt16.max - Self.firstFreePort)))
    }
  }

  mutating func dialAnswered(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    let node = Int(streams[Int(end)].node)
    if streams[Int(end)].other >= 0 || streams[Int(end)].ending != nil {
      streams[Int(end)].isAnswered = true
      deliver(.connected(streams[Int(end)].connection), to: node)
      if streams[Int(end)].generation == generation { planArrivalIfWaiting(end) }
    } else {
      fail(end, .refused)
    }
  }

  private mutating func fail(_ end: Int32, _ reason: CloseReason) {
    let node = Int(streams[Int(end)].node)
    let id = streams[Int(end)].connection
    nodes[node].ends.removeValue(forKey: id)
    release(end)
    deliver(.closed(id, reason), to: node)
  }

  private mutating func release(_ end: Int32) {
    let other = streams[Int(end)].other
    if other >= 0 { streams[Int(other)].other = -1 }
    streams[Int(end)].generation &+= 1
    while streams[Int(end)].first >= 0 { _ = takeFirstPiece(end) }
    streams[Int(end)].other = -1
    // Nothing may come of it any more: it may be in the list of those that wait for a partition.
    streams[Int(end)].isParked = false
    freeStreams.append(end)
  }

  // MARK: - Streams

  mutating func write(_ bytes: [UInt8], to id: ConnectionID, of node: Int) {
    guard let end = nodes[node].ends[id], !bytes.isEmpty else { return }
    let other = streams[Int(end)].other
    guard other >= 0, streams[Int(other)].ending == nil else { return }
    streams[Int(other)].bytes += Int32(bytes.count)
    let isBacklogged = streams[Int(other)].bytes > Self.backlogLimit
    if isBacklogged || conditions.resets(using: &random) {
      nodes[node].ends.removeValue(forKey: id)
      self.end(of: other, .reset)
      release(end)
      // The one who writes hears of it from its own system, a moment later.
      let slot = breaks.add((Int32(node), id, isBacklogged ? .backlogged : .reset))
      queue.plan(.breaking, slot.index, generation: slot.generation, at: now)
      return
    }
    append(Piece(bytes: bytes), to: other)
    let remote = streams[Int(end)].remote
    let sent = transmit(bytes.count, from: node, to: Int(remote))
    let way = NetworkConditions.Way(from: Int32(node), to: remote, isStream: true)
    planArrival(
      other, sentAt: conditions.departure(of: bytes.count, by: way, at: sent) ?? sent)
  }

  /// When the last of so many bytes has arrived but for its latency, where bandwidth is limited.
  private mutating func transmit(_ bytes: Int, from: Int, to: Int) -> Int64 {
    guard let bandwidth = conditions.model.bandwidth else { return now }
    let takes = Int64(bytes) * 1_000_000 / bandwidth
    nodes[from].sendsFrom = max(now, nodes[from].sendsFrom) + takes
    nodes[to].receivesFrom = max(nodes[from].sendsFrom, nodes[to].receivesFrom + takes)
    return nodes[to].receivesFrom
  }

  /// The side that writes learns when everything has arrived.
  mutating func awaitDrain(_ id: ConnectionID, of node: Int) {
    guard let end = nodes[node].ends[id] else { return }
    let other = streams[Int(end)].other
    guard other >= 0 else { return }
    streams[Int(other)].tellsDrain = true
    if streams[Int(other)].bytes == 0 { planDrained(end, after: other) }
  }

  private mutating func planDrained(_ end: Int32, after other: Int32) {
    streams[Int(other)].tellsDrain = false
    guard end >= 0 else { return }
    let (from, to) = (streams[Int(other)].node, streams[Int(end)].node)
    let delay = conditions.latency(from: from, to: to, using: &random)
    queue.plan(.drained, end, generation: streams[Int(end)].generation, at: now + delay)
  }

  mutating func drained(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    deliver(.drained(streams[Int(end)].connection), to: Int(streams[Int(end)].node))
  }

  /// One side closes: the other learns it after everything that was sent before.
  mutating func close(_ id: ConnectionID, of node: Int) {
    guard let end = nodes[node].ends.removeValue(forKey: id) else { return }
    let other = streams[Int(end)].other
    if other >= 0 { self.end(of: other, .ended) }
    release(end)
  }

  private mutating func end(of other: Int32, _ reason: CloseReason) {
    guard streams[Int(other)].ending == nil else { return }
    streams[Int(other)].ending = reason
    planArrival(other, sentAt: now)
  }

  private mutating func planArrival(_ end: Int32, sentAt: Int64) {
    let (from, to) = (streams[Int(end)].remote, streams[Int(end)].node)
    let delay = conditions.streamLatency(from: from, to: to, using: &random)
    let at = max(sentAt + delay, streams[Int(end)].lastArrival)
    streams[Int(end)].lastArrival = at
    streams[Int(end)].planned += 1
    queue.plan(.arrival, end, generation: streams[Int(end)].generation, at: at)
  }

  /// Some of a stream arrives: one piece, or, cut at random, a part of it or more than one.
  mutating func arrive(at end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    streams[Int(end)].planned -= 1
    let (from, to) = (streams[Int(end)].remote, streams[Int(end)].node)
    if conditions.isCut(from: from, to: to) {
      if !streams[Int(end)].isParked {
        streams[Int(end)].isParked = true
        parked.append(end)
      }
      return
    }
    guard streams[Int(end)].isAnswered else { return }
    let id = streams[Int(end)].connection
    let node = Int(to)
    if streams[Int(end)].first >= 0 {
      let bytes = takePiece(end)
      if streams[Int(end)].bytes == 0, streams[Int(end)].tellsDrain {
        planDrained(streams[Int(end)].other, after: end)
      }
      deliver(.received(id, bytes), to: node)
      guard streams[Int(end)].generation == generation else { return }
      planArrivalIfWaiting(end)
    } else if let reason = streams[Int(end)].ending {
      nodes[node].ends.removeValue(forKey: id)
      release(end)
      deliver(.closed(id, reason), to: node)
    }
  }

  /// Whatever is left over from pieces that were cut gets its own arrival.
  private mutating func planArrivalIfWaiting(_ end: Int32) {
    let index = Int(end)
    guard streams[index].planned == 0, !streams[index].isParked,
      streams[index].first >= 0 || streams[index].ending != nil
    else { return }
    planArrival(end, sentAt: now)
  }

  /// What arrives now of the pieces that are under way.
  private mutating func takePiece(_ end: Int32) -> [UInt8] {
    let first = Int(streams[Int(end)].first)
    switch conditions.cut(pieces[first].bytes.count, using: &random) {
    case .whole: return takeFirstPiece(end)
    case .first(let count):
      let bytes = pieces[first].bytes
      pieces[first].bytes = Array(bytes[count...])
      streams[Int(end)].bytes -= Int32(count)
      return Array(bytes[..<count])
    case .more:
      let bytes = takeFirstPiece(end)
      return streams[Int(end)].first < 0 ? bytes : bytes + takeFirstPiece(end)
    }
  }

  private mutating func append(_ piece: Piece, to end: Int32) {
    let index: Int32
    if let free = freePieces.popLast() {
      index = free
      pieces[Int(index)] = piece
    } else {
      index = Int32(pieces.count)
      pieces.append(piece)
    }
    if streams[Int(end)].first < 0 {
      streams[Int(end)].first = index
    } else {
      pieces[Int(streams[Int(end)].last)].next = index
    }
    streams[Int(end)].last = index
  }

  private mutating func takeFirstPiece(_ end: Int32) -> [UInt8] {
    let first = streams[Int(end)].first
    let piece = pieces[Int(first)]
    pieces[Int(first)].bytes = []
    freePieces.append(first)
    streams[Int(end)].first = piece.next
    streams[Int(end)].bytes -= Int32(piece.bytes.count)
    return piece.bytes
  }

  /// A partition has healed: what waited for it is sent again.
  mutating func unpark() {
    let waiting = parked
    parked = []
    for end in waiting where streams[Int(end)].isParked {
      streams[Int(end)].isParked = false
      planArrivalIfWaiting(end)
    }
  }
}
