import CProcess
import Clock
import Faults
import Glibc
import Messages
package import Participants
package import Topology

/// Watches a run, for a display.
package protocol RunObserver: AnyObject {
  /// The supervisor wrote this event.
  func saw(_ event: Event, at now: Instant)
  /// Called when something has happened, and at least every ``interval``.
  func show(_ progress: SupervisorCore.Progress, at now: Instant)
  /// `nil` for no calls without an event.
  var interval: Microseconds? { get }
}

/// Carries out what a ``SupervisorCore`` asks for: one event loop over processes, signals, the
/// nodes' log lines that are awaited and time. It takes no decision of its own.
///
/// Make and run it on the main thread: the nodes die with the thread that started them, so that a
/// supervisor that is killed leaves none behind.
package final class Supervisor {
  static let loopback = "127.0.0.1"

  private let plan: Plan
  private let folder: LiveRunFolder
  private let command: NodeCommand
  private let stopRequest: StopRequest
  private let observer: any RunObserver
  private let clock = SteadyClock()
  private let openFiles: UInt64
  private let epoll: Descriptor
  private let signals: Descriptor
  private var carrier: any Carrier

  private var core: SupervisorCore
  private var effects: ArraySlice<SupervisorCore.Effect> = []
  private var log: SupervisorLog
  private var storageHasFailed = false
  private var logWatch: LogWatch
  private var readyProbe = ReadyProbe()
  /// `nil` for a plan without programs.
  private var programs: Programs?
  private var control: ControlSocket
  /// The process that the run must not outlive, and its ID.
  private var owner: (descriptor: Descriptor, pid: Int32)?
  private var usage: HostUsage
  /// The process of each node that has one.
  private var processes: [NodeProcess?]
  /// Groups that still had members when their leader was reaped.
  private var lingering: [(node: Int, group: ProcessGroup)] = []
  private var conclusion: SupervisorCore.Conclusion?
  /// When the event loop began its last two turns.
  private var turns: (last: Instant, current: Instant)

  /// From here on what people and systems end processes by stops the run (SIGINT, SIGTERM, SIGHUP and
  /// others); make it before starting other threads. A plan with isolation takes the process into a
  /// network of its own.
  ///
  /// - Parameters:
  ///   - seedLists: what each role of the plan, by full name, does with `config.txt`.
  ///   - owner: a process with whose end, whatever it is, the run ends.
  /// - Throws: where the system has no descriptors or processes left, or the carrier of faults cannot be set up.
  package init(
    plan: Plan, seedLists: [String: SeedListUse], folder: LiveRunFolder, command: NodeCommand,
    stopRequest: StopRequest, owner: Int32?, observer: any RunObserver
  ) throws(SupervisorError) {
    // First of all: what comes while the rest is made stops the run in order.
    signals = try .taking(cprocess_signals_open(), for: "a signal queue")
    try NodeProcess.checkSystem()
    openFiles = OpenFiles.raiseLimit()
    programs = try Programs(
      plan, in: folder, environment: command.environment, at: clock.now)
    let plan = programs?.plan ?? plan
    self.plan = plan
    self.folder = folder
    self.command = command
    self.stopRequest = stopRequest
    self.observer = observer
    usage = HostUsage(at: clock.now)
    carrier = try plan.isolation.carrier(plan, command, in: folder)
    core = SupervisorCore(plan: plan, seedLists: seedLists)
    processes = Array(repeating: nil, count: plan.nodes.count)
    logWatch = LogWatch(folder)
    control = try ControlSocket(folder)
    log = try SupervisorLog(folder.ownLog, nodes: plan.nodes.count)
    epoll = try .taking(cprocess_epoll_open(), for: "an event loop")
    turns = (clock.now, clock.now)
    try wait(on: signals.number, Token.signals)
    try wait(on: stopRequest.descriptor, Token.stopRequest)
    if let watch = programs?.printed.watch { try wait(on: watch.number, Token.printed) }
    if let listener = control.listener { try wait(on: listener.number, Token.control) }
    if let descriptor = carrier.descriptor { try wait(on: descriptor.number, Token.carrier) }
    if let owner { try watch(owner) }
  }

  private func watch(_ pid: Int32) throws(SupervisorError) {
    guard let descriptor = Descriptor(cprocess_pidfd_open(pid)) else {
      throw SupervisorError("there is no process \(pid) that the run could end with")
    }
    try wait(on: descriptor.number, Token.owner)
    owner = (descriptor, pid)
  }

  /// Runs the plan to its end. Every node has ended when it returns, and the signals have their usual
  /// effects again.
  ///
  /// - Throws: where what the supervisor itself needs fails; what a node does never throws.
  package func run() throws(SupervisorError) -> SupervisorCore.Conclusion {
    handle(.launched)
    while true {
      turns = (turns.current, clock.now)
      carryOut()
      observer.show(core.progress, at: clock.now)
      if let conclusion {
        note(programs?.printed.noteAll { self.clock.now })
        log.release()
        control.finish(
          Control.Answer(outcome: conclusion.outcome.rawValue, reason: conclusion.reason))
        folder.removeEmptyOutputs(of: plan.nodes.map(\.name) + [RelayCarrier.name])
        cprocess_signals_unblock()
        return conclusion
      }
      try waitForInputs()
      handle(.due)
    }
  }

  private func handle(_ input: SupervisorCore.Input) {
    effects.append(contentsOf: core.handle(input, at: clock.now))
  }

  // MARK: - Inputs

  private func wait(on descriptor: CInt, _ token: UInt64) throws(SupervisorError) {
    let result = cprocess_epoll_add(epoll.number, descriptor, token)
    guard result == 0 else {
      throw SupervisorError(
        "cannot wait for events: \(SupervisorError.text(of: -result))", exitCode: .error)
    }
  }

  private func waitForInputs() throws(SupervisorError) {
    var tokens = [UInt64](repeating: 0, count: 64)
    let longest = millisecondsToWait
    let start = clock.now
    let count = unsafe cprocess_epoll_wait(epoll.number, &tokens, CInt(tokens.count), longest)
    if longest >= 0 { usage.woke(late: clock.now - start - .milliseconds(Int64(longest))) }
    guard count >= 0 else {
      throw SupervisorError(
        "cannot wait for events: \(SupervisorError.text(of: -count))", exitCode: .error)
    }
    for token in tokens.prefix(Int(count)) {
      switch token {
      case Token.signals:
        takeSignals()
      case Token.stopRequest:
        if let reason = stopRequest.take() { handle(.failed(reason)) }
      case Token.logWatch:
        take(logWatch.take())
      case Token.printed:
        note(programs?.printed.note { self.clock.now })
      case Token.control:
        guard let (place, descriptor) = control.accept() else { break }
        try wait(on: descriptor, Token.firstClient + UInt64(place))
      case Token.carrier:
        let why = carrier.failure.description
        // There is nothing more to carry out.
        carrier = DriverCarrier(folder)
        handle(.failed(why))
      case Token.owner:
        guard let pid = owner?.pid else { break }
        owner = nil
        handle(.failed("process \(pid), which the run was bound to, has ended"))
      case Token.firstClient..<Token.firstNode:
        if let (client, request) = control.request(at: Int(token - Token.firstClient)) {
          take(request, of: client)
        }
      default:
        reap(Int(token - Token.firstNode))
      }
      carryOut()
    }
    for ready in readyProbe.take(at: clock.now) { self.ready(ready.node, ready.address) }
    take(logWatch.look(at: clock.now))
    note(programs?.printed.look { self.clock.now })
    if tokens.prefix(Int(count)).contains(Token.printed) {
      // A program that prints without a pause wakes the supervisor no more often than this.
      PrintedTimes.pause()
    } else if Int(count) < tokens.count {
      programs?.printed.seenAll(before: start)
    }
  }

  /// Until the core's next moment, or the display's.
  private var millisecondsToWait: CInt {
    var moments: [Microseconds] = []
    if let wake = core.wakeAt { moments.append(wake - clock.now) }
    for wake in [readyProbe.wakeAt, logWatch.wakeAt, programs?.printed.wakeAt] {
      if let wake { moments.append(wake - clock.now) }
    }
    if let interval = observer.interval { moments.append(interval) }
    if programs?.printed.isWatching == true { moments.append(PrintedTimes.longestSleep) }
    guard let soonest = moments.min() else { return -1 }
    return CInt(clamping: max(0, (soonest.count + 999) / 1_000))
  }

  private func takeSignals() {
    while true {
      switch cprocess_signals_next(signals.number) {
      case 0: return
      case SIGCONT: handle(.continued(after: clock.now - turns.last))
      // At once, as if it had been asked for twice.
      case SIGQUIT: for _ in 1...2 { handle(.interrupted) }
      default: handle(.interrupted)
      }
    }
  }

  private func take(_ words: [(node: Int, word: LogWatch.Word)]) {
    for (node, word) in words {
      switch word {
      case .ready(let address): ready(node, address)
      case .heeded(let rules): handle(.heeded(node, rules: rules))
      }
    }
  }

  private func ready(_ node: Int, _ address: Address?) {
    do throws(SupervisorError) {
      guard processes[node] != nil else { return handle(.ready(node, address)) }
      handle(.ready(node, try carrier.opened(node, heard: address)))
    } catch { handle(.failed(error.description)) }
  }

  private func reap(_ node: Int) {
    guard let process = processes[node], let status = process.reap() else { return }
    processes[node] = nil
    forget(node)
    do throws(SupervisorError) {
      try carrier.ended(node)
    } catch { handle(.failed(error.description)) }
    let group = ProcessGroup(leader: process.pid)
    if !group.isEmpty { lingering.append((node: node, group: group)) }
    // A node that cannot write its log ends: the disk is to blame then, and not the node.
    if case .code(1...) = status, let full = log.findRoom() {
      storageFailed(folder.path, full)
    }
    handle(.exited(node, status))
  }

  private func take(_ request: Control.Request, of client: Int) {
    switch request.ask {
    case .status:
      control.answer(client, Control.Answer(status: Control.Status(core.progress)))
    case .fault:
      do throws(TopologyError) {
        let fault = try Fault(
          asking: request.action ?? "", request.target ?? "", lasting: request.lasting)
        take(fault, of: client)
      } catch {
        let problems = error.problems.map(\.message).joined(separator: "; ")
        control.answer(client, Control.Answer(refusal: problems))
      }
    case .stop: handle(.stopAsked)
    }
  }

  private func take(_ fault: Fault, of client: Int) {
    do throws(SupervisorError) {
      try carrier.check(fault.action)
      handle(.faultAsked(fault, by: client))
    } catch {
      control.answer(client, Control.Answer(refusal: error.description))
    }
  }

  // MARK: - Effects

  private func carryOut() {
    while let effect = effects.popFirst() {
      if case .log(let event) = effect {
        write(event)
        continue
      }
      flushLog()
      switch effect {
      case .log: break
      case .spawn(let node, let listen, let addresses):
        start(node, listen: listen, addresses: addresses)
      case .signal(let node, let signal): self.signal(node, signal)
      case .readState(let node):
        guard let process = processes[node] else { break }
        handle(.stateSeen(node, paused: process.isPaused))
      case .rule(let number, let faults): writeRules(number, faults)
      case .writeSeedList(let seeds):
        do throws(SupervisorError) {
          try folder.write(seedList: seeds)
        } catch { handle(.failed(error.description)) }
      case .checkGroups:
        lingering.removeAll(where: \.group.isEmpty)
        handle(.groupsSeen(alive: lingering.map(\.node)))
      case .sampleUsage:
        write(usage.sample(at: clock.now, printedLate: programs?.printed.takeLateness()))
        for event in usage.sample(zip(plan.nodes, processes).map { ($0.name, $1?.pid) }) {
          write(event)
        }
      case .answer(let client, .done(let faults)):
        let shown = Array(faults.prefix(Control.Answer.mostFaults))
        control.answer(client, Control.Answer(faults: shown))
      case .answer(let client, .refused(let why)):
        control.answer(client, Control.Answer(refusal: why))
      case .finished(let conclusion): self.conclusion = conclusion
      }
    }
    flushLog()
  }

  private func write(_ event: Event) {
    let now = clock.now
    log.append(event, at: now)
    observer.saw(event, at: now)
  }

  private func flushLog() {
    if let number = log.flush() { storageFailed(folder.ownLog, number) }
  }

  private func storageFailed(_ path: String, _ number: CInt) {
    guard !storageHasFailed else { return }
    storageHasFailed = true
    handle(.storageFailed("cannot write \(path): \(SupervisorError.text(of: number))"))
  }

  /// The node is not awaited any more.
  private func forget(_ node: Int) {
    logWatch.forget(plan.nodes[node].name)
    readyProbe.forget(node)
    programs?.tell(node, group: nil)
  }

  private func signal(_ node: Int, _ signal: SupervisorCore.Signal) {
    do throws(SupervisorError) {
      // The carrier goes by them already.
      if signal == .heed, !carrier.tellsNodes {
        return handle(.heeded(node, rules: core.rules))
      }
      if signal == .heed,
        let watch = try logWatch.awaitRules(core.rules, of: node, named: plan.nodes[node].name)
      {
        try wait(on: watch.number, Token.logWatch)
      }
    } catch { handle(.failed(error.description)) }
    processes[node]?.signal(signal)
  }

  private func writeRules(_ number: Int, _ faults: [Int]) {
    do throws(SupervisorError) {
      if let event = try carrier.apply(core.networkRules(number, faults)) { write(event) }
    } catch { handle(.failed(error.description)) }
  }

  private func start(_ node: Int, listen: String, addresses: [String: OptionValue]) {
    let planned = plan.nodes[node]
    do throws(SupervisorError) {
      var launch: Launch
      if let program = plan.program(of: planned), programs != nil {
        launch = try prepare(node, program, listen: listen, addresses: addresses)
      } else {
        try awaitLine(node, by: .event, in: RunFiles.log(of: planned.name))
        launch = command.launch(
          command.arguments(
            for: planned, listen: listen,
            advertising: carrier.advertisedHost(of: node), addresses: addresses, seed: plan.seed,
            in: folder),
          output: folder.output(of: planned.name), openFiles: openFiles)
      }
      launch.network = carrier.namespace(of: node)
      let process = try launch.start()
      processes[node] = process
      try carrier.started(node, pid: process.pid)
      if plan.program(of: planned) != nil { programs?.tell(node, group: process.pid) }
      try wait(on: process.descriptor.number, Token.firstNode + UInt64(node))
      handle(.spawned(node, pid: process.pid))
    } catch {
      processes[node]?.signal(.kill)
      processes[node] = nil
      forget(node)
      handle(.spawnFailed(node, error.description))
    }
  }

  private func prepare(
    _ node: Int, _ program: Program, listen: String, addresses: [String: OptionValue]
  ) throws(SupervisorError) -> Launch {
    let planned = plan.nodes[node]
    let launch = try programs?.launch(
      node, program, listen: listen, addresses: addresses, openFiles: openFiles)
    guard let launch else { preconditionFailure("a program that the plan does not have") }
    let printed = RunFiles.output(of: planned.name)
    func address(_ port: UInt16?) -> Address? {
      port.map { Address(host: planned.host, port: $0) } ?? Address(parsing: listen)
    }
    switch program.ready {
    case .event:
      try awaitLine(
        node, by: .programEvent,
        in: program.writesLog ? RunFiles.log(of: planned.name) : printed)
    case .log:
      if let pattern = programs?.readyPatterns[planned.group] {
        try awaitLine(node, by: .line(pattern, host: planned.host), in: printed)
      }
    case .tcp(let port):
      if let address = address(port) {
        readyProbe.await(node, .accepts, at: address, now: clock.now)
      }
    case .http(let port, let path):
      if let address = address(port) {
        readyProbe.await(node, .answers(path: path), at: address, now: clock.now)
      }
    }
    return launch
  }

  private func awaitLine(
    _ node: Int, by sign: LogWatch.Sign, in file: String
  ) throws(SupervisorError) {
    if let watch = try logWatch.awaitReady(node, by: sign, in: file) {
      try wait(on: watch.number, Token.logWatch)
    }
  }

  /// What could not be noted is the end of the run: times would be missing.
  private func note(_ failed: CInt?) {
    if let failed { storageFailed(folder.printedTimes, failed) }
  }
}
