import Faults
package import Participants
package import Topology

/// Runs a plan: starts its nodes in order, waits until all are ready, applies the faults at their
/// times, stops everything, and says how it went. A pure state machine, like a participant.
///
/// - **Feed it** each ``Input`` with a clock that never runs backwards; the first is
///   ``Input/launched``.
/// - **Carry out** the effects it returns, in order, before the next input.
/// - **Call again** with ``Input/due`` when ``wakeAt`` has come, if nothing else did before.
///
/// It names nodes by their position in the plan and asks for a signal only while the node's process
/// has not been reaped. It knows processes, addresses and faults, and nothing of protocols.
package struct SupervisorCore: Sendable {
  /// How many processes are started before other inputs are looked at again, so that a launch of
  /// thousands can be interrupted.
  static let spawnsAtOnce = 32
  /// How long after a pause or its end the process's state is read again.
  static let stateInterval = Microseconds.milliseconds(5)
  static let usageInterval = Microseconds.seconds(1)
  /// How long the process groups have to become empty when every node has been reaped.
  static let groupsWithin = Microseconds.seconds(2)
  static let groupsInterval = Microseconds.milliseconds(10)

  struct Node {
    enum State {
      /// For its group's turn, or its moment.
      case waiting
      /// ``Effect/spawn(_:listen:addresses:)`` was asked for.
      case spawning
      /// Its process runs and is not ready.
      case starting
      case ready
      /// Its process was reaped, or could not be started.
      case ended
    }

    var state = State.waiting
    var pid: Int32 = 0
    /// Where it listens: what its process said, which a restarted one gets again, or the plan says.
    var address: Address?
    var wasReady = false
    var spawnedAt = Instant(microseconds: 0)
    /// The rules for the network that there were then.
    var spawnedUnder = 0
    var wasTerminated = false
    var wasKilled = false
    /// Kills and stops that the end of its process will confirm.
    var toConfirm: [Int] = []
    var restart: Restart?

    var hasProcess: Bool { state == .starting || state == .ready }

    /// Whether a process that ended like this did what it was told.
    func asked(for status: ExitStatus) -> Bool {
      switch status {
      // A shell says by 128 and its number that a signal ended what it ran.
      case .code(let code):
        (wasTerminated || wasKilled) && code == 0 || wasTerminated && code == 128 + 15
      case .signal(15): wasTerminated
      case .signal(9): wasKilled
      case .signal: false
      }
    }
  }

  /// A restart fault under way.
  enum Restart {
    /// The old process has been killed and has yet to be reaped.
    case ending(fault: Int)
    /// The new process has yet to say `node.ready`.
    case starting(fault: Int)
  }

  enum Phase {
    case launching
    case running(since: Instant)
    case stopping
    case checkingGroups(until: Instant, next: Instant?)
    case ended
  }

  /// With the faults that were asked for meanwhile.
  var plan: Plan
  private let seedLists: [String: SeedListUse]
  /// The groups whose addresses make `config.txt`.
  private let listedGroups: [String]
  var nodes: [Node]
  var phase = Phase.launching
  private(set) var began: Instant?
  private var effects: [Effect] = []
  /// How many nodes are in each state.
  private var counts: [Node.State: Int]

  // Launch.
  /// How many nodes there must be for the run to begin.
  private let launchCount: Int
  /// Nodes whose groups to wait for are not all ready.
  private var gated: [Int]
  /// Nodes whose moment to start is known, soonest last.
  private var scheduled: [(at: Instant, node: Int)] = []
  /// The nodes that others are told the addresses of, and that are not ready.
  private var awaited: Set<Int> = []
  /// How many nodes of each group have yet to become ready for the run to begin.
  private var missing: [String: Int] = [:]
  private var lastSpawn = Instant(microseconds: 0)
  /// Starts since the run began, oldest first; some of those nodes are ready, or started anew since.
  private var lateStarts: ArraySlice<(at: Instant, node: Int)> = []

  // Faults.
  /// The position of each node in the plan.
  let places: [String: Int]
  var faultsDone = 0
  var pauses: [Pause] = []
  var spells: [Spell] = []
  var asked: [Asked] = []
  /// The number of the last rules for the network.
  var rules = 0

  // The end.
  var isInterrupted = false
  var failure: String?
  var launchFailure: ExitStatus?
  var storageFailed = false
  var blamed: [Int] = []
  var unexpectedExits: [(node: Int, status: ExitStatus)] = []
  var stubborn: [Int] = []
  var killAt: Instant?
  var isKilling = false
  private var nextUsage = Instant(microseconds: 0)

  /// - Parameter seedLists: what each role of the plan, by full name, does with `config.txt`.
  package init(plan: Plan, seedLists: [String: SeedListUse]) {
    self.plan = plan
    self.seedLists = seedLists
    var listed: [String] = []
    for node in plan.nodes where seedLists[node.role] == .listed && !listed.contains(node.group) {
      listed.append(node.group)
    }
    listedGroups = listed
    nodes = plan.nodes.enumerated().map { index, node in
      Node(address: node.knownAddress.map { plan.address(of: index, listening: $0) })
    }
    counts = [.waiting: plan.nodes.count]
    gated = plan.nodes.indices.filter { plan.nodes[$0].joins == nil }
    for index in gated { missing[plan.nodes[index].group, default: 0] += 1 }
    launchCount = gated.count
    let places = Dictionary(
      plan.nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.places = places
    awaited = Set(gated.flatMap { Self.references(of: $0, in: plan, places) })
  }

  /// Takes what happened, and gives what is to be done, in order.
  package mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    defer { effects.removeAll() }
    if case .ended = phase { return [] }
    // First of all, because what follows may take its time.
    if now >= nextUsage {
      effects.append(.sampleUsage)
      nextUsage = now + Self.usageInterval
    }
    switch input {
    case .launched: launch(at: now)
    case .spawned(let node, let pid): spawned(node, pid: pid, at: now)
    case .spawnFailed(let node, let why):
      move(node, to: .ended)
      fail("\(plan.nodes[node].name) could not be started: \(why)", at: now)
    case .ready(let node, let address): ready(node, address, at: now)
    case .exited(let node, let status): exited(node, status, at: now)
    case .stateSeen(let node, let isPaused): stateSeen(node, isPaused: isPaused)
    case .heeded(let node, let rules): heeded(node, rules: rules)
    case .due: spawnScheduled(at: now)
    case .interrupted: interrupt(at: now)
    case .continued(let idle): continued(after: idle)
    case .failed(let why): fail(why, at: now)
    case .storageFailed(let why): failStorage(why, at: now)
    case .groupsSeen(let alive): groupsSeen(alive: alive, at: now)
    case .faultAsked(let fault, let client): faultAsked(fault, by: client, at: now)
    case .stopAsked: stopAsked(at: now)
    }
    advance(to: now)
    return effects
  }

  /// When ``Input/due`` is to be handled. `nil` once the run has ended.
  package var wakeAt: Instant? {
    let soonest: Instant? =
      switch phase {
      case .launching:
        earliest(scheduled.last?.at, readinessDeadline)
      case .running(let since):
        earliest(
          nextFaultAt(since), nextPauseStep, nextSpellEnd, scheduled.last?.at,
          readinessDeadline, lateStarts.isEmpty ? since + plan.stopAt : nil)
      case .stopping: killAt
      case .checkingGroups(_, let next): next
      case .ended: nil
      }
    if case .ended = phase { return nil }
    return earliest(soonest, nextUsage)
  }

  private func earliest(_ instants: Instant?...) -> Instant? { instants.compactMap(\.self).min() }

  /// What time alone makes due.
  private mutating func advance(to now: Instant) {
    if case .launching = phase {
      checkReadiness(at: now)
      beginIfAllReady(at: now)
    }
    if case .running(let since) = phase {
      endSpells(at: now)
      applyFaults(since: since, at: now)
      advancePauses(to: now)
      checkReadiness(at: now)
      // Who was started before the stop, and is on its way, is waited for.
      if now >= since + plan.stopAt, lateStarts.isEmpty { stop("planned", at: now) }
    }
    if case .stopping = phase {
      if let due = killAt, now >= due { killTheRest() }
      checkGroupsIfAllEnded(at: now)
    }
    checkGroupsAgain(at: now)
  }

  mutating func move(_ node: Int, to state: Node.State) {
    counts[nodes[node].state, default: 0] -= 1
    counts[state, default: 0] += 1
    nodes[node].state = state
  }

  func count(_ state: Node.State) -> Int { counts[state] ?? 0 }

  mutating func log(_ kind: EventKind, _ fields: KeyValuePairs<String, any EventValue> = [:]) {
    effects.append(.log(Event(kind, fields)))
  }

  mutating func emit(_ effect: Effect) { effects.append(effect) }

  func name(_ node: Int) -> String { plan.nodes[node].name }

  /// `peer-1, peer-2, peer-3 and 12 more`.
  func names(_ nodes: some Collection<Int>) -> String {
    abbreviated(nodes.lazy.map { plan.nodes[$0].name })
  }

  package var progress: Progress {
    var progress = Progress(
      phase: .ended, nodes: nodes.count, ready: count(.ready),
      live: count(.starting) + count(.ready), down: count(.ended), faults: plan.faults.count,
      faultsDone: faultsDone, began: began)
    switch phase {
    case .launching:
      progress.phase = .launching
      progress.nodes = launchCount
    case .running: progress.phase = .running
    case .stopping, .checkingGroups: progress.phase = .stopping
    case .ended: break
    }
    return progress
  }
}

