import CUV
import Clock
import Glibc
package import LiveDriver
import NetworkRules
import Participants

/// Stands between the nodes of a run, of whatever kind: every node is known to the others by an
/// address of the relay's, which passes connections and datagrams on and does to them what the faults
/// that are on want.
///
/// The supervisor tells it who runs where, and which faults are on (``RelayMessage``), and waits for
/// each answer. Everything runs on the thread that calls ``run()``, which ends with the supervisor.
@safe package final class Relay {
  /// Bytes of a connection that may wait, each way, before no more is read.
  static let streamLimit = 4 * 1024 * 1024
  static let readSize = 64 * 1024
  /// Connections that may wait to be accepted at a door.
  static let acceptQueue: CInt = 1_024

  let loop: UnsafeMutablePointer<uv_loop_t>
  let readBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: readSize)
  private let clock = SteadyClock()
  var now: Instant { clock.now }
  /// Of each node that runs.
  private var groups: [String: pid_t] = [:]
  private var doors: [String: Door] = [:]
  /// By where the node behind it listens.
  private var doorsByListening: [Address: Door] = [:]
  private var rules = NetworkRules(number: 0)
  private var lines: [Line.Ends: Line] = [:]
  private var streams: [ObjectIdentifier: RelayedStream] = [:]
  private var flows = Flows()
  private var delayed: DelayedDatagrams<Route>?
  /// Decides what is lost.
  var random: SeededGenerator
  private var counts = RelayCounts()
  private var control: Control?
  private var failure: NodeFailure?

  /// - Parameter seed: fixes what is lost, as far as the order of what is sent is fixed.
  package init(seed: UInt64) throws(NodeFailure) {
    random = SeededGenerator(seed: seed, stream: "relay")
    unsafe loop = .allocate(capacity: 1)
    guard unsafe uv_loop_init(loop) == 0 else {
      throw NodeFailure("cannot make an event loop")
    }
    unsafe loop.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  static func of(_ loop: UnsafeMutablePointer<uv_loop_t>?) -> Relay? {
    guard let data = unsafe loop?.pointee.data else { return nil }
    return unsafe Unmanaged<Relay>.fromOpaque(data).takeUnretainedValue()
  }

  /// Serves until the supervisor is gone, which is what ends the process.
  package func run() throws(NodeFailure) {
    control = try Control(STDIN_FILENO, of: self)
    unsafe uv_run(loop, UV_RUN_DEFAULT)
    if let failure { throw failure }
  }

  func fail(_ error: NodeFailure) {
    failure = failure ?? error
    unsafe uv_stop(loop)
  }

  // MARK: - What the supervisor says

  func handle(_ message: RelayMessage) -> RelayAnswer {
    do throws(NodeFailure) {
      switch message {
      case .started(let node, let group): groups[node] = group
      case .opened(let node, let listening, let address):
        close(node)
        let door = try Door(to: node, listening: listening, at: address, of: self)
        doors[node] = door
        doorsByListening[listening] = door
      case .ended(let node):
        close(node)
        groups[node] = nil
        flows.remove(of: node)
      case .rules(let rules): apply(rules)
      }
    } catch {
      return .failed(error.description)
    }
    defer { counts = RelayCounts() }
    return .done(counts)
  }

  private func close(_ node: String) {
    guard let door = doors.removeValue(forKey: node) else { return }
    doorsByListening[door.listening] = nil
    door.close()
  }

  private func apply(_ rules: NetworkRules) {
    self.rules = rules
    for (ends, line) in lines {
      line.disturbance = rules.disturbance(from: ends.sender, to: ends.receiver)
    }
    for stream in Array(streams.values) { stream.rulesChanged() }
  }

  // MARK: - Who sends to whom

  func door(of node: String?) -> Door? { node.flatMap { doors[$0] } }

  func door(listeningAt address: Address) -> Door? { doorsByListening[address] }

  /// What is between two nodes, in one direction; `nil` where one of them is not known.
  func line(from sender: String?, to receiver: String?) -> Line? {
    guard let sender, let receiver else {
      if !rules.rules.isEmpty { counts.unknown += 1 }
      return nil
    }
    let ends = Line.Ends(sender: sender, receiver: receiver)
    if let line = lines[ends] { return line }
    let line = Line(rules.disturbance(from: sender, to: receiver))
    lines[ends] = line
    return line
  }

  /// The node that sends from there to one of the relay's addresses; `nil` if nobody knows.
  func sender(from source: Address, to own: Address, by transport: SocketOwner.Transport) -> String?
  {
    if let door = doorsByListening[LiveDriver.listening(of: source)] { return door.node }
    guard let inode = SocketOwner.inode(of: source, to: own, by: transport) else { return nil }
    return SocketOwner.find(inode, among: groups)
  }

  // MARK: - What goes through

  func add(_ stream: RelayedStream) { streams[ObjectIdentifier(stream)] = stream }

  func remove(_ stream: RelayedStream) { streams[ObjectIdentifier(stream)] = nil }

  /// Sends a datagram on, now, later or never.
  func pass(_ bytes: [UInt8], along line: Line?, by route: Route) {
    let now = self.now
    let due = line.map { $0.departure(of: bytes.count, at: now, using: &random) } ?? now
    guard let due else {
      counts.lost += 1
      return
    }
    if due <= now { return route.send(bytes) }
    if delayed == nil {
      delayed = unsafe DelayedDatagrams(on: loop, clock: clock) { $1.send($0) }
    }
    if delayed?.add(bytes, due: due, by: route) == true { countHeld() }
  }

  func countHeld() { counts.held += 1 }

  /// The way of datagrams that a client sends to a door from an address where no node listens.
  func flow(from source: Address, to door: Door) -> Flow? {
    let now = self.now
    if let flow = flows.use(from: source, to: door, at: now) { return flow }
    do throws(NodeFailure) {
      let flow = try Flow(
        from: sender(from: source, to: door.address, by: .datagram), at: source, to: door, of: self)
      flows.add(flow, at: now)
      return flow
    } catch {
      // The system has no socket left: this datagram is lost, as it may be anywhere.
      return nil
    }
  }
}

/// What is between two nodes, in one direction.
final class Line {
  struct Ends: Hashable {
    var sender: String
    var receiver: String
  }

  var disturbance: NetworkRules.Disturbance
  var isCut: Bool { disturbance.isCut }
  var latency: Microseconds { disturbance.latency }
  // When what was sent before is through, for streams and for datagrams.
  private var streamsFree: Instant?
  private var datagramsFree: Instant?

  init(_ disturbance: NetworkRules.Disturbance) { self.disturbance = disturbance }

  func departure(
    of bytes: Int, at now: Instant, using random: inout SeededGenerator
  ) -> Instant? {
    disturbance.departure(of: bytes, at: now, free: &datagramsFree, using: &random)
  }

  func arrival(
    of bytes: Int, at now: Instant, using random: inout SeededGenerator
  ) -> Instant {
    disturbance.arrival(of: bytes, at: now, free: &streamsFree, using: &random)
  }
}
