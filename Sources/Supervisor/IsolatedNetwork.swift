import CProcess
import Glibc
import Messages
import NetworkRules
import Participants
import Topology

/// A network of the run's own: every node in a network namespace with an address of its own, all
/// behind one bridge, on which faults are carried out by the kernel.
///
/// The supervisor itself goes into a new network namespace (and, without root, a new user namespace),
/// so nothing of it is seen outside. What it makes there has no names in the file system: it is held
/// by the supervisor's descriptors and its nodes' processes, and gone with them, however they end.
final class IsolatedNetwork {
  private let plan: Plan
  private let tools: SystemTools
  private let places: [String: Int]
  /// Of each node.
  private var namespaces: [Descriptor] = []
  /// What the kernel is known to be able to do.
  private var checked: Set<PlannedFault.Action> = []
  /// The bridge's ports that have limits, by node.
  private var shaped: Set<Int> = []

  /// Makes the network. Call it before there is a second thread.
  init(_ plan: Plan, _ folder: LiveRunFolder) throws(SupervisorError) {
    self.plan = plan
    places = Dictionary(
      plan.nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    tools = try SystemTools(folder)
    try Self.enter()
    for fault in plan.faults {
      do throws(SupervisorError) {
        try check(fault.action)
      } catch {
        let kind = "fault \(fault.id) is a \(fault.action.rawValue)"
        throw SupervisorError("\(kind): \(error.description)")
      }
    }
    for _ in plan.nodes {
      namespaces.append(
        try .taking(cprocess_network_open(), for: "a network namespace of a node"))
    }
    try connect()
  }

  private static func enter() throws(SupervisorError) {
    let result = cprocess_isolate()
    guard result != 0 else { return }
    throw SupervisorError(
      "cannot make a network namespace: \(SupervisorError.text(of: -result)). "
        + "'isolation: namespace' needs root, or a system that lets users make namespaces "
        + "(sysctl user.max_user_namespaces, user.max_net_namespaces, kernel.unprivileged_userns_clone, "
        + "or the container's settings); leave it out to run on loopback.")
  }

  /// The namespace that the node's processes are started in.
  func namespace(of node: Int) -> CInt { namespaces[node].number }

  /// Whether the kernel can carry such a fault out, before anything depends on it.
  func check(_ action: PlannedFault.Action) throws(SupervisorError) {
    let needs: [PlannedFault.Action: (discipline: String, example: String)] = [
      .latency: ("netem", "delay 1ms"), .bandwidth: ("tbf", "rate 8000bit burst 1600 latency 1s"),
    ]
    guard let (discipline, example) = needs[action], !checked.contains(action) else { return }
    do throws(SupervisorError) {
      try tools.run(
        "tc", ["qdisc add dev lo root \(discipline) \(example)", "qdisc del dev lo root"])
      checked.insert(action)
    } catch {
      throw SupervisorError(
        "this kernel has no \(discipline): load its module sch_\(discipline), or choose "
          + "'isolation: relay' or none. (\(error.description))")
    }
  }

  private func connect() throws(SupervisorError) {
    let own = getpid()
    var lines = [
      "link set lo up", "link add seedbed type bridge forward_delay 0", "link set seedbed up",
      // From here programs are asked whether they are ready.
      "address add 10.255.255.254/8 dev seedbed",
    ]
    for (index, namespace) in namespaces.enumerated() {
      lines += [
        "link add \(Self.port(of: index)) type veth peer name eth0 netns "
          + "/proc/\(own)/fd/\(namespace.number)",
        "link set \(Self.port(of: index)) master seedbed up",
      ]
    }
    try tools.run("ip", lines)
    for index in namespaces.indices {
      try tools.run(
        "ip",
        [
          "link set lo up", "address add \(Self.host(of: index))/8 dev eth0",
          "link set eth0 up",
        ], in: namespaces[index])
    }
  }

  private static func host(of node: Int) -> String {
    Isolation.namespace.host(of: node) ?? Supervisor.loopback
  }

  /// The bridge's port that leads to a node.
  private static func port(of node: Int) -> String { "node\(node)" }
}

// MARK: - Faults

extension IsolatedNetwork {
  /// From now on these faults are on, and no others: all at once, but for latency and bandwidth.
  func apply(_ faults: [PlannedFault]) throws(SupervisorError) {
    var (sets, filter): ([String], [String]) = ([], [])
    var shapes: [Int: [Int: Shape]] = [:]
    for fault in faults {
      guard let network = fault.network else { continue }
      let sides = [
        (name: "from\(fault.id)", nodes: network.from.compactMap { places[$0] }),
        (name: "to\(fault.id)", nodes: network.to.compactMap { places[$0] }),
      ]
      for side in sides {
        let hosts = side.nodes.map(Self.host).joined(separator: ", ")
        sets.append("set \(side.name) { type ipv4_addr; elements = { \(hosts) }; }")
      }
      let ways = [(sides[0], sides[1]), (sides[1], sides[0])].prefix(network.oneWay ? 1 : 2)
      for (senders, receivers) in ways {
        filter += Self.rules(fault, "ip saddr @\(senders.name) ip daddr @\(receivers.name)")
        guard network.latency != nil || network.bandwidth != nil else { continue }
        for receiver in receivers.nodes {
          for sender in senders.nodes where sender != receiver {
            shapes[receiver, default: [:]][sender, default: Shape()].add(network, of: fault.id)
          }
        }
      }
    }
    // A packet to a limited port goes into the class of its sender.
    let senders = Set(shapes.values.flatMap(\.keys)).sorted()
    if !senders.isEmpty {
      let classes = senders.map { "\(Self.host(of: $0)) : 1:\(Self.number(of: $0))" }
      filter.append("meta priority set ip saddr map { \(classes.joined(separator: ", ")) }")
    }
    try tools.run("nft", Self.table(sets, filter))
    try shape(shapes)
  }

