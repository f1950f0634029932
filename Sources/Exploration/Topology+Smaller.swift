import Faults
import Participants
import Topology

/// Smaller topologies. Whether they can be run is for the reader to say.
extension Topology {
  /// With so many nodes in a group. Faults on the network forget the others; those on nodes do not.
  func with(_ count: Int, in index: Int) -> Topology {
    var smaller = self
    smaller.groups[index].count = count
    var left = count
    for variant in groups[index].variants.indices {
      let kept = min(left, groups[index].variants[variant].count)
      smaller.groups[index].variants[variant].count = kept
      left -= kept
    }
    smaller.groups[index].variants.removeAll { $0.count == 0 }
    smaller.forget(groups[index].nodeNames.dropFirst(count))
    return smaller
  }

  /// Without a group; those that start after it start after what it started after.
  func without(group name: String) -> Topology {
    guard let index = groups.firstIndex(where: { $0.name == name }), groups.count > 1 else {
      return self
    }
    var smaller = self
    let removed = smaller.groups.remove(at: index)
    for other in smaller.groups.indices where smaller.groups[other].after == name {
      smaller.groups[other].after = removed.after
    }
    smaller.forget([name] + removed.nodeNames)
    return smaller
  }

  /// Leaves names out of the sides of faults on the network, and the faults that lose a side.
  private mutating func forget(_ names: some Sequence<String>) {
    let gone = Set(names)
    faults = faults.compactMap { fault in
      guard let (from, to, oneWay) = fault.sides else { return fault }
      let sides = (from.filter { !gone.contains($0) }, to.filter { !gone.contains($0) })
      guard !sides.0.isEmpty, !sides.1.isEmpty else { return nil }
      var smaller = fault
      smaller.target = .between(sides.0, sides.1, oneWay: oneWay)
      return smaller
    }
  }

  /// With the nodes that faults are done to at the front of their groups, so that those behind can go.
  /// Nodes whose addresses others are told stay before them.
  var withNamedNodesFirst: Topology {
    let named = Set(faults.compactMap(\.node))
    let options = groups.flatMap { [$0.options] + $0.variants.map(\.options) }
    let known = Set(options.flatMap(\.values).flatMap(\.names))
    var renamed: [String: String] = [:]
    for group in groups {
      let names = group.nodeNames
      let others = names.filter { !known.contains($0) }
      let order =
        names.filter(known.contains) + others.filter(named.contains)
        + others.filter { !named.contains($0) }
      for (old, new) in zip(order, names) { renamed[old] = new }
    }
    var topology = self
    for index in faults.indices {
      switch faults[index].target {
      case .node(let name): topology.faults[index].target = .node(renamed[name] ?? name)
      case .between(let from, let to, let oneWay):
        topology.faults[index].target = .between(
          from.map { renamed[$0] ?? $0 }, to.map { renamed[$0] ?? $0 }, oneWay: oneWay)
      case .some, .churn, .split: continue
      }
    }
    return topology
  }
}

extension OptionValue {
  /// The nodes and groups that it names, if it is of addresses.
  fileprivate var names: [String] {
    if case .addresses(let names) = self { names } else { [] }
  }
}
