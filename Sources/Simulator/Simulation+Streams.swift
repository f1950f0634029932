import Participants

/// One end of a connection, with the stream that flows towards it.
struct StreamEnd {
  let node: Int32
  let connection: ConnectionID
  /// The node at the other end.
  let remote: Int32
  /// The other end; -1 before it is there and after it is gone.
  var other: Int32 = -1
  var generation: UInt32
  /// What was written and has not arrived, first piece at `head`.
  var pieces: [[UInt8]] = []
  var head = 0
  var bytes = 0
  /// The stream ends after the pieces, for this reason.
  var ending: CloseReason?
  /// When the last piece is due: later ones never overtake it.
  var lastArrival: Int64 = 0
  /// Arrivals that are planned.
  var planned = 0
  var isParked = false
  /// The port that this side dialled from.
  var port = LocalPort.any
  /// Whether the other side wants to know when everything has arrived.
  var tellsDrain = false
  /// Attempts to dial that the network swallowed.
  var attempts = 0
  /// Whether this side may hear the other: the dialling side not before its answer.
  var isAnswered: Bool
}

extension Simulation {
  /// What both kernels and the sender's driver hold of a stream that nobody reads. Beyond it the
  /// sender's driver gives up, as the live one does.
  static let backlogLimit = 12 * 1_024 * 1_024
  /// Linux sends a SYN again after 1, 3, 7, 15, 31 and 63 seconds, and gives up after 127
  /// (tcp_syn_retries = 6).
  static let dialAttempts = 7
  /// Linux takes the ports of connections from here on (ip_local_port_range).
  private static let firstFreePort: UInt16 = 32_768

  // MARK: - Dialling

  func dial(
    _ id: ConnectionID, from node: SimulatedNode, _ port: LocalPort, to address: Address
  ) {
    let end = makeEnd(node.index, id, remote: byAddress[address] ?? -1, isAnswered: false)
    streams[Int(end)].port = port
    node.ends[id] = end
    planDial(end)
  }

  private func makeEnd(
    _ node: Int32, _ id: ConnectionID, remote: Int32, isAnswered: Bool
  ) -> Int32 {
    if let index = freeStreams.popLast() {
      streams[Int(index)] = StreamEnd(
        node: node, connection: id, remote: remote, generation: streams[Int(index)].generation,
        isAnswered: isAnswered)
      return index
    }
    streams.append(
      StreamEnd(node: node, connection: id, remote: remote, generation: 0, isAnswered: isAnswered))
    return Int32(streams.count - 1)
  }

  private func planDial(_ end: Int32) {
    let from = streams[Int(end)].node
    let delay = conditions.latency(from: from, to: streams[Int(end)].remote, using: &random)
    queue.plan(.dial, end, generation: streams[Int(end)].generation, at: now + delay)
  }

  /// The attempt reaches the other machine, if the network lets it.
  func dialArrives(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    let (from, to) = (streams[Int(end)].node, streams[Int(end)].remote)
    if to >= 0, conditions.isCut(from: from, to: to) || conditions.isCut(from: to, to: from) {
      streams[Int(end)].attempts += 1
      let attempt = streams[Int(end)].attempts
      if attempt == Self.dialAttempts {
        fail(end, .unreachable)
      } else {
        queue.plan(.dial, end, generation: generation, at: now + 1_000_000 << Int64(attempt - 1))
      }
      return
    }
    if to >= 0, nodes[Int(to)].state != .down {
      // The kernel answers, even for a process that is frozen.
      let node = nodes[Int(to)]
      let id = node.effects.nextConnection()
      let other = makeEnd(to, id, remote: from, isAnswered: true)
      streams[Int(other)].other = end
      streams[Int(end)].other = other
      node.ends[id] = other
      deliver(.accepted(id, from: source(of: end)), to: node)
    }
    let delay = conditions.latency(from: to, to: from, using: &random)
    let at = max(now + delay, streams[Int(end)].lastArrival)
    streams[Int(end)].lastArrival = at
    queue.plan(.answer, end, generation: generation, at: at)
  }

  /// What the other side sees of the side that dialled.
  private func source(of end: Int32) -> Address {
    var address = nodes[Int(streams[Int(end)].node)].address
    switch streams[Int(end)].port {
    case .any:
      address.port = Self.firstFreePort + UInt16(end % Int32(UInt16.max - Self.firstFreePort))
    case .listening: break
    }
    return address
  }

  func dialAnswered(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    let node = nodes[Int(streams[Int(end)].node)]
    if streams[Int(end)].other >= 0 || streams[Int(end)].ending != nil {
      streams[Int(end)].isAnswered = true
      deliver(.connected(streams[Int(end)].connection), to: node)
      if streams[Int(end)].generation == generation { planArrivalIfWaiting(end) }
    } else {
      fail(end, .refused)
    }
  }

  private func fail(_ end: Int32, _ reason: CloseReason) {
    let node = nodes[Int(streams[Int(end)].node)]
    let id = streams[Int(end)].connection
    node.ends[id] = nil
    release(end)
    deliver(.closed(id, reason), to: node)
  }

  private func release(_ end: Int32) {
    let other = streams[Int(end)].other
    if other >= 0 { streams[Int(other)].other = -1 }
    streams[Int(end)].generation &+= 1
    streams[Int(end)].pieces = []
    streams[Int(end)].other = -1
    // Nothing may come of it any more: it may be in the list of those that wait for a partition.
    streams[Int(end)].isParked = false
    freeStreams.append(end)
  }

