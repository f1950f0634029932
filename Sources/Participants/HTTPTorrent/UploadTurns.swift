package import Participants

/// Whose upload is next, when more are wanted than may be under way at once.
///
/// The host that has the fewest under way, among equals the one whose last turn is longest ago; of its
/// connections the one that asked first. So a host that asks on a hundred connections gets no more than
/// one that asks on two.
package struct UploadTurns {
  private struct Host {
    var waiting = 0
    var underWay = 0
    /// When it had its last turn, as a count of turns.
    var lastTurn = 0
  }

  private let slots: Int
  /// Those that wait or have an upload under way.
  private var hosts: [String: Host] = [:]
  /// In the order in which they asked.
  private var waiting: [(id: ConnectionID, host: String)] = []
  private var underWay: [ConnectionID: String] = [:]
  private var turns = 0

  /// - Parameter slots: uploads that may be under way at once.
  package init(slots: Int) { self.slots = slots }

  /// A connection, which has nothing under way, wants an upload.
  package mutating func wait(_ id: ConnectionID, host: String) {
    waiting.append((id, host))
    hosts[host, default: Host()].waiting += 1
  }

  /// The connection whose upload is to begin; `nil` while all slots are taken, or nobody waits.
  package mutating func next() -> ConnectionID? {
    guard underWay.count < slots else { return nil }
    let keys = waiting.map { hosts[$0.host].map { ($0.underWay, $0.lastTurn) } ?? (0, 0) }
    guard let place = keys.indices.min(by: { keys[$0] < keys[$1] }) else { return nil }
    let (id, host) = waiting.remove(at: place)
    turns += 1
    underWay[id] = host
    hosts[host]?.waiting -= 1
    hosts[host]?.underWay += 1
    hosts[host]?.lastTurn = turns
    return id
  }

  /// A connection's upload came to its end, or is not wanted any more.
  package mutating func end(_ id: ConnectionID) {
    let host: String
    if let place = waiting.firstIndex(where: { $0.id == id }) {
      host = waiting.remove(at: place).host
      hosts[host]?.waiting -= 1
    } else if let known = underWay.removeValue(forKey: id) {
      host = known
      hosts[host]?.underWay -= 1
    } else {
      return
    }
    if let left = hosts[host], left.waiting == 0, left.underWay == 0 { hosts[host] = nil }
  }
}
