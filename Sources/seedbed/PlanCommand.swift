import Arguments
import FoundationEssentials
import History
import Messages
import Networks
import Participants
import Session
import Topology

/// `seedbed plan`: what a run would do, without doing it.
enum PlanCommand: SeedbedCommand {
  static let command = Command(
    "plan", "Print what a topology makes of a seed, without running it.",
    discussion: """
      The plan has every node with its options, and every fault with its target and time. The \
      same topology, changes and seed always give the same plan; 'run' makes it in the same way.
      """,
    examples: [
      Example("seedbed plan topologies/gossip.yaml", "With a random seed, which is printed."),
      Example(
        "seedbed plan topologies/gossip.yaml --seed 7 --set groups.peer.count=50",
        "Another size; always the same victims."),
    ],
    positionals: [Positional("TOPOLOGY", "The topology file.")],
    options: [
      .set, .seed,
      Option(
        "format", .choice("FORMAT", ["table", "json"]), "How the plan is printed.",
        .defaulted("table")),
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try TopologyFile(reading: arguments.require("TOPOLOGY"))
    let topology = try Topology(
      file, overrides: arguments.all("set"), roles: Networks.roles, checks: nil)
    let plan = topology.plan(seed: arguments.seed)
    var output = StandardOutput()
    if arguments["format"] == "json" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      output.write(contentsOf: try encoder.encode(plan))
      output.write("\n")
    } else {
      writeTables(plan, to: &output)
    }
    try output.finish()
    return .success
  }

  private static func writeTables(_ plan: Plan, to output: inout StandardOutput) {
    let facts = [
      ["network", plan.network],
      ["seed", String(plan.seed)],
      ["nodes", String(plan.nodes.count)],
      ["ready", "within \(plan.readyWithin)"],
      ["stop", "at \(plan.stopAt), within \(plan.stopWithin)"],
      ["between nodes", plan.isolation.words],
      ["unexpected exits", plan.allowsUnexpectedExits ? "allowed" : "fail the run"],
      ["checks", plan.checks.map { $0.joined(separator: ", ") } ?? "all of the network"],
    ]
    write(facts, to: &output)
    output.write("\n")
    let alike = plan.nodes.reduce(into: [[PlannedNode]]()) { ranges, node in
      if let last = ranges.last?.last, last.group == node.group, last.options == node.options {
        ranges[ranges.count - 1].append(node)
      } else {
        ranges.append([node])
      }
    }
    write(
      [["NODES", "ROLE", "START", "OPTIONS"]] + alike.compactMap { row($0, plan) }, to: &output)
    guard !plan.faults.isEmpty else { return }
    output.write("\n")
    let faults = plan.faults.map { fault in
      let lasting =
        fault.lasting.map { "for \($0)" }
        ?? (fault.action == .pause || fault.action.isOnNetwork ? "to the end" : "")
      return [
        String(fault.id), fault.at.description, fault.action.rawValue, fault.subject, amount(fault),
        lasting,
      ]
    }
    write([["FAULT", "AT", "ACTION", "ON", "", ""]] + faults, to: &output)
  }

  /// How much a fault on the network does.
  private static func amount(_ fault: PlannedFault) -> String {
    let loss = fault.network?.loss.map { "\(Double($0) / Double(NetworkModel.million))" }
    let latency = fault.network?.latency.map { "+\($0)" }
    let bandwidth = fault.network?.bandwidth.map(NetworkModel.text)
    return loss ?? latency ?? bandwidth ?? ""
  }

  /// One line for neighbouring nodes with the same options, or the same program.
  private static func row(_ alike: [PlannedNode], _ plan: Plan) -> [String]? {
    guard let first = alike.first, let last = alike.last else { return nil }
    let names = alike.count == 1 ? first.name : "\(first.name) to \(last.name)"
    let options = first.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let words = plan.program(of: first)?.command ?? options
    let nat = first.nat.map { ", behind \($0.model.isShared ? "one NAT" : "NATs"): \($0.model)" }
    let hosts = [first.listen, first.also].compactMap(\.self).joined(separator: " and ")
    let place = hosts.isEmpty ? "" : ", at \(hosts)"
    return [
      names, first.role, start(first, last) + (nat ?? "") + place,
      words.joined(separator: " "),
    ]
  }

  /// When nodes start, given the first and the last of them.
  private static func start(_ first: PlannedNode, _ last: PlannedNode) -> String {
    if let from = first.joins, let to = last.joins {
      return from == to ? "joins at \(from)" : "joins at \(from) to \(to)"
    }
    let moment = first.after.map { "after \($0)" } ?? "at launch"
    if last.delay == .zero { return moment }
    return first.delay == last.delay
      ? "\(moment) + \(first.delay)" : "\(moment) + \(first.delay) to \(last.delay)"
  }

  private static func write(_ rows: [[String]], to output: inout StandardOutput) {
    for line in aligned(rows) { output.write(line + "\n") }
  }
}

extension Isolation {
  /// What is between the nodes of a live run.
  fileprivate var words: String {
    switch self {
    case .none: "nothing: all are on the machine's loopback"
    case .relay: "a relay"
    case .namespace: "a network of the run's own, with a namespace for each"
    }
  }
}