  private static func rules(_ fault: PlannedFault, _ match: String) -> [String] {
    switch fault.action {
    case .partition: ["\(match) counter drop"]
    // nft has no such remainder.
    case .loss where fault.network?.loss == NetworkModel.million: ["\(match) counter drop"]
    case .loss:
      [
        "\(match) numgen random mod \(NetworkModel.million) < \(fault.network?.loss ?? 0) "
          + "counter drop"
      ]
    case .kill, .stop, .pause, .restart, .latency, .bandwidth: []
    }
  }

  /// What one node's packets to another have to go through.
  private struct Shape {
    var latency = Microseconds.zero
    var bandwidth: Int64?
    /// A pair of nodes may be on both sides of a fault: it counts once.
    private var faults: Set<Int> = []

    mutating func add(_ network: NetworkFault, of fault: Int) {
      guard faults.insert(fault).inserted else { return }
      latency = latency + (network.latency ?? .zero)
      if let limit = network.bandwidth { bandwidth = min(bandwidth ?? limit, limit) }
    }
  }

  private static func table(_ sets: [String], _ filter: [String]) -> [String] {
    ["table bridge seedbed", "delete table bridge seedbed", "table bridge seedbed {"] + sets
      + ["chain forward {", "type filter hook forward priority 0;"] + filter + ["}", "}"]
  }

  /// tc counts a burst in 32 bits, in units of its own.
  private static let largestBurst: Int64 = 100_000_000

  /// The number of a sender's class, hexadecimal; 0 and 1 are taken.
  private static func number(of node: Int) -> String { String(node + 2, radix: 16) }

  private func shape(_ shapes: [Int: [Int: Shape]]) throws(SupervisorError) {
    var lines = shaped.sorted().map { "qdisc del dev \(Self.port(of: $0)) root" }
    for (receiver, senders) in shapes.sorted(by: { $0.key < $1.key }) {
      let port = Self.port(of: receiver)
      lines.append("qdisc add dev \(port) root handle 1: htb")
      for (sender, shape) in senders.sorted(by: { $0.key < $1.key }) {
        let number = Self.number(of: sender)
        lines.append(
          "class add dev \(port) parent 1: classid 1:\(number) htb rate 100gbit quantum 60000")
        var parent = "1:\(number)"
        if let bandwidth = shape.bandwidth {
          // A full packet must fit into the bucket, and a tenth of a second's bytes.
          let burst = min(max(3_200, bandwidth / 10), Self.largestBurst)
          lines.append(
            "qdisc add dev \(port) parent \(parent) handle \(number): tbf rate \(bandwidth * 8)bit "
              + "burst \(burst) latency \(LimitedBandwidth.longestQueue.count)us")
          parent = "\(number):1"
        }
        if shape.latency > .zero {
          lines.append(
            "qdisc add dev \(port) parent \(parent) netem delay \(shape.latency.count)us limit 100000"
          )
        }
      }
    }
    shaped = Set(shapes.keys)
    if !lines.isEmpty { try tools.run("tc", lines) }
  }
}