// MARK: - Launch

extension SupervisorCore {
  private mutating func launch(at now: Instant) {
    log(SupervisorEvents.runLaunched, ["nodes": nodes.count])
    for fault in plan.faults { effects.append(.log(Event(planned: fault))) }
    lastSpawn = now
    if listedGroups.isEmpty { emit(.writeSeedList([])) }
    openGates(at: now)
  }

  /// The groups that must be ready before the node starts: the one it names, and the seeds if it
  /// reads their list.
  private func groupsBefore(_ node: PlannedNode) -> [String] {
    (node.after.map { [$0] } ?? []) + (seedLists[node.role] == .reads ? listedGroups : [])
  }

  /// The nodes whose addresses a node is told and that are not ready yet. It waits for those that
  /// come before it in the plan: then no two wait for one another.
  private func nodesBefore(_ index: Int) -> [Int] {
    Self.references(of: index, in: plan, places).filter { !nodes[$0].wasReady }
  }

  /// A program that is told of its own group as a whole waits for none of it: the plan says where.
  private static func references(of index: Int, in plan: Plan, _ places: [String: Int]) -> [Int] {
    let node = plan.nodes[index]
    return node.addresses.filter { $0.key != node.group || plan.program(of: node) == nil }.values
      .joined()
      .compactMap { places[$0] }.filter { $0 < index }
  }

