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
package final class Simulation {
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
  var datagrams = Slots<(from: Address, to: Int32, bytes: [UInt8])>()
  /// Connections that broke under a node's own writing.
  var breaks = Slots<(node: Int32, connection: ConnectionID, reason: CloseReason)>()
  var streams: [StreamEnd] = []
  var freeStreams: [Int32] = []
  /// Ends whose stream waits for a partition to heal.
  var parked: [Int32] = []
  var seedList: [Address] = []

  private var core: SupervisorCore
  private var inputs: [SupervisorCore.Input] = []
  private var wakeGeneration: UInt32 = 0
  private var plannedWake: Instant?
  private var supervisorSequence: UInt64 = 0
  private var lastPid: Int32 = 0
  private var observer: (any RunObserver)?
  private var conclusion: SupervisorCore.Conclusion?
  private let version: String
  private let sink: any EventSink
  private let digest = EventDigest()
  private var line: [UInt8] = []
  private var lines = 0
  private var happenings = 0

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
    for (index, planned) in plan.nodes.enumerated() {
      guard let role = catalogue[planned.role] else { preconditionFailure(planned.role) }
      var given: [String: OptionValue] = [:]
      for option in role.options {
        given[option.name] = planned.options[option.name].flatMap { option.parse($0) }
      }
      let node = SimulatedNode(
        name: planned.name, index: Int32(index), role: role,
        options: OptionValues(role.options, given: given),
        address: Self.address(index, seed: plan.seed),
        skew: conditions.skew(using: &random))
      node.disk = disks[node.name] ?? [:]
      nodes.append(node)
      byAddress[node.address] = node.index
      byName[node.name] = node.index
    }
  }

  /// An address of its own in 10.0.0.0/8 for each node. Which one is as good as random, as ports of
  /// real runs are: an odd factor permutes the numbers below 2^24.
  private static func address(_ index: Int, seed: UInt64) -> Address {
    let number = (UInt64(index) &* 10_368_889 &+ seed &* 7_919 &+ 1) & 0xff_ffff
    return Address(
      host: "10.\(number >> 16).\((number >> 8) & 255).\(number & 255)", port: 4_000)
  }

  /// Runs to the end of the plan, once.
  ///
  /// - Parameters:
  ///   - observer: sees the supervisor's events and progress, in virtual time.
  ///   - isInterrupted: asked now and then; `true` stops the nodes in order, as Ctrl-C does.
  package func run(
    observer: (any RunObserver)? = nil, isInterrupted: () -> Bool = { false }
  ) -> Outcome {
    self.observer = observer
    tell(.launched)
    var steps = 0
    var wasInterrupted = false
    while conclusion == nil, let entry = queue.next() {
      now = max(now, entry.at)
      happen(entry)
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
  private func sumUp(_ conclusion: SupervisorCore.Conclusion) -> String {
    let digest = digest.finish()
    if conclusion.outcome != .interrupted {
      supervisorSequence += 1
      let event = Event(SupervisorEvents.runDigested, ["digest": .text(digest)])
      let at = Instant(microseconds: now)
      event.appendLine(time: at, sequence: supervisorSequence, to: &line)
      sink.take(event, line: line, of: "supervisor", at: at)
    }
    return digest
  }

  private func happen(_ entry: EventQueue.Entry) {
    switch entry.kind {
    case .start: start(nodes[Int(entry.index)], life: entry.generation)
    case .exit: exited(nodes[Int(entry.index)], life: entry.generation)
    case .supervisor:
      guard entry.generation == wakeGeneration else { return }
      plannedWake = nil
      tell(.due)
    case .timer:
      guard let timer = timers.take(entry.index, generation: entry.generation) else { return }
      happenings += 1
      let node = nodes[Int(timer.node)]
      node.timers[timer.key] = nil
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
      deliver(.closed(broken.connection, broken.reason), to: nodes[Int(broken.node)])
    case .datagram:
      happenings += 1
      guard let datagram = datagrams.take(entry.index, generation: entry.generation) else { return }
      deliver(.datagram(from: datagram.from, datagram.bytes), to: nodes[Int(datagram.to)])
    }
  }

  // MARK: - Events

  func log(_ event: Event, of node: SimulatedNode) {
    node.sequence += 1
    record(event, of: node.name, sequence: node.sequence, at: now + node.skew)
  }

  private func logSupervisor(_ event: Event) {
    observer?.saw(event, at: Instant(microseconds: now))
    supervisorSequence += 1
    record(event, of: "supervisor", sequence: supervisorSequence, at: now)
  }

  private func record(_ event: Event, of name: String, sequence: UInt64, at time: Int64) {
    let at = Instant(microseconds: time)
    event.appendLine(time: at, sequence: sequence, to: &line)
    lines += 1
    digest.update(Array(name.utf8) + [0] + line)
    sink.take(event, line: line, of: name, at: at)
    line.removeAll(keepingCapacity: true)
  }

  // MARK: - The supervisor's core

  /// Hands the core an input, and what its effects bring about, in order.
  private func tell(_ input: SupervisorCore.Input) {
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

  private func perform(_ effect: SupervisorCore.Effect) {
    switch effect {
    case .spawn(let index, _, let addresses):
      let node = nodes[index]
      node.options = node.options.with(addresses)
      node.life &+= 1
      lastPid += 1
      node.pid = lastPid
      inputs.append(.spawned(index, pid: lastPid))
      queue.plan(
        .start, node.index, generation: node.life, at: now + conditions.startDelay(using: &random))
    case .signal(let index, let signal): self.signal(signal, nodes[index])
    case .readState(let index):
      inputs.append(.stateSeen(index, paused: nodes[index].state == .frozen))
    case .disturb(let fault):
      conditions.disturb(plan.faults[fault]) { byName[$0] }
    case .restore(let fault):
      conditions.restore(plan.faults[fault])
      unpark()
    case .writeSeedList(let seeds): seedList = seeds
    case .checkGroups: inputs.append(.groupsSeen(alive: []))
    case .sampleUsage:
      // Virtual time is never short of a processor.
      logSupervisor(
        Event(
          SupervisorEvents.usageSampled,
          [
            "host_busy": .integer(0), "supervisor_cpu": .integer(0),
            "memory_available": .integer(0),
          ]
        ))
    case .log(let event): logSupervisor(event)
    case .finished(let conclusion): self.conclusion = conclusion
    }
  }

  // MARK: - Processes

  private func start(_ node: SimulatedNode, life: UInt32) {
    guard node.life == life, node.state == .down else { return }
    node.state = .up
    // Each life draws anew.
    node.random = SeededGenerator(seed: plan.seed, stream: "\(node.name)#\(node.sequence)")
    node.participant = node.role.make(
      ParticipantSettings(
        options: node.options, seeds: node.role.seedList == .reads ? seedList : []))
    log(
      NodeEvents.ready(
        at: node.address, role: node.role.fullName, version: version, pid: node.pid,
        options: node.options), of: node)
    tell(.ready(Int(node.index), node.address))
    deliver(.started(listening: node.address), to: node)
  }

  private func signal(_ signal: SupervisorCore.Signal, _ node: SimulatedNode) {
    switch signal {
    case .kill:
      vanish(node)
      planExit(node)
    case .pause:
      if node.state == .up { node.state = .frozen }
    case .resume:
      guard node.state == .frozen else { return }
      node.state = .up
      let held = node.held
      node.held = []
      for input in held where node.state != .down { deliver(input, to: node) }
      if node.isTerminationPending { terminate(node) }
    case .terminate: terminate(node)
    }
  }

  private func terminate(_ node: SimulatedNode) {
    switch node.state {
    case .frozen: node.isTerminationPending = true
    case .down:
      // It has not come to its own handler yet: the system's ends it.
      node.endsBySignal = true
      vanish(node)
      planExit(node)
    case .up:
      log(Event(NodeEvents.stopping), of: node)
      deliver(.stopping, to: node)
      log(Event(NodeEvents.stopped), of: node)
      node.endsInOrder = true
      vanish(node)
      planExit(node)
    }
  }

  /// The process is gone; its system closes its connections.
  private func vanish(_ node: SimulatedNode) {
    node.state = .down
    // A start that was planned is off.
    node.life &+= 1
    node.participant = nil
    node.answers = []
    node.held = []
    node.isTerminationPending = false
    for id in node.ends.keys.sorted() { close(id, of: node) }
    node.ends = [:]
    for key in node.timers.values { _ = timers.take(key.index, generation: key.generation) }
    node.timers = [:]
  }

  private func planExit(_ node: SimulatedNode) {
    queue.plan(.exit, node.index, generation: node.life, at: now + 100)
  }

  private func exited(_ node: SimulatedNode, life: UInt32) {
    guard node.life == life else { return }
    let status: SupervisorCore.ExitStatus =
      node.endsInOrder ? .code(0) : .signal(node.endsBySignal ? 15 : 9)
    node.endsInOrder = false
    node.endsBySignal = false
    tell(.exited(Int(node.index), status))
  }

  // MARK: - Participants

  /// Hands an input to a node's participant and carries out what it wants done.
  func deliver(_ input: Input, to node: SimulatedNode) {
    guard node.state == .up else {
      if node.state == .frozen { node.held.append(input) }
      return
    }
    node.participant?.handle(
      input, at: Instant(microseconds: now + node.skew), using: &node.random, emit: &node.effects)
    node.effects.drain { perform($0, of: node) }
    if !node.answers.isEmpty { deliverAnswers(to: node) }
    if node.isFinishing {
      node.isFinishing = false
      terminate(node)
    }
  }

  private func perform(_ effect: Effect, of node: SimulatedNode) {
    switch effect {
    case .connect(let id, let address, let port): dial(id, from: node, port, to: address)
    case .write(let id, let bytes): write(bytes, to: id, of: node)
    case .close(let id): close(id, of: node)
    case .awaitDrain(let id): awaitDrain(id, of: node)
    case .send(let bytes, let address): send(bytes, from: node, to: address)
    case .file(let key, let request): node.answers.append((key, answer(request, of: node)))
    case .setTimer(let key, let instant):
      if let old = node.timers[key] { _ = timers.take(old.index, generation: old.generation) }
      let timer = timers.add((node.index, key))
      node.timers[key] = timer
      queue.plan(
        .timer, timer.index, generation: timer.generation,
        at: max(now, instant.microseconds - node.skew))
    case .cancelTimer(let key):
      guard let old = node.timers.removeValue(forKey: key) else { return }
      _ = timers.take(old.index, generation: old.generation)
    case .log(let event): log(event, of: node)
    case .finish: node.isFinishing = true
    }
  }

  private func send(_ bytes: [UInt8], from node: SimulatedNode, to address: Address) {
    guard let to = byAddress[address] else { return }
    for delay in conditions.datagram(from: node.index, to: to, using: &random) {
      let slot = datagrams.add((node.address, to, bytes))
      queue.plan(.datagram, slot.index, generation: slot.generation, at: now + delay)
    }
  }
}
