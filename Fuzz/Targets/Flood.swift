package import Participants

/// Strangers who say the same things to a node again and again, and what it logs of that.
package struct Flood {
  /// Connections that they have at once, and addresses that datagrams come from.
  static let connections = 20

  /// A message, or all of them in turn.
  private let messages: [[UInt8]]
  /// Whether they hang up after each message, and come back from another port.
  private let hangsUp: Bool
  private var node: FuzzedNode
  private var callers: [ConnectionID] = []
  private var said = 0
  private var lastPort: UInt16 = 10_000

  /// - Parameter message: which of those that somebody may send to the role; `nil`: all in turn.
  /// - Parameter hangsUp: whether each message comes on a connection of its own.
  package init(_ role: Role, message: Int? = nil, hangsUp: Bool = false) {
    let all = FuzzTargets.samples(of: role).messages
    self.hangsUp = hangsUp
    messages = message.map { [all[$0]] } ?? all
    node = FuzzedNode(role)
  }

  /// How many messages somebody may send to a role.
  package static func messages(of role: Role) -> Int {
    FuzzTargets.samples(of: role).messages.count
  }

  /// Lines that were logged, by kind.
  package var logged: [String: Int] { node.logged }

  /// Says so many messages in so much time; who is closed on comes back from another port.
  package mutating func say(_ count: Int, within duration: Microseconds) {
    for _ in 0..<count {
      let place = said % Self.connections
      if callers.count <= place { callers.append(call()) }
      if !node.holds(callers[place]) { callers[place] = call() }
      let message = messages[(said / Self.connections) % messages.count]
      node.take(.received(callers[place], message))
      let port = hangsUp ? 9_000 + UInt16(said % 50_000) : 9_000 + UInt16(place)
      node.take(.datagram(from: Address(host: "127.0.0.1", port: port), message))
      if hangsUp { node.hangUp(callers[place]) }
      node.elapse(Microseconds(duration.count / Int64(count)))
      said += 1
    }
  }

  private mutating func call() -> ConnectionID {
    lastPort = lastPort == .max ? 10_000 : lastPort + 1
    return node.accept(from: Address(host: "127.0.0.1", port: lastPort))
  }
}
