import Checks
import Faults
import Foundation
import History
import Messages
import Participants
import Testing
import Topology

/// What a gossip network of two seeds and five peers logged, moment by moment: told by a test,
/// written as a run's folder, collected and judged for real.
///
/// As it begins, all is well: the peers form a ring with two chords, and peer-1 sends a text that
/// everybody gets. Every peer's options imply the same times: frozen neighbours are suspected after
/// 1 s at the earliest and reported within 4 s, links are repaired within 6 s, texts arrive within
/// 7 s, and an unlisting is due 5 s after a death. After a separation all is well again within 42 s.
final class Story {
  struct Line {
    /// In seconds since the run began.
    var moment: Double
    var node: String
    var event: Event
  }

  static let seeds = ["seed-1", "seed-2"]
  static let peers = ["peer-1", "peer-2", "peer-3", "peer-4", "peer-5"]
  static let links = [
    ("peer-1", "peer-2"), ("peer-2", "peer-3"), ("peer-3", "peer-4"), ("peer-4", "peer-5"),
    ("peer-5", "peer-1"), ("peer-1", "peer-3"), ("peer-2", "peer-4"),
  ]
  static let text = "1.5:127.0.0.1:6001:hello"
  private static let began: Int64 = 1_790_000_000_000_000

  var lines: [Line] = []
  var plannedChecks: [String]?
  /// How far the nodes' clocks may be off.
  var clockSkew = Microseconds.zero
  /// Those on the network, which the plan alone describes in full.
  private var disturbances: [Fault] = []
  let stop: Double
  private var faults = 0
  /// Each node's present process.
  private var pids: [String: Int64] = [:]
  private let root = FileManager.default.temporaryDirectory
    .appending(path: "seedbed-checks-\(UUID().uuidString)").path

