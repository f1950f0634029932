import Participants

/// What a request is for.
enum RequestPurpose {
  case ping(isBootstrap: Bool)
  case lookup(UInt64)
  /// Part of a publication that somebody waits for; `nil`: nobody does.
  case store(publication: UInt64?)
}

/// A request that waits for its answer.
struct Request {
  let call: String
  let address: Address
  /// Whom the asker takes the node at the address for.
  let id: NodeID?
  let purpose: RequestPurpose
}

/// The requests that wait for an answer. All have the same time for it, so they run out in the order
/// in which they were sent.
struct RequestTable {
  private var waiting: [RPCMessage.MessageID: Request] = [:]
  /// Those before `start` are done with; of the others, some have been answered.
  private var deadlines: [(at: Instant, id: RPCMessage.MessageID)] = []
  private var start = 0

  var count: Int { waiting.count }

  /// When the next of them runs out, or may have been answered instead.
  var nextDeadline: Instant? { start < deadlines.count ? deadlines[start].at : nil }

  mutating func add(_ request: Request, _ id: RPCMessage.MessageID, deadline: Instant) {
    waiting[id] = request
    deadlines.append((deadline, id))
  }

  /// An answer came. `nil`: nobody waits for it.
  mutating func take(_ id: RPCMessage.MessageID) -> Request? { waiting.removeValue(forKey: id) }

  /// The next request whose time is up.
  mutating func takeLate(at now: Instant) -> Request? {
    while start < deadlines.count, deadlines[start].at <= now {
      let id = deadlines[start].id
      start += 1
      if start > 64, start > deadlines.count / 2 {
        deadlines.removeFirst(start)
        start = 0
      }
      if let request = waiting.removeValue(forKey: id) { return request }
    }
    return nil
  }
}