  // MARK: - Streams

  func write(_ bytes: [UInt8], to id: ConnectionID, of node: SimulatedNode) {
    guard let end = node.ends[id], !bytes.isEmpty else { return }
    let other = streams[Int(end)].other
    guard other >= 0, streams[Int(other)].ending == nil else { return }
    streams[Int(other)].bytes += bytes.count
    let isBacklogged = streams[Int(other)].bytes > Self.backlogLimit
    if isBacklogged || conditions.resets(using: &random) {
      node.ends[id] = nil
      self.end(of: other, .reset)
      release(end)
      // The one who writes hears of it from its own system, a moment later.
      let slot = breaks.add((node.index, id, isBacklogged ? .backlogged : .reset))
      queue.plan(.breaking, slot.index, generation: slot.generation, at: now)
      return
    }
    streams[Int(other)].pieces.append(bytes)
    let sent = conditions.transmit(
      bytes.count, from: node, to: nodes[Int(streams[Int(end)].remote)], at: now)
    planArrival(other, sentAt: sent)
  }

  /// The side that writes learns when everything has arrived.
  func awaitDrain(_ id: ConnectionID, of node: SimulatedNode) {
    guard let end = node.ends[id] else { return }
    let other = streams[Int(end)].other
    guard other >= 0 else { return }
    streams[Int(other)].tellsDrain = true
    if streams[Int(other)].bytes == 0 { planDrained(end, after: other) }
  }

  private func planDrained(_ end: Int32, after other: Int32) {
    streams[Int(other)].tellsDrain = false
    guard end >= 0 else { return }
    let (from, to) = (streams[Int(other)].node, streams[Int(end)].node)
    let delay = conditions.latency(from: from, to: to, using: &random)
    queue.plan(.drained, end, generation: streams[Int(end)].generation, at: now + delay)
  }

  func drained(_ end: Int32, generation: UInt32) {
    guard streams[Int(end)].generation == generation else { return }
    deliver(.drained(streams[Int(end)].connection), to: nodes[Int(streams[Int(end)].node)])
  }

  /// One side closes: the other learns it after everything that was sent before.
  func close(_ id: ConnectionID, of node: SimulatedNode) {
    guard let end = node.ends.removeValue(forKey: id) else { return }
    let other = streams[Int(end)].other
    if other >= 0 { self.end(of: other, .ended) }
    release(end)
  }

  private func end(of other: Int32, _ reason: CloseReason) {
    guard streams[Int(other)].ending == nil else { return }
    streams[Int(other)].ending = reason
    planArrival(other, sentAt: now)
  }

  private func planArrival(_ end: Int32, sentAt: Int64) {
    let (from, to) = (streams[Int(end)].remote, streams[Int(end)].node)
    let delay = conditions.streamLatency(from: from, to: to, using: &random)
    let at = max(sentAt + delay, streams[Int(end)].lastArrival)
    streams[Int(end)].lastArrival = at
    streams[Int(end)].planned += 1
    queue.plan(.arrival, end, generation: streams[Int(end)].generation, at: at)
  }

  /// Some of a stream arrives: one piece, or, cut at random, a part of it or more than one.
  func arrive(at end: Int32, generation: UInt32) {
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
    let node = nodes[Int(to)]
    if streams[Int(end)].head < streams[Int(end)].pieces.count {
      let bytes = takePiece(end)
      if streams[Int(end)].bytes == 0, streams[Int(end)].tellsDrain {
        planDrained(streams[Int(end)].other, after: end)
      }
      deliver(.received(id, bytes), to: node)
      guard streams[Int(end)].generation == generation else { return }
      planArrivalIfWaiting(end)
    } else if let reason = streams[Int(end)].ending {
      node.ends[id] = nil
      release(end)
      deliver(.closed(id, reason), to: node)
    }
  }

  /// Whatever is left over from pieces that were cut gets its own arrival.
  private func planArrivalIfWaiting(_ end: Int32) {
    let index = Int(end)
    guard streams[index].planned == 0, !streams[index].isParked,
      streams[index].head < streams[index].pieces.count || streams[index].ending != nil
    else { return }
    planArrival(end, sentAt: now)
  }

  private func takePiece(_ end: Int32) -> [UInt8] {
    let index = Int(end)
    let head = streams[index].head
    var bytes = streams[index].pieces[head]
    switch conditions.cut(bytes.count, using: &random) {
    case .whole: streams[index].head += 1
    case .first(let count):
      streams[index].pieces[head] = Array(bytes[count...])
      bytes = Array(bytes[..<count])
    case .more:
      streams[index].head += 1
      if streams[index].head < streams[index].pieces.count {
        bytes += streams[index].pieces[streams[index].head]
        streams[index].head += 1
      }
    }
    streams[index].bytes -= bytes.count
    if streams[index].head == streams[index].pieces.count {
      streams[index].pieces.removeAll(keepingCapacity: true)
      streams[index].head = 0
    }
    return bytes
  }

  /// A partition has healed: what waited for it is sent again.
  func unpark() {
    let waiting = parked
    parked = []
    for end in waiting where streams[Int(end)].isParked {
      streams[Int(end)].isParked = false
      planArrivalIfWaiting(end)
    }
  }
}
