import Messages
import Participants

/// The names of all nodes, by group: what the words of a fault mean.
struct NodeNames {
  typealias Group = (name: String, nodes: [String])

  private let groups: [Group]
  private let members: [String: [String]]
  /// The place of each node among all.
  private let places: [String: Int]

  init(_ topology: Topology) {
    self.init(groups: topology.groups.map { ($0.name, $0.nodeNames) })
  }

  init(_ plan: Plan) {
    var groups: [Group] = []
    for node in plan.nodes {
      if groups.last?.name == node.group {
        groups[groups.count - 1].nodes.append(node.name)
      } else {
        groups.append((node.group, [node.name]))
      }
    }
    self.init(groups: groups)
  }

  /// - Parameter groups: without nodes where nobody knows how many there are.
  init(groups: [Group]) {
    self.groups = groups
    members = Dictionary(groups.map { ($0.name, $0.nodes) }, uniquingKeysWith: +)
    places = Dictionary(
      groups.flatMap(\.nodes).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }
    )
  }

  func place(of name: String) -> Int? { places[name] }

  func inOrder(_ names: some Sequence<String>) -> [String] {
    names.sorted { places[$0, default: 0] < places[$1, default: 0] }
  }

  func nodes(of group: String) throws(FaultSchedule.Problem) -> [String] {
    if let nodes = members[group] { return nodes }
    let names = groups.map(\.name)
    throw FaultSchedule.Problem(
      .target,
      "unknown group '\(group)'\(suggestion(for: group, among: names)); "
        + "there are: \(names.joined(separator: ", "))")
  }

  /// That a name is no node's, and what nodes there are.
  func unknown(_ name: String) -> FaultSchedule.Problem {
    if let group = groups.first(where: { name.hasPrefix("\($0.name)-") }),
      let first = group.nodes.first, let last = group.nodes.last
    {
      return FaultSchedule.Problem(
        .target, "unknown node '\(name)': group '\(group.name)' has \(first) to \(last)")
    }
    let guess = suggestion(for: name, among: groups.lazy.flatMap(\.nodes))
    return FaultSchedule.Problem(
      .target,
      "unknown node '\(name)'\(guess); groups: \(groups.map(\.name).joined(separator: ", "))")
  }

  /// Refuses names in an action that are nobody's, whatever else is to be said of it.
  func check(_ action: Topology.Fault.Action) throws(FaultSchedule.Problem) {
    var mentioned: [String] = []
    switch action {
    case .node(_, .node(let name)): mentioned = [name]
    case .network(_, let disturbance):
      switch disturbance.sides {
      case .between(let one, let other): mentioned = (one + other).filter { members[$0] == nil }
      case .split(_, let group): _ = try nodes(of: group)
      }
    case .node(_, .some(_, let group)), .churn(let group, _, _): _ = try nodes(of: group)
    }
    for name in mentioned where places[name] == nil {
      if groups.contains(where: { $0.nodes.isEmpty && name.hasPrefix("\($0.name)-") }) { continue }
      throw unknown(name)
    }
  }

  /// The nodes on the two sides of a fault on the network.
  func sides(
    _ sides: Topology.Fault.Sides, of fault: Topology.Fault, seed: UInt64
  ) throws(FaultSchedule.Problem) -> (from: [String], to: [String]) {
    switch sides {
    case .between(let one, let other):
      let (from, to) = (try resolve(one), try resolve(other))
      guard Set(from + to).count > 1 else {
        throw FaultSchedule.Problem(
          .target, "a \(fault.word) between \(from[0]) and itself disturbs nothing")
      }
      return (from, to)
    case .split(let count, let group):
      let members = try nodes(of: group)
      guard count <= members.count, count < places.count else {
        throw FaultSchedule.Problem(
          .target,
          "a split of \(count) needs as many nodes in group '\(group)', which has "
            + "\(members.count), and at least one other node")
      }
      var random = SeededGenerator(seed: seed, stream: "split \(group) at \(fault.at)")
      let part = members.shuffled(using: &random).prefix(count)
      return (inOrder(part), inOrder(Set(places.keys).subtracting(part)))
    }
  }

  /// The nodes that names of nodes and groups stand for, each once.
  private func resolve(_ names: [String]) throws(FaultSchedule.Problem) -> [String] {
    var found: Set<String> = []
    for name in names {
      if places[name] != nil {
        found.insert(name)
      } else if let nodes = members[name] {
        found.formUnion(nodes)
      } else {
        throw unknown(name)
      }
    }
    return inOrder(found)
  }
}
