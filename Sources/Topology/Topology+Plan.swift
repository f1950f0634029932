import Participants

extension Topology {
  /// Makes the topology concrete: names, start times, which nodes are variants, which are hit.
  ///
  /// The same topology and seed give an equal plan. What is drawn for one part never shifts what
  /// another gets.
  package func plan(seed: UInt64) -> Plan {
    var settings: [Settings] = []
    var nodes = startOrder.flatMap { self.nodes(of: $0, seed: seed, adding: &settings) }
    if isolation == .namespace {
      for index in nodes.indices {
        nodes[index].listen = isolation.host(of: index).map { "\($0):0" }
      }
    }
    return Plan(
      network: network, networkFolder: networkFolder, seed: seed, nodes: nodes,
      faults: FaultSchedule(self, seed: seed).faults, stopAt: stopAt, readyWithin: readyWithin,
      stopWithin: stopWithin, allowsUnexpectedExits: allowsUnexpectedExits, checks: checks,
      networkModel: networkModel, isolation: isolation,
      programs: Dictionary(
        uniqueKeysWithValues: groups.compactMap { group in
          group.program.map { (group.name, $0) }
        }), settings: settings)
  }

  /// Every group behind the one it starts after, otherwise as in the file.
  var startOrder: [Group] {
    var ordered: [Group] = []
    var waiting = groups
    while let next = waiting.firstIndex(where: { group in
      group.after.map { name in ordered.contains { $0.name == name } } ?? true
    }) {
      ordered.append(waiting.remove(at: next))
    }
    return ordered
  }

  private func nodes(
    of group: Group, seed: UInt64, adding settings: inout [Settings]
  ) -> [PlannedNode] {
    var random = SeededGenerator(seed: seed, stream: "variants \(group.name)")
    let choices = [group.options] + group.variants.map(\.options)
    var chosen = Array(repeating: 0, count: group.count)
    var places = chosen.indices.shuffled(using: &random)[...]
    for (index, variant) in group.variants.enumerated() {
      for place in places.prefix(variant.count) { chosen[place] = index + 1 }
      places = places.dropFirst(variant.count)
    }
    // Where every node is a variant, nobody has the group's own options.
    let used = choices.indices.drop { !chosen.contains($0) }
    let first = settings.count - used.startIndex
    if group.program == nil {
      settings += used.map { choice in
        group.defaults.merging(choices[choice]) { $1 }.mapValues { SettingValue($0) }
      }
    }
    return zip(group.nodeNames, chosen).enumerated().map { index, place in
      let node = (place.0, choices[place.1])
      var addresses: [String: [String]] = [:]
      for case (let option, .addresses(let names)) in node.1 {
        // A node need not know itself: that is how the first of a group may be told apart.
        addresses[option] = names.flatMap(nodeNames).filter { $0 != node.0 }
      }
      for name in group.program?.references ?? [] {
        addresses[name] = nodeNames(name).filter { $0 != node.0 }
      }
      return PlannedNode(
        name: node.0, group: group.name, role: group.role,
        options: node.1.filter { addresses[$0.key] == nil }.mapValues(\.description),
        addresses: addresses, after: group.after,
        delay: group.joins == nil ? group.every * index : .zero, joins: group.joins(index),
        nat: group.nat.map { PlannedNAT(name: $0.isShared ? group.name : node.0, model: $0) },
        listen: group.listening.map {
          Address(host: $0.host, port: $0.port ?? 0).description
        }, also: group.listening?.also,
        settings: group.program == nil ? first + place.1 : nil)
    }
  }

  /// The nodes of the group of that name; what is not the name of a group stays.
  private func nodeNames(_ name: String) -> [String] {
    groups.first { $0.name == name }?.nodeNames ?? [name]
  }
}