  init(stop: Double = 30, text: Bool = true) {
    self.stop = stop
    say("supervisor", "run.launched", at: -3, ["nodes": 7])
    for node in Self.seeds + Self.peers { ready(node, at: -2) }
    say("supervisor", "run.began", at: 0)
    for peer in Self.peers { register(peer, at: -0.8) }
    for (a, b) in Self.links { link(a, b, at: -0.5) }
    if text {
      send(Self.text, from: "peer-1", at: 5)
      for peer in Self.peers.dropFirst() { receive(Self.text, peer, at: 5.1) }
    }
    for second in -2...Int(stop) { sample(at: Double(second), busy: 300) }
    say("supervisor", "run.stopping", at: stop, ["reason": "planned"])
    for node in Self.seeds + Self.peers {
      say(node, "node.stopping", at: stop + 0.1)
      say(node, "node.stopped", at: stop + 0.11)
      exit(node, at: stop + 0.2)
    }
    say("supervisor", "run.ended", at: stop + 0.5, ["outcome": "completed", "reason": "planned"])
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  static func address(_ node: String) -> Address {
    let number = node.split(separator: "-").last.flatMap { UInt16($0) } ?? 0
    return Address(host: "127.0.0.1", port: (node.hasPrefix("seed") ? 5_000 : 6_000) + number)
  }

  // MARK: Telling

  /// Adds a line. `peer` is a node's name.
  func say(
    _ node: String, _ kind: String, at moment: Double, peer: String? = nil,
    _ fields: KeyValuePairs<String, any EventValue> = [:]
  ) {
    let event = Event(EventKind(kind, ""), peer: peer.map(Self.address), fields)
    lines.append(Line(moment: moment, node: node, event: event))
  }

  /// Takes back what `node` (or anybody) said of that kind about that peer (or anyone) in that time.
  func unsay(
    _ kind: String, by node: String? = nil, about peer: String? = nil,
    from start: Double = -10, to end: Double = 1_000
  ) {
    lines.removeAll {
      $0.event.kind == kind && (node == nil || $0.node == node)
        && (peer == nil || $0.event.peer == peer.map(Self.address))
        && (start...end).contains($0.moment)
    }
  }

  /// From then on the node logs nothing, and its orderly end is taken back.
  func silence(_ node: String, from moment: Double) {
    lines.removeAll { line in
      line.moment >= moment
        && (line.node == node
          || line.event.kind == "node.exited" && line.event["node"] == .text(node))
    }
  }

  func ready(_ node: String, at moment: Double) {
    let isSeed = node.hasPrefix("seed")
    pids[node, default: 0] += 1
    let options: Event.Value =
      isSeed
      ? .object([])
      : .object([
        ("liveness-interval", .integer(500_000)), ("liveness-misses", .integer(3)),
        ("answer-timeout", .integer(750_000)), ("relink-interval", .integer(1_000_000)),
        ("gossip-delay", .integer(1_000_000)), ("seed-retry", .integer(1_500_000)),
        ("catch-up-window", .integer(60_000_000)),
      ])
    say(
      node, "node.ready", at: moment,
      [
        "address": Self.address(node), "role": isSeed ? "gossip-seed" : "gossip-peer",
        "version": "0", "pid": pids[node] ?? 0, "options": options,
      ])
  }

  func register(_ peer: String, at moment: Double, with seeds: [String] = Story.seeds) {
    for seed in seeds { say(seed, "peer.registered", at: moment, peer: peer) }
  }

  func link(_ a: String, _ b: String, at moment: Double) {
    say(a, "link.opened", at: moment, peer: b, ["direction": "dialled"])
    say(b, "link.opened", at: moment, peer: a, ["direction": "accepted"])
  }

  func close(_ node: String, _ peer: String, at moment: Double, _ reason: String = "ended") {
    say(node, "link.closed", at: moment, peer: peer, ["reason": reason])
  }

  func send(_ text: String, from node: String, at moment: Double) {
    say(node, "gossip.sent", at: moment, ["message": text, "links": 2])
  }

  func receive(_ text: String, _ node: String, at moment: Double) {
    say(node, "gossip.received", at: moment, peer: "peer-1", ["message": text])
  }

  func sample(at moment: Double, busy: Int64) {
    say(
      "supervisor", "usage.sampled", at: moment,
      ["host_busy": busy, "supervisor_cpu": 1, "memory_available": 1])
  }

  /// The same, on a system that tells how long tasks waited, in permille and milliseconds.
  func sample(
    at moment: Double, busy: Int64, pressure: Int64, late: Int64, printedLate: Int64 = 0
  ) {
    say(
      "supervisor", "usage.sampled", at: moment,
      [
        "host_busy": busy, "supervisor_cpu": 1, "memory_available": 1, "runnable": 3,
        "pressure": pressure, "late": late * 1_000, "printed_late": printedLate * 1_000,
      ])
  }

  /// The host has no processor to spare in that time, and the samples come late.
  func overload(from start: Double, to end: Double) {
    unsay("usage.sampled", from: start + 0.01, to: end - 0.01)
    sample(at: end, busy: 1_000)
  }

  /// The supervisor sees that the node's present process has ended.
  func exit(_ node: String, at moment: Double, unexpected: Bool = false) {
    say(
      "supervisor", "node.exited", at: moment,
      ["node": node, "pid": pids[node] ?? 0, "code": 0, "unexpected": unexpected])
  }

  /// The ledger's entries of a fault, from the plan to its confirmation.
  @discardableResult
  func fault(
    _ action: String, _ node: String, at moment: Double, confirmed: Double? = nil
  ) -> Int {
    faults += 1
    let id = faults
    say(
      "supervisor", "fault.planned", at: -2.9,
      ["fault": id, "action": action, "node": node, "at": 1])
    say("supervisor", "fault.applied", at: moment, ["fault": id])
    say("supervisor", "fault.confirmed", at: confirmed ?? moment + 0.01, ["fault": id])
    return id
  }

  /// Ends a node by a fault; nobody has noticed yet.
  func fell(_ node: String, at moment: Double, by action: String = "kill") {
    silence(node, from: moment)
    fault(action, node, at: moment)
    exit(node, at: moment + 0.01)
  }

  /// Ends a node without a fault; nobody has noticed yet.
  func crash(_ node: String, at moment: Double) {
    silence(node, from: moment)
    exit(node, at: moment + 0.01, unexpected: true)
  }

  /// Starts a node that has ended anew.
  func restart(_ node: String, at moment: Double) {
    fault("restart", node, at: moment, confirmed: moment + 0.1)
    ready(node, at: moment + 0.1)
  }

  /// Freezes a node, for a while or to the end; nobody has noticed yet.
  func pause(_ node: String, at moment: Double, for seconds: Double? = nil) {
    let id = fault("pause", node, at: moment)
    let back = seconds.map { moment + $0 } ?? stop + 0.05
    lines.removeAll { $0.node == node && $0.moment > moment && $0.moment < back }
    say("supervisor", "fault.healed", at: back, ["fault": id])
  }

  /// Disturbs what is sent between nodes, for a while or to the end.
  func disturb(
    _ action: Fault.Action = .partition, between from: [String], and to: [String],
    at moment: Double, for seconds: Double? = nil, oneWay: Bool = false
  ) {
    faults += 1
    let id = faults
    disturbances.append(
      Fault(id: faults, action: action, between: from, and: to, oneWay: oneWay, at: .seconds(1)))
    say(
      "supervisor", "fault.planned", at: -2.9,
      [
        "fault": id, "action": action.word, "at": 1, "one_way": oneWay,
        "latency": action.amount ?? 0,
      ])
    say("supervisor", "fault.applied", at: moment, ["fault": id])
    say("supervisor", "fault.confirmed", at: moment, ["fault": id])
    if let seconds { say("supervisor", "fault.healed", at: moment + seconds, ["fault": id]) }
  }

  /// Neighbours find a node dead, and tell the seeds, which drop it.
  func report(
    _ dead: String, by reporters: String..., at moment: Double, close reason: String = "ended"
  ) {
    for reporter in reporters {
      close(reporter, dead, at: moment, reason)
      for seed in Self.seeds {
        say(reporter, "dead.reported", at: moment, peer: dead, ["seed": Self.address(seed)])
        hear(seed, of: dead, from: reporter, at: moment + 0.01)
        say(seed, "peer.removed", at: moment + 0.02, peer: dead, by(reporter))
      }
    }
  }

  func hear(_ seed: String, of dead: String, from reporter: String, at moment: Double) {
    say(seed, "report.received", at: moment, peer: dead, by(reporter))
  }

  func by(_ reporter: String) -> KeyValuePairs<String, any EventValue> {
    ["by": Self.address(reporter)]
  }

  /// peer-5 is killed at 10 s, and both its neighbours report it at once.
  static func ofOneDeath(stop: Double = 30) -> Story {
    let story = Story(stop: stop)
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-4", "peer-1", at: 10.1)
    return story
  }
}

// MARK: - Judging

extension Story {
  /// Writes the run as told so far into a folder of its own and collects it; gives the history's
  /// file.
  func collected() throws -> String {
    let place = "\(root)/\(UUID().uuidString)"
    let folder = "\(place)/20261120-060000-gossip-0a1b"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let nodes = (Self.seeds + Self.peers).map { name in
      let group = String(name.prefix { $0 != "-" })
      return PlannedNode(
        name: name, group: group, role: "gossip-\(group)", options: [:], after: nil, delay: .zero,
        listen: nil)
    }
    var model = NetworkModel()
    model.clockSkew = clockSkew
    let manifest = RunManifest(
      name: "20261120-060000-gossip-0a1b", network: "gossip", driver: "live",
      topology: "gossip.yaml", version: "0", launched: Microseconds(Self.began - 3_000_000),
      plan: Plan(
        network: "gossip", seed: 1, nodes: nodes, faults: disturbances, stopAt: .seconds(30),
        checks: plannedChecks, networkModel: model))
    try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(folder)/plan.json"))
    for (node, lines) in Dictionary(grouping: lines, by: \.node) {
      var bytes: [UInt8] = []
      // Lines of one moment stay in the order in which they were told.
      let ordered = lines.enumerated().sorted {
        ($0.element.moment, $0.offset) < ($1.element.moment, $1.offset)
      }
      for (index, line) in ordered.enumerated() {
        let time = Self.began + Int64((line.element.moment * 1_000_000).rounded())
        line.element.event.appendLine(
          time: Instant(microseconds: time), sequence: UInt64(index + 1), to: &bytes)
      }
      try Data(bytes).write(to: URL(filePath: "\(folder)/\(node).ndjson"))
    }
    let history = "\(place)/history.sqlite"
    var collector = try Collector(folder: RunFolder(folder), history: history)
    let progress = try collector.finish().progress
    #expect(progress.rejected == 0, "the story's lines must be good ones")
    return history
  }

  /// The verdicts of all of the network's checks.
  func judgements() throws -> [Judgement] {
    let judge = try Judge(collected(), run: 1)
    return judge.judge(try CheckLibrary().checks(network: "gossip"))
  }

  /// The verdict of one check.
  func judgement(_ check: String) throws -> Judgement {
    let judge = try Judge(collected(), run: 1)
    let checks = try CheckLibrary().checks([check], network: "gossip")
    return judge.judge(checks)[0]
  }

  /// The checks that did not pass, each with its verdict: `NAME: VERDICT`.
  func objections() throws -> [String] {
    try judgements().filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }
}

extension Judgement {
  /// A column of the kept rows, as text.
  func column(_ name: String) -> [String] {
    guard let index = columns.firstIndex(of: name) else { return [] }
    return rows.map { row in
      switch row[index] {
      case .null: "NULL"
      case .integer(let integer): String(integer)
      case .real(let real): String(real)
      case .text(let text): text
      case .blob(let bytes): "\(bytes)"
      }
    }
  }
}
