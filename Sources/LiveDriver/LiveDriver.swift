import Glibc
package import Participants
package import Sockets

/// Runs one participant over real sockets and real time, on a libuv loop of its own.
///
/// It holds no protocol decision: it turns what happens into inputs, carries effects out in order,
/// and keeps to its limits. Everything runs on the thread that calls ``run()``.
package final class LiveDriver {
  /// Bytes that may wait to be sent on one connection. A remote side that does not read is cut off.
  static let backlogLimit = 8 * 1024 * 1024
  /// Bytes written to a file at once. For more, the system looks for longer stretches of memory, which
  /// can cost it more than the copying.
  static let fileWriteSize = 256 * 1024
  /// How long a closed connection may take to deliver what was written.
  static let lingerLimit = Microseconds.seconds(1)
  /// Ports that are tried where any will do.
  static let mostBindings = 16

  /// What the node tells about itself when it is ready.
  package struct Identity {
    package var role: String
    package var version: String
    package var options: OptionValues

    /// - Parameters:
    ///   - role: its full name.
    ///   - options: every option's value.
    package init(role: String, version: String, options: OptionValues) {
      self.role = role
      self.version = version
      self.options = options
    }
  }

  let loop: EventLoop
  var connections: [ConnectionID: Connection] = [:]
  private var participant: any Participant
  private var turn: Turn
  private var log: EventLog
  private let identity: Identity
  var now: Instant { loop.now }
  private var timers: [TimerKey: Timer] = [:]
  /// By the family of their addresses, as all of a node's sockets are.
  var listeners: [sa_family_t: StreamListener] = [:]
  var datagramSockets: [sa_family_t: DatagramSocket] = [:]
  /// What came of requests to read and write files, and has not been told.
  var answers: [(key: FileKey, answer: FileAnswer)] = []
  /// Set while there are any.
  private(set) lazy var answering = NextTurn(on: loop) { [unowned self] in deliverAnswers() }
  /// Inputs that came up while effects were carried out.
  private var pending: [Input] = []
  private var isDelivering = false
  private var lateness = Lateness()
  /// Whether the loop has blocked and nothing has been done since.
  private var isAsleep = false
  private var isFinishing = false
  private(set) var isStopping = false
  let rulesFile: RulesFile?
  /// `nil` while no fault on the network disturbs this node.
  var conditions: Conditions?
  /// Datagrams under way; `nil` before the first.
  var delayed: DelayedDatagrams<Address>?
  /// Where connections are dialled from, for those who accept to know the node.
  var source: SocketAddress?
  /// The first failure: the loop ends and ``run()`` throws it.
  private var failure: NodeFailure?

  /// - Parameters:
  ///   - random: the participant's.
  ///   - rules: where the faults on the network are told; `nil` for a node that nobody disturbs.
  /// - Throws: where the system has no event loop left.
  package init(
    _ participant: any Participant, identity: Identity, random: SeededGenerator,
    log: consuming EventLog, rules: RulesFile? = nil
  ) throws(NodeFailure) {
    self.participant = participant
    self.identity = identity
    loop = try EventLoop()
    turn = Turn(at: loop.now, random: random)
    self.log = log
    rulesFile = rules
  }

  /// Starts the participant at the address that ``listen(on:and:transports:advertising:)`` returned,
  /// and runs until the process is asked to end (SIGTERM or SIGINT) and everything is closed.
  ///
  /// - Parameter other: the second host that it listens on.
  /// - Throws: why the node could not go on.
  package func run(at address: Address, and other: String? = nil) throws(NodeFailure) {
    for signal in [SIGTERM, SIGINT] { loop.watch(signal) { [unowned self] in stop() } }
    loop.watch(SIGURG) { [unowned self] in readRules() }
    // The log reaches the disk before the node waits for anything; and how long it waits is measured.
    loop.watchBlocking(
      before: { [unowned self] in sleep(for: $0) }, after: { [unowned self] in wake() })
    Stops.watch()
    record(
      NodeEvents.ready(
        at: address, and: other, role: identity.role, version: identity.version, pid: getpid(),
        options: identity.options))
    readRules()
    flushLog()
    deliver(.started(listening: address))
    loop.run()
    if let failure { throw failure }
    record(Event(NodeEvents.stopped))
    flushLog()
    if let failure { throw failure }
  }

  // MARK: - Inputs and effects

  /// Hands an input to the participant and carries out what it wants done. Inputs that this brings
  /// up are handed over afterwards, in order.
  func deliver(_ input: Input) {
    if isAsleep { wake() }
    pending.append(input)
    guard !isDelivering else { return }
    isDelivering = true
    while !pending.isEmpty {
      let input = pending.removeFirst()
      turn.now = now
      participant.handle(input, &turn)
      turn.drain { perform($0) }
    }
    isDelivering = false
    if isFinishing { stop() }
  }

  func nextConnection() -> ConnectionID { turn.nextConnection() }

  private func perform(_ effect: Effect) {
    switch effect {
    case .connect(let id, let address, let port): connect(id, to: address, from: port)
    case .write(let id, let bytes): connections[id]?.write(bytes)
    case .close(let id): connections[id]?.close()
    case .awaitDrain(let id): connections[id]?.awaitDrain()
    case .send(let bytes, let address): send(bytes, to: address)
    case .file(let key, let request):
      // What would come of it would keep the loop from ending.
      if !isStopping { perform(request, key) }
    case .setTimer(let key, let instant): setTimer(key, at: instant)
    case .cancelTimer(let key): timers.removeValue(forKey: key)?.cancel()
    case .log(let event): record(event)
    case .finish: isFinishing = true
    case .fail(let reason):
      flushLog()
      fail(NodeFailure(reason.reason, isMisuse: reason.isMisuse))
    }
  }

  private func setTimer(_ key: TimerKey, at instant: Instant) {
    if timers[key] == nil {
      timers[key] = Timer(on: loop) { [unowned self] in
        timers.removeValue(forKey: key)?.cancel()
        deliver(.timer(key))
      }
    }
    timers[key]?.set(after: instant - now)
  }

  func record(_ event: Event) {
    do throws(NodeFailure) { try log.append(event, at: now) } catch { fail(error) }
  }

  func flushLog() {
    do throws(NodeFailure) { try log.flush() } catch { fail(error) }
  }

  /// A node that cannot keep its log must not go on as if nothing were lost.
  func fail(_ error: NodeFailure) {
    guard failure == nil else { return }
    failure = error
    loop.stop()
  }

  // MARK: - The end

  /// Tells the participant, then closes everything; the loop ends when all of it is closed.
  func stop() {
    guard !isStopping else { return }
    isStopping = true
    record(Event(NodeEvents.stopping))
    deliver(.stopping)
    for timer in timers.values { timer.cancel() }
    timers.removeAll()
    dropAnswers()
    for connection in connections.values { connection.close() }
    delayed?.drop()
    closeSockets()
    loop.ignoreSignals()
  }

  private func sleep(for wait: Microseconds?) {
    flushLog()
    lateness.sleep(at: now, for: wait, stops: Stops.count)
    isAsleep = true
  }

  /// Call it before anything else is done once the loop goes on.
  private func wake() {
    guard isAsleep else { return }
    isAsleep = false
    guard let late = lateness.wake(at: now, stops: Stops.count), !isStopping else { return }
    record(NodeEvents.late(late))
  }
}