  /// Gives a moment to start to every node that need not wait for a group any more.
  private mutating func openGates(at now: Instant) {
    var still: [Int] = []
    for index in gated {
      let node = plan.nodes[index]
      if groupsBefore(node).allSatisfy({ missing[$0] == 0 }), nodesBefore(index).isEmpty {
        scheduled.append((at: now + node.delay, node: index))
      } else {
        still.append(index)
      }
    }
    gated = still
    scheduled.sort { ($1.at, $1.node) < ($0.at, $0.node) }
  }

  private mutating func spawnScheduled(at now: Instant) {
    switch phase {
    case .launching, .running: break
    case .stopping, .checkingGroups, .ended: return
    }
    for _ in 0..<Self.spawnsAtOnce {
      guard let next = scheduled.last, next.at <= now else { return }
      scheduled.removeLast()
      spawn(next.node, listen: plan.nodes[next.node].listen ?? "127.0.0.1:0", at: now)
    }
  }

  private mutating func spawn(_ index: Int, listen: String, at now: Instant) {
    move(index, to: .spawning)
    nodes[index].spawnedAt = now
    nodes[index].spawnedUnder = rules
    nodes[index].wasTerminated = false
    nodes[index].wasKilled = false
    lastSpawn = now
    if case .running = phase { lateStarts.append((at: now, node: index)) }
    emit(.spawn(index, listen: listen, addresses: plan.nodes[index].addresses.mapValues(resolve)))
  }

  /// The addresses of the nodes that are named. One that never became ready has none.
  private func resolve(_ names: [String]) -> OptionValue {
    .addresses(
      names.compactMap { name in
        guard let node = places[name] else { return name }
        return nodes[node].address?.description
      })
  }

