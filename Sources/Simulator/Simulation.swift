package import Participants
package import Supervisor
package import Topology

/// Runs a plan in one process and in virtual time: the participants that real nodes run, under the
/// supervisor's own core, over a network whose every latency and loss comes from the plan's seed.
///
/// The same plan gives the same events, byte for byte, on every machine. Real processes know no such
/// thing: there a seed fixes the plan and not the execution.
///
/// Anchors: TigerBeetle's VOPR, FoundationDB's simulation ("FoundationDB: A Distributed Unbundled
/// Transactional Key Value Store", SIGMOD 2021, section 4).
package struct Simulation {
  /// What a simulation came to.
  package struct Outcome: Sendable {
    package var conclusion: SupervisorCore.Conclusion
    /// SHA-256 over all events, in hexadecimal digits.
    package var digest: String
    /// Lines that were logged.
    package var lines: Int
    /// What happened in the network: dials, arrivals, datagrams, timers.
    package var happenings: Int
    /// From the launch to the end, in virtual time.
    package var lasted: Microseconds
  }

  /// When every simulation is launched: 2026-01-01 00:00:00 UTC.
  package static let launch = Instant(microseconds: 1_767_225_600_000_000)

  /// More happenings than these, for each node within one virtual second, are a storm: what happens
  /// brings about ever more, and the simulation would hardly come to its end.
  package static let stormLimit = 10_000

  /// How much happens between two looks at whether the simulation is to end.
  private static let stepsBetweenLooks = 1_024

  let plan: Plan
  var now: Int64
  var queue = EventQueue()
  var nodes: [SimulatedNode] = []
  var byAddress: [Address: Int32] = [:]
  private var byName: [String: Int32] = [:]
  var random: SeededGenerator
  let conditions: NetworkConditions
  var timers = Slots<(node: Int32, key: TimerKey)>()
  var datagrams = Slots<Datagram>()
  var nats: [NAT] = []
  var natsByHost: [String: Int32] = [:]
  /// Connections that broke under a node's own writing.
  var breaks = Slots<(node: Int32, connection: ConnectionID, reason: CloseReason)>()
  var streams: [StreamEnd] = []
  var freeStreams: [Int32] = []
  /// All that is under way on streams: one pool, whose places are soon used again.
  var pieces: [Piece] = []
  var freePieces: [Int32] = []
  /// The rules for the network that are in force, and the faults, by position in the plan.
  var rules = 0
  private var faultsOn: [Int] = []
  /// Ends whose stream waits for a partition to heal.
  var parked: [Int32] = []
  var seedList: [Address] = []
  /// The nodes' files survive the nodes.
  var disks = Disks()
  /// What disks answered and participants were not told, in order.
  var answers: [(node: Int, life: UInt32, key: FileKey, answer: FileAnswer)] = []
  var isAnswering = false

  private var core: SupervisorCore
  private var inputs: [SupervisorCore.Input] = []
  private var wakeGeneration: UInt32 = 0
  private var plannedWake: Instant?
  private var supervisorSequence: UInt64 = 0
  private var lastPid: Int32 = 0
  private var observer: (any RunObserver)?
  private var conclusion: SupervisorCore.Conclusion?
  let version: String
  private let sink: any EventSink
  private var digest = EventDigest()
  private var line: [UInt8] = []
  private var lines = 0
  private var happenings = 0
  /// What the participant wants done whose turn it is: one list for all, which stays in the cache.
  private var effects: [Effect] = []

  /// - Parameters:
  ///   - roles: the catalogue that the plan's roles are in.
  ///   - version: what the nodes say of theirs.
  ///   - disks: the files that nodes find when they start, by node and path.
  package init(
    plan: Plan, roles: [Role], version: String, sink: any EventSink,
    disks: [String: [String: [UInt8]]] = [:]
  ) {
    self.plan = plan
    self.version = version
    self.sink = sink
    now = Self.launch.microseconds
    random = SeededGenerator(seed: plan.seed, stream: "network")
    conditions = NetworkConditions(plan.networkModel)
    core = SupervisorCore(
      plan: plan,
      seedLists: Dictionary(
        roles.map { ($0.fullName, $0.seedList) }, uniquingKeysWith: { first, _ in first }))
    let catalogue = Dictionary(uniqueKeysWithValues: roles.map { ($0.fullName, $0) })
    // Nodes of a group share theirs: a thousand options each would be most of a large network.
    var options: [[String: [String: String]]: OptionValues] = [:]
    var ports = SharedPorts(plan)
    for (index, planned) in plan.nodes.enumerated() {
      guard let role = catalogue[planned.role] else { preconditionFailure(planned.role) }
      let key = [planned.role: planned.options]
      let values = options[key] ?? OptionValues(role.options) { planned.options[$0] }
      options[key] = values
      let node = SimulatedNode(
        name: planned.name, role: role, options: values,
        address: ports.address(of: planned)
          ?? Self.address(index, seed: plan.seed, isPrivate: planned.nat != nil),
        also: ports.also(of: planned), skew: conditions.skew(using: &random))
      for (path, bytes) in disks[planned.name] ?? [:] {
        _ = self.disks.answer(.write(path: path, offset: 0, bytes[...]), of: index)
      }
      nodes.append(node)
      byAddress[node.address] = Int32(index)
      if let also = node.also { byAddress[also] = Int32(index) }
      byName[node.name] = Int32(index)
    }
    makeNATs()
  }

  /// Runs to the end of the plan, once.
  ///
  /// - Parameters:
  ///   - observer: sees the supervisor's events and progress, in virtual time.
  ///   - isInterrupted: asked now and then; `true` stops the nodes in order, as Ctrl-C does.
  package consuming func run(
    observer: (any RunObserver)? = nil, isInterrupted: () -> Bool = { false }
  ) -> Outcome {
    self.observer = observer
    tell(.launched)
    var steps = 0
    var wasInterrupted = false
    var (secondEnds, mostInSecond, isStorming) = (Int64.min, 0, false)
    while conclusion == nil, let entry = queue.next() {
      now = max(now, entry.at)
      happen(entry)
      if now >= secondEnds {
        secondEnds = now + 1_000_000
        mostInSecond = happenings + Self.stormLimit * nodes.count
      } else if happenings > mostInSecond, !isStorming {
        isStorming = true
        tell(
          .failed(
            "more than \(Self.stormLimit) happenings per node in one virtual second: the network "
              + "storms; see what its nodes send again and again, or which timers they set at once")
        )
      }
      steps += 1
      if steps % Self.stepsBetweenLooks == 0, !wasInterrupted, isInterrupted() {
        wasInterrupted = true
        tell(.interrupted)
      }
    }
    guard let conclusion else { preconditionFailure("a plan comes to its end") }
    return Outcome(
      conclusion: conclusion, digest: sumUp(conclusion), lines: lines, happenings: happenings,
      lasted: Microseconds(now - Self.launch.microseconds))
  }

  /// The digest of all events; it is logged too, behind them, where they will be the same again.
  private mutating func sumUp(_ conclusion: SupervisorCore.Conclusion) -> String {
    let digest = digest.finish()
    if conclusion.outcome != .interrupted {
      supervisorSequence += 1
      let event = Event(SupervisorEvents.runDigested, ["digest": digest])
      let at = Instant(microseconds: now)
      event.appendLine(time: at, sequence: supervisorSequence, to: &line)
      sink.take(event, line: line, of: "supervisor", at: at)
    }
    return digest
  }

  private mutating func happen(_ entry: EventQueue.Entry) {
    switch entry.kind {
    case .start: start(Int(entry.index), life: entry.generation)
    case .exit: exited(Int(entry.index), life: entry.generation)
    case .supervisor:
      guard entry.generation == wakeGeneration else { return }
      plannedWake = nil
      tell(.due)
    case .timer:
      guard let timer = timers.take(entry.index, generation: entry.generation) else { return }
      happenings += 1
      let node = Int(timer.node)
      nodes[node].timers[timer.key] = nil
      deliver(.timer(timer.key), to: node)
    case .dial:
      happenings += 1
      dialArrives(entry.index, generation: entry.generation)
    case .drained:
      happenings += 1
      drained(entry.index, generation: entry.generation)
    case .answer:
      happenings += 1
      dialAnswered(entry.index, generation: entry.generation)
    case .arrival:
      happenings += 1
      arrive(at: entry.index, generation: entry.generation)
    case .breaking:
      guard let broken = breaks.take(entry.index, generation: entry.generation) else { return }
      happenings += 1
      deliver(.closed(broken.connection, broken.reason), to: Int(broken.node))
    case .datagram:
      happenings += 1
      guard let datagram = datagrams.take(entry.index, generation: entry.generation) else { return }
      arrive(datagram)
    }
  }

  // MARK: - Events

  mutating func log(_ event: Event, of node: Int) {
    nodes[node].sequence += 1
    record(event, of: nodes[node].name, sequence: nodes[node].sequence, at: now + nodes[node].skew)
  }

  mutating func logSupervisor(_ event: Event) {
    observer?.saw(event, at: Instant(microseconds: now))
    supervisorSequence += 1
    record(event, of: "supervisor", sequence: supervisorSequence, at: now)
  }

  private mutating func record(_ event: Event, of name: String, sequence: UInt64, at time: Int64) {
    let at = Instant(microseconds: time)
    event.appendLine(time: at, sequence: sequence, to: &line)
    lines += 1
    digest.add(line, of: name)
    sink.take(event, line: line, of: name, at: at)
    line.removeAll(keepingCapacity: true)
  }

  // MARK: - The supervisor's core

  /// Hands the core an input, and what its effects bring about, in order.
  mutating func tell(_ input: SupervisorCore.Input) {
    inputs.append(input)
    guard inputs.count == 1 else { return }
    while let next = inputs.first {
      for effect in core.handle(next, at: Instant(microseconds: now)) { perform(effect) }
      inputs.removeFirst()
    }
    observer?.show(core.progress, at: Instant(microseconds: now))
    let wake = core.wakeAt
    guard let wake, plannedWake.map({ wake < $0 }) ?? true else { return }
    wakeGeneration &+= 1
    plannedWake = wake
    queue.plan(.supervisor, 0, generation: wakeGeneration, at: max(now, wake.microseconds))
  }

  private mutating func perform(_ effect: SupervisorCore.Effect) {
    switch effect {
    case .spawn(let index, _, let addresses):
      nodes[index].options = nodes[index].options.with(addresses)
      nodes[index].life &+= 1
      lastPid += 1
      nodes[index].pid = lastPid
      inputs.append(.spawned(index, pid: lastPid))
      queue.plan(
        .start, Int32(index), generation: nodes[index].life,
        at: now + conditions.startDelay(using: &random))
    case .signal(let index, let signal): self.signal(signal, index)
    case .readState(let index):
      inputs.append(.stateSeen(index, paused: nodes[index].state == .frozen))
    case .rule(let number, let faults): setRules(number, faults)
    case .writeSeedList(let seeds): seedList = seeds
    case .checkGroups: inputs.append(.groupsSeen(alive: []))
    case .sampleUsage:
      // Virtual time is never short of a processor.
      logSupervisor(
        Event(
          SupervisorEvents.usageSampled,
          ["host_busy": 0, "supervisor_cpu": 0, "memory_available": 0]))
    case .log(let event): logSupervisor(event)
    case .answer: preconditionFailure("nobody asks a simulation for a fault")
    case .finished(let conclusion): self.conclusion = conclusion
    }
  }

  private mutating func setRules(_ number: Int, _ faults: [Int]) {
    rules = number
    let ended = faultsOn.filter { !faults.contains($0) }
    for fault in ended { conditions.restore(plan.faults[fault]) }
    for fault in faults where !faultsOn.contains(fault) {
      conditions.disturb(plan.faults[fault]) { byName[$0] }
    }
    faultsOn = faults
    if !ended.isEmpty { unpark() }
  }

  // MARK: - Participants

  /// Hands an input to a node's participant and carries out what it wants done.
  mutating func deliver(_ input: Input, to node: Int) {
    guard nodes[node].state == .up else {
      if nodes[node].state == .frozen { nodes[node].held.append(input) }
      return
    }
    var turn = Turn(
      at: Instant(microseconds: now + nodes[node].skew), random: nodes[node].random,
      lastConnection: nodes[node].lastConnection)
    swap(&turn.effects, &effects)
    nodes[node].participant?.handle(input, &turn)
    nodes[node].random = turn.random
    nodes[node].lastConnection = turn.lastConnection
    turn.drain { perform($0, of: node) }
    swap(&turn.effects, &effects)
    if !answers.isEmpty { deliverAnswers() }
    if nodes[node].failure != nil {
      fail(node)
    } else if nodes[node].isFinishing {
      nodes[node].isFinishing = false
      terminate(node)
    }
  }

  private mutating func perform(_ effect: Effect, of node: Int) {
    switch effect {
    case .connect(let id, let address, let port): dial(id, from: node, port, to: address)
    case .write(let id, let bytes): write(bytes, to: id, of: node)
    case .close(let id): close(id, of: node)
    case .awaitDrain(let id): awaitDrain(id, of: node)
    case .send(let bytes, let address): send(bytes, from: node, to: address)
    case .file(let key, let request): perform(request, key, of: node)
    case .setTimer(let key, let instant):
      if let old = nodes[node].timers[key] {
        _ = timers.take(old.index, generation: old.generation)
      }
      let timer = timers.add((Int32(node), key))
      nodes[node].timers[key] = timer
      queue.plan(
        .timer, timer.index, generation: timer.generation,
        at: max(now, instant.microseconds - nodes[node].skew))
    case .cancelTimer(let key):
      guard let old = nodes[node].timers.removeValue(forKey: key) else { return }
      _ = timers.take(old.index, generation: old.generation)
    case .log(let event): log(event, of: node)
    case .finish: nodes[node].isFinishing = true
    case .fail(let failure): nodes[node].failure = failure
    }
  }
}
