import Participants

extension Topology {
  /// Makes the topology concrete: names, start times, which nodes are variants, which are hit.
  ///
  /// The same topology and seed give an equal plan. What is drawn for one part never shifts what
  /// another gets.
  package func plan(seed: UInt64) -> Plan {
    Plan(
      network: network, seed: seed, nodes: startOrder.flatMap { nodes(of: $0, seed: seed) },
      faults: FaultSchedule(self, seed: seed).faults, stopAt: stopAt, readyWithin: readyWithin,
      stopWithin: stopWithin, allowsUnexpectedExits: allowsUnexpectedExits, checks: checks,
      networkModel: networkModel)
  }

  /// Every group behind the one it starts after, otherwise as in the file.
  private var startOrder: [Group] {
    var ordered: [Group] = []
    var waiting = groups
    while let next = waiting.firstIndex(where: { group in
      group.after.map { name in ordered.contains { $0.name == name } } ?? true
    }) {
      ordered.append(waiting.remove(at: next))
    }
    return ordered
  }

  private func nodes(of group: Group, seed: UInt64) -> [PlannedNode] {
    var random = SeededGenerator(seed: seed, stream: "variants \(group.name)")
    var options = Array(repeating: group.options, count: group.count)
    var places = options.indices.shuffled(using: &random)[...]
    for variant in group.variants {
      for place in places.prefix(variant.count) { options[place] = variant.options }
      places = places.dropFirst(variant.count)
    }
    return zip(group.nodeNames, options).enumerated().map { index, node in
      PlannedNode(
        name: node.0, group: group.name, role: group.role,
        options: node.1.mapValues(\.description), after: group.after,
        delay: group.joins == nil ? group.every * index : .zero, joins: group.joins(index))
    }
  }
}
