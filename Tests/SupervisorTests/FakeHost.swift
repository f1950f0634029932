import Faults
import Participants
import Supervisor
import Testing
import Topology

/// Carries out a core's effects with processes that are only pretended, in virtual time.
struct FakeHost {
  /// How a node's processes behave.
  struct Behaviour {
    var readyAfter: Microseconds? = .milliseconds(3)
    /// The same for a process that is not the node's first.
    var readyAgainAfter: Microseconds? = .milliseconds(3)
    var endsAfterTerminate: Microseconds? = .milliseconds(2)
    /// How it ends then.
    var endsWith = SupervisorCore.ExitStatus.code(0)
    /// Ends unasked, this long after it was started.
    var crashesAfter: Microseconds?
    var crash = SupervisorCore.ExitStatus.signal(11)
    var cannotStart = false
  }

  private struct Process {
    var pid: Int32
    var isPaused = false
    var hasPendingTerminate = false
  }

  private enum Happening {
    case ready(node: Int, pid: Int32)
    case end(node: Int, pid: Int32, SupervisorCore.ExitStatus)
    case paused(node: Int, pid: Int32, Bool)
    case heeds(node: Int, pid: Int32, rules: Int)
    case input(SupervisorCore.Input)
  }

  let plan: Plan
  var core: SupervisorCore
  var behaviours: [Behaviour]
  /// Whether a node that is ready says where it listens.
  var saysAddress = true
  /// Nodes whose group never gets empty.
  var survivors: [Int] = []
  var now = Instant(microseconds: 1_000_000)

  private(set) var trace: [(at: Instant, effect: SupervisorCore.Effect)] = []
  private(set) var conclusion: SupervisorCore.Conclusion?
  private(set) var answers: [(client: Int, answer: SupervisorCore.Answer)] = []
  /// How long a node takes to go by new rules for the network; `nil`: for ever.
  var heedsAfter: Microseconds? = Microseconds(200)
  /// The rules for the network.
  private var rules = 0
  private var faultsOn: [Int] = []
  private var processes: [Process?]
  private var happenings: [(at: Instant, Happening)] = []
  private var lastPid: Int32 = 100
  private var started: Set<Int> = []

  init(_ plan: Plan) {
    self.plan = plan
    core = SupervisorCore(plan: plan, seedLists: ["t-seed": .listed, "t-peer": .reads])
    behaviours = Array(repeating: Behaviour(), count: plan.nodes.count)
    processes = Array(repeating: nil, count: plan.nodes.count)
  }

  mutating func schedule(_ input: SupervisorCore.Input, after delay: Microseconds) {
    happen(.input(input), after: delay)
  }

  /// Runs until the core has finished, or until no more than `limit` has passed.
  mutating func run(for limit: Microseconds = .seconds(600)) {
    let end = now + limit
    feed(.launched)
    while conclusion == nil {
      let next = happenings.map(\.at).min()
      guard let soonest = [next, core.wakeAt].compactMap(\.self).min(), soonest <= end else {
        Issue.record("the run does not end: \(describe)")
        return
      }
      now = max(now, soonest)
      if let index = happenings.firstIndex(where: { $0.at <= now }) {
        let happening = happenings.remove(at: index).1
        take(happening)
      } else {
        feed(.due)
      }
    }
    #expect(processes.allSatisfy { $0 == nil }, "a process is left: \(describe)")
    #expect(core.wakeAt == nil)
  }

  private mutating func take(_ happening: Happening) {
    switch happening {
    case .input(let input): feed(input)
    case .ready(let node, let pid):
      guard processes[node]?.pid == pid else { return }
      feed(.ready(node, saysAddress ? Address(host: "127.0.0.1", port: UInt16(pid)) : nil))
    case .end(let node, let pid, let status):
      guard processes[node]?.pid == pid else { return }
      processes[node] = nil
      feed(.exited(node, status))
    case .paused(let node, let pid, let isPaused):
      guard processes[node]?.pid == pid else { return }
      processes[node]?.isPaused = isPaused
    case .heeds(let node, let pid, let rules):
      guard let process = processes[node], process.pid == pid else { return }
      // One that is frozen reads them when it is continued.
      if process.isPaused {
        happen(happening, after: .milliseconds(1))
      } else {
        feed(.heeded(node, rules: rules))
      }
    }
  }

  private mutating func feed(_ input: SupervisorCore.Input) {
    var effects = core.handle(input, at: now)[...]
    while let effect = effects.popFirst() {
      trace.append((at: now, effect: effect))
      if let answer = carryOut(effect) {
        effects.append(contentsOf: core.handle(answer, at: now))
      }
    }
  }

  private mutating func carryOut(_ effect: SupervisorCore.Effect) -> SupervisorCore.Input? {
    switch effect {
    case .spawn(let node, _, _): return start(node)
    case .signal(let node, let signal): deliver(signal, to: node)
    case .readState(let node):
      return processes[node].map { .stateSeen(node, paused: $0.isPaused) }
    case .rule(let number, let faults):
      #expect(number == rules + 1, "the rules are not counted: \(describe)")
      (rules, faultsOn) = (number, faults)
    case .checkGroups: return .groupsSeen(alive: survivors)
    case .finished(let conclusion): self.conclusion = conclusion
    case .answer(let client, let answer): answers.append((client: client, answer: answer))
    case .writeSeedList, .sampleUsage, .log: break
    }
    return nil
  }