  /// The same node again, at the address that others know it by.
  mutating func spawnAgain(_ index: Int, at now: Instant) {
    let known = nodes[index].address.map { plan.listening(of: index, reachedAt: $0).description }
    spawn(index, listen: known ?? plan.nodes[index].listen ?? "127.0.0.1:0", at: now)
  }

  private mutating func spawned(_ index: Int, pid: Int32, at now: Instant) {
    move(index, to: .starting)
    nodes[index].pid = pid
    log(SupervisorEvents.nodeSpawned, ["node": name(index), "pid": pid])
    // It may have read them before they changed.
    if nodes[index].spawnedUnder != rules, !isProgram(index) { emit(.signal(index, .heed)) }
    if case .stopping = phase { isKilling ? kill(index) : terminate(index) }
  }

  private mutating func ready(_ index: Int, _ address: Address?, at now: Instant) {
    guard nodes[index].state == .starting else { return }
    move(index, to: .ready)
    let known = nodes[index].address
    nodes[index].wasReady = true
    nodes[index].address = address ?? known
    if nodes[index].address != known { addressIsNew(index) }
    if isProgram(index) { logProgramReady(index) }
    switch phase {
    case .launching:
      let group = plan.nodes[index].group
      missing[group, default: 0] -= 1
      if missing[group] == 0 { writeSeedListIfComplete(group) }
      if missing[group] == 0 || awaited.remove(index) != nil { openGates(at: now) }
    case .running: confirmRestart(of: index)
    case .stopping, .checkingGroups, .ended: break
    }
  }

  private mutating func writeSeedListIfComplete(_ group: String) {
    guard listedGroups.contains(group), listedGroups.allSatisfy({ missing[$0] == 0 }) else {
      return
    }
    let listed = plan.nodes.indices.filter { listedGroups.contains(plan.nodes[$0].group) }
    emit(.writeSeedList(listed.compactMap { nodes[$0].address }))
  }

  private mutating func beginIfAllReady(at now: Instant) {
    guard case .launching = phase, missing.values.allSatisfy({ $0 == 0 }) else { return }
    phase = .running(since: now)
    began = now
    log(SupervisorEvents.runBegan)
    scheduleLateJoiners(since: now)
  }

  private mutating func scheduleLateJoiners(since began: Instant) {
    for (index, node) in plan.nodes.enumerated() {
      if let joins = node.joins { scheduled.append((at: began + joins, node: index)) }
    }
    scheduled.sort { ($1.at, $1.node) < ($0.at, $0.node) }
  }

  /// When the nodes that were started must be ready: those of the launch when the last of them has
  /// had the time, later each on its own. `nil` while none is awaited or more of the launch are
  /// about to start.
  private var readinessDeadline: Instant? {
    if began == nil {
      return scheduled.isEmpty && count(.starting) > 0 ? lastSpawn + plan.readyWithin : nil
    }
    return lateStarts.first.map { $0.at + plan.readyWithin }
  }

  /// Whether a node was started then and is not ready.
  private func isAwaited(_ start: (at: Instant, node: Int)) -> Bool {
    let node = nodes[start.node]
    return node.spawnedAt == start.at && (node.state == .spawning || node.state == .starting)
  }

  private mutating func checkReadiness(at now: Instant) {
    while let first = lateStarts.first, !isAwaited(first) { lateStarts.removeFirst() }
    if let deadline = readinessDeadline, now >= deadline {
      blamed = nodes.indices.filter { index in
        nodes[index].state == .starting
          && (began == nil || now >= nodes[index].spawnedAt + plan.readyWithin)
      }
      fail("not ready within \(plan.readyWithin): \(whatIsMissing)\(whoWaits)", at: now)
    } else if scheduled.isEmpty, !gated.isEmpty, count(.spawning) + count(.starting) == 0 {
      fail("no node can start" + whoWaits, at: now)
    }
  }

  private var whoWaits: String {
    gated.isEmpty ? "" : "; not started: \(names(gated)), waiting for \(whatIsAwaited)"
  }

  private var whatIsAwaited: String {
    var awaited: [String] = []
    for index in gated {
      for group in groupsBefore(plan.nodes[index])
      where missing[group] != 0 && !awaited.contains(group) {
        awaited.append(group)
      }
      for node in nodesBefore(index).map({ plan.nodes[$0].name })
      where !awaited.contains(node) {
        awaited.append(node)
      }
    }
    return awaited.joined(separator: ", ")
  }
}
