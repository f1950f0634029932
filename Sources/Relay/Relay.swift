import Faults
import Glibc
import Participants
package import Sockets

/// Stands between the nodes of a run, of whatever kind: every node is known to the others by an
/// address of the relay's, which passes connections and datagrams on and does to them what the faults
/// that are on want.
///
/// The supervisor tells it who runs where, and which faults are on (``RelayMessage``), and waits for
/// each answer. Everything runs on the thread that calls ``run()``, which ends with the supervisor.
package final class Relay {
  /// What nodes see of clients that are nobody's.
  private static let strangersHost = "127.103.0.1"

  let loop: EventLoop
  var now: Instant { loop.now }
  /// The process group of each node that runs.
  private var groups: [String: pid_t] = [:]
  /// What others see of each node that runs.
  private var hosts: [String: String] = [:]
  private var doors: [String: Door] = [:]
  /// By where the node behind it listens.
  private var doorsByListening: [Address: Door] = [:]
  private var rules = NetworkRules(number: 0)
  private var lines: [Ends: Line] = [:]
  private var streams: [ObjectIdentifier: RelayedStream] = [:]
  private var clients = DatagramClients()
  private var delayed: DelayedDatagrams<Route>?
  /// Decides what is lost.
  var random: SeededGenerator
  private var counts = RelayCounts()
  private var supervisor: SupervisorSocket?
  private var failure: NodeFailure?

  /// - Parameter seed: fixes what is lost, as far as the order of what is sent is fixed.
  /// - Throws: where the system has no event loop left.
  package init(seed: UInt64) throws(NodeFailure) {
    random = SeededGenerator(seed: seed, stream: "relay")
    loop = try EventLoop()
  }

  /// Serves until the supervisor is gone, which is what ends the process.
  ///
  /// - Throws: why it could not go on.
  package func run() throws(NodeFailure) {
    supervisor = try SupervisorSocket(STDIN_FILENO, of: self)
    loop.run()
    if let failure { throw failure }
  }

  func fail(_ error: NodeFailure) {
    failure = failure ?? error
    loop.stop()
  }

  // MARK: - What the supervisor says

  func handle(_ message: RelayMessage) -> RelayAnswer {
    do throws(NodeFailure) {
      switch message {
      case .started(let node, let group, let host):
        groups[node] = group
        hosts[node] = host
      case .opened(let node, let listening, let address):
        close(node)
        let door = try Door(
          to: node, listening: listening, at: address, by: clients.takeSocket(at: address),
          of: self
        ) { [unowned self] socket in
          if let door = doors[node] { RelayedStream.accept(socket, at: door, of: self) }
        }
        doors[node] = door
        doorsByListening[listening] = door
      case .ended(let node):
        close(node)
        groups[node] = nil
        hosts[node] = nil
        clients.remove(of: node)
      case .rules(let rules):
        let before = counts
        counts = RelayCounts()
        apply(rules)
        return .done(before)
      }
    } catch {
      return error.isTaken ? .taken(error.description) : .failed(error.description)
    }
    return .done(RelayCounts())
  }

  private func close(_ node: String) {
    guard let door = doors.removeValue(forKey: node) else { return }
    doorsByListening[door.listening] = nil
    door.close()
  }

  private func apply(_ rules: NetworkRules) {
    self.rules = rules
    for (ends, line) in lines {
      line.change(to: rules.disturbance(from: ends.sender, to: ends.receiver))
    }
    clients.name(owner(of:))
    for stream in Array(streams.values) { stream.rulesChanged() }
  }

  // MARK: - Who sends to whom

  func door(listeningAt address: Address) -> Door? { doorsByListening[address] }

  /// What others see of a node.
  func host(of node: String?) -> String? { node.flatMap { hosts[$0] } }

  /// What is between two nodes, there and back; nothing where one of them is not known.
  func lines(between dialler: String?, and node: String) -> (forth: Line?, back: Line?) {
    guard let dialler else {
      countUnknown()
      return (nil, nil)
    }
    return (line(from: dialler, to: node), line(from: node, to: dialler))
  }

  private func line(from sender: String, to receiver: String) -> Line {
    let ends = Ends(sender: sender, receiver: receiver)
    if let line = lines[ends] { return line }
    let line = Line(rules.disturbance(from: sender, to: receiver))
    lines[ends] = line
    return line
  }

  /// The node that sends from there to one of the relay's addresses; `nil` if nobody knows.
  func sender(from source: Address, to own: Address, by transport: SocketOwner.Transport) -> String?
  {
    if let door = doorsByListening[DialSource.listening(of: source)] { return door.node }
    guard let inode = SocketOwner.inode(of: source, to: own, by: transport) else { return nil }
    return SocketOwner.find(inode, among: groups)
  }

  // MARK: - What goes through

  func add(_ stream: RelayedStream) { streams[ObjectIdentifier(stream)] = stream }

  func remove(_ stream: RelayedStream) { streams[ObjectIdentifier(stream)] = nil }

  func countHeld() { counts.held += 1 }

  private func countUnknown() {
    if !rules.faults.isEmpty { counts.unknown += 1 }
  }

  /// Sends a datagram on that came to one of the relay's sockets: now, later or never.
  func pass(_ bytes: [UInt8], from source: Address, to end: DatagramEnd) {
    guard let sender = self.end(of: source, heardAt: end) else { return }
    let now = self.now
    var due = now
    if let from = sender.node, let to = end.node {
      let line = line(from: from, to: to)
      guard let departure = line.departure(of: bytes.count, at: now, using: &random) else {
        counts.lost += 1
        return
      }
      due = departure
    } else {
      countUnknown()
    }
    let route = Route(socket: sender.socket, target: end.inside)
    if due <= now { return route.send(bytes) }
    if delayed == nil {
      delayed = DelayedDatagrams(on: loop) { $1.send($0) }
    }
    if delayed?.add(bytes, due: due, by: route) == true { countHeld() }
  }

  /// What others see of the socket from which a datagram came.
  private func end(of source: Address, heardAt end: DatagramEnd) -> DatagramEnd? {
    if let door = doorsByListening[source] { return door.datagrams }
    let own = end.socket.address
    let now = self.now
    func owner() -> String? { sender(from: source, to: own, by: .datagram) }
    if let client = clients.use(from: source, at: now, owner: owner) { return client }
    let node = owner()
    // With the same port where that is free, so that others see one address even if a door is opened
    // for it later.
    let host = host(of: node) ?? Self.strangersHost
    var socket = try? DatagramSocket(at: Address(host: host, port: source.port), on: loop)
    if socket == nil { socket = try? DatagramSocket(at: Address(host: host, port: 0), on: loop) }
    // Without one the system has none left: this datagram is lost, as it may be anywhere.
    guard let socket else { return nil }
    let client = DatagramEnd(of: node, at: source, by: socket, of: self)
    clients.add(client, at: now)
    return client
  }

  /// Whose the socket of a client is.
  private func owner(of client: DatagramEnd) -> String? {
    sender(from: client.inside, to: client.socket.address, by: .datagram)
  }
}

/// Two nodes, in one direction.
struct Ends: Hashable {
  var sender: String
  var receiver: String
}