  private mutating func start(_ node: Int) -> SupervisorCore.Input {
    let behaviour = behaviours[node]
    if behaviour.cannotStart { return .spawnFailed(node, "no such file") }
    #expect(processes[node] == nil, "started twice: \(plan.nodes[node].name)")
    lastPid += 1
    processes[node] = Process(pid: lastPid)
    let isFirst = started.insert(node).inserted
    let readyAfter = isFirst ? behaviour.readyAfter : behaviour.readyAgainAfter
    if let readyAfter { happen(.ready(node: node, pid: lastPid), after: readyAfter) }
    if let delay = behaviour.crashesAfter {
      happen(.end(node: node, pid: lastPid, behaviour.crash), after: delay)
    }
    return .spawned(node, pid: lastPid)
  }

  private mutating func deliver(_ signal: SupervisorCore.Signal, to node: Int) {
    guard let process = processes[node] else {
      Issue.record("a signal to \(plan.nodes[node].name), which has ended: \(describe)")
      return
    }
    let brief = Microseconds(300)
    switch signal {
    case .kill: happen(.end(node: node, pid: process.pid, .signal(9)), after: brief)
    case .pause: happen(.paused(node: node, pid: process.pid, true), after: brief)
    case .resume:
      happen(.paused(node: node, pid: process.pid, false), after: brief)
      if process.hasPendingTerminate { end(node, process.pid) }
    case .heed:
      guard let heedsAfter else { return }
      happen(.heeds(node: node, pid: process.pid, rules: rules), after: heedsAfter)
    case .terminate:
      processes[node]?.hasPendingTerminate = true
      if !process.isPaused { end(node, process.pid) }
    }
  }

  private mutating func end(_ node: Int, _ pid: Int32) {
    guard let delay = behaviours[node].endsAfterTerminate else { return }
    happen(.end(node: node, pid: pid, behaviours[node].endsWith), after: delay)
  }

  private mutating func happen(_ happening: Happening, after delay: Microseconds) {
    happenings.append((at: now + delay, happening))
    happenings.sort { $0.at < $1.at }
  }
}

// MARK: - What was seen

extension FakeHost {
  var events: [Event] {
    trace.compactMap { if case .log(let event) = $0.effect { event } else { nil } }
  }

  /// The trace in short, without usage: `spawn peer-1`, `kill peer-1`, `fault.applied 1`, …
  var story: [String] {
    trace.compactMap { tell($0.effect) }
  }

  private func tell(_ effect: SupervisorCore.Effect) -> String? {
    switch effect {
    case .spawn(let node, let listen, let addresses):
      (["spawn \(plan.nodes[node].name) \(listen)"] + addresses.map { "\($0.key)=\($0.value)" })
        .joined(separator: " ")
    case .signal(let node, let signal): "\(signal) \(plan.nodes[node].name)"
    case .writeSeedList(let seeds): "seeds \(seeds.count)"
    case .rule(let number, let faults):
      (["rules \(number):"] + faults.map(String.init)).joined(separator: " ")
    case .log(let event): tell(event)
    case .answer(let client, .done(let faults)):
      "answer \(client): \(faults.map(\.subject).joined(separator: " "))"
    case .answer(let client, .refused): "refuse \(client)"
    case .readState, .checkGroups, .sampleUsage, .finished: nil
    }
  }

  private func tell(_ event: Event) -> String {
    let subject: String
    switch event["fault"] ?? event["node"] {
    case .integer(let fault): subject = " \(fault)"
    case .text(let node): subject = " \(node)"
    case .flag, .object, nil: subject = ""
    }
    return event.kind + subject
  }

  func count(_ entry: String) -> Int { story.count { $0 == entry } }

  /// The position of the first such entry.
  func place(of entry: String) throws -> Int {
    try #require(story.firstIndex(of: entry), "no \(entry) in \(story)")
  }

  /// When the first such entry was made, after the run began.
  func moment(of entry: String) throws -> Microseconds {
    let began = try #require(trace.first { tell($0.effect) == "run.began" }).at
    return try #require(trace.first { tell($0.effect) == entry }, "no \(entry)").at - began
  }

  func event(_ kind: String, node: String) throws -> Event {
    try #require(events.first { $0.kind == kind && $0["node"] == .text(node) })
  }

  var describe: String { story.joined(separator: "\n") }
}

extension Plan {
  /// `seeds` seeds, then `peers` peers that start after them, then those that join late.
  static func small(
    seeds: Int = 1, peers: Int = 2, every: Microseconds = .zero, late: [Microseconds] = [],
    faults: [Fault] = [],
    stopAt: Microseconds = .seconds(10), allowsUnexpectedExits: Bool = false
  ) -> Plan {
    let nodes =
      (1...seeds).map { PlannedNode(name: "seed-\($0)", group: "seed", role: "t-seed") }
      + (0..<peers).map {
        PlannedNode(
          name: "peer-\($0 + 1)", group: "peer", role: "t-peer", after: "seed", delay: every * $0)
      }
      + late.enumerated().map {
        PlannedNode(name: "late-\($0 + 1)", group: "late", role: "t-peer", joins: $1)
      }
    return Plan(
      network: "t", seed: 1, nodes: nodes, faults: faults, stopAt: stopAt,
      allowsUnexpectedExits: allowsUnexpectedExits)
  }
}

extension Fault {
  static func at(
    _ seconds: Int64, _ action: Action, _ node: String, id: Int = 1, lasting: Microseconds? = nil
  ) -> Fault {
    Fault(id: id, action: action, node: node, at: .seconds(seconds), lasting: lasting)
  }

  /// Between peer-1 and the others of a small plan.
  static func at(
    _ seconds: Int64, _ action: Action, id: Int = 1, lasting: Microseconds? = nil
  ) -> Fault {
    Fault(
      id: id, action: action, between: ["peer-1"], and: ["seed-1", "peer-2"], at: .seconds(seconds),
      lasting: lasting)
  }
}
