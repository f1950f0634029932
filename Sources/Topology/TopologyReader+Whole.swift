import Messages
import Participants

/// What only the whole topology can tell.
extension TopologyReader {
  mutating func check(_ groups: [PlacedGroup], stopAt: Microseconds) {
    let before = problems.count
    let names = groups.map(\.group.name)
    var total = 0
    for (group, _, places) in groups {
      total += group.count
      if total > mostNodes, total - group.count <= mostNodes {
        fields.complain(
          places.place(of: "count"), "\(total) nodes in all; \(mostNodes) at most")
      }
      let special = group.variants.reduce(0) { $0 + $1.count }
      if special > group.count {
        fields.complain(
          places.place(of: "variants"),
          "the variants are \(counted(special, "node")), but group '\(group.name)' has \(group.count)"
        )
      }
      checkJoins(group, places, stopAt: stopAt)
      guard let after = group.after else { continue }
      if !names.contains(after) {
        refuse(after, "group", at: places.place(of: "after"), among: names)
      } else if predecessors(of: group.name, in: groups).contains(group.name) {
        fields.complain(
          places.place(of: "after"),
          "group '\(group.name)' would start after itself: \(cycle(from: group.name, in: groups))")
      } else if groups.contains(where: { $0.group.name == after && $0.group.joins != nil }) {
        fields.complain(
          places.place(of: "after"),
          "group '\(after)' joins when the run has begun: nothing of the launch can wait for it")
      }
    }
    if problems.count == before { checkSeedLists(groups) }
  }

  mutating func checkIsolation(_ topology: Topology, _ entry: YAMLEntry?) {
    let total = topology.groups.reduce(0) { $0 + $1.count }
    guard let entry, !isSimulated, topology.isolation == .namespace, total > Isolation.mostNodes
    else { return }
    fields.complain(
      entry.place, "\(total) nodes with an address of their own; \(Isolation.mostNodes) at most")
  }

  private mutating func checkJoins(
    _ group: Topology.Group, _ places: FieldReader.Fields, stopAt: Microseconds
  ) {
    if group.after != nil, group.joins != nil {
      fields.complain(
        places.place(of: "joins"),
        "a group that joins when the run has begun comes after all others: leave 'after' out")
    }
    if let last = group.joins(group.count - 1), last >= stopAt {
      fields.complain(
        places.place(of: "joins"),
        "\(group.name)-\(group.count) would join at \(last), but the run stops at \(stopAt)")
    }
  }

  /// The groups that are ready before a group starts, nearest first. In a cycle, the group itself
  /// is one of them.
  private func predecessors(of name: String, in groups: [PlacedGroup]) -> [String] {
    var found: [String] = []
    var current = name
    while let after = groups.first(where: { $0.group.name == current })?.group.after,
      !found.contains(after)
    {
      found.append(after)
      current = after
    }
    return found
  }

  private func cycle(from name: String, in groups: [PlacedGroup]) -> String {
    let around = predecessors(of: name, in: groups)
    return ([name] + around.prefix { $0 != name } + [name]).joined(separator: " after ")
  }

  /// Who reads the list of seeds at its start needs all of them to be there.
  private mutating func checkSeedLists(_ groups: [PlacedGroup]) {
    let listed = groups.filter { $0.role?.seedList == .listed }
    for seeds in listed where seeds.group.nat != nil {
      fields.complain(
        seeds.fields.place(of: "nat"),
        "group '\(seeds.group.name)' is in the list of seeds, which others dial: it cannot be "
          + "behind a NAT")
    }
    for seeds in listed where seeds.group.joins != nil {
      fields.complain(
        seeds.fields.place(of: "joins"),
        "the list of seeds is complete before the run begins: group '\(seeds.group.name)' "
          + "cannot join later")
    }
    for reader in groups where reader.role?.seedList == .reads {
      let before = predecessors(of: reader.group.name, in: groups)
      let reads = "group '\(reader.group.name)' reads the list of seeds at its start"
      if listed.isEmpty {
        let roles = networkRoles.filter { $0.seedList == .listed }.map(\.name)
        fields.complain(
          reader.fields.place,
          "\(reads), but there are none: add a group of role \(roles.joined(separator: " or "))")
      }
      guard reader.group.joins == nil else { continue }
      for seeds in listed where !before.contains(seeds.group.name) {
        fields.complain(
          reader.fields.place(of: "after"),
          "\(reads): let it start after them, with 'after: \(seeds.group.name)'")
      }
    }
  }

  /// What options name is there, and before the nodes that are told its address.
  mutating func checkAddresses(_ topology: Topology, _ groups: [PlacedGroup]) {
    let order = topology.startOrder
    for (position, group) in order.enumerated() {
      guard let places = groups.first(where: { $0.group.name == group.name })?.fields else {
        continue
      }
      for options in [group.options] + group.variants.map(\.options) {
        for case (let option, .addresses(let names)) in options.sorted(by: { $0.key < $1.key }) {
          for name in names {
            check(name, of: option, in: order, at: position, places.place(of: "options"))
          }
        }
      }
      for name in group.program?.references ?? [] {
        checkReference(name, in: order, at: position, places.place(of: "command"))
      }
    }
  }

  private mutating func check(
    _ name: String, of option: String, in order: [Topology.Group], at position: Int,
    _ place: Place
  ) {
    if let address = Address(parsing: name), address.port > 0 { return }
    let named = order.firstIndex { $0.name == name || $0.nodeNames.contains(name) }
    guard let named else {
      return refuse(
        name, "node or group", of: " in '\(option)'", at: place,
        among: order.map(\.name) + order.map { "\($0.name)-1" })
    }
    let (group, other) = (order[position], order[named])
    if other.name == name, other.name == group.name {
      fields.complain(
        place,
        "'\(option)' of group '\(name)' names the group itself: name one of its nodes, "
          + "e.g. \(name)-1")
    } else if let nat = other.nat, !nat.isShared || other.name != group.name {
      fields.complain(
        place,
        "'\(option)' of group '\(group.name)' names '\(name)', whose private address behind a NAT "
          + "nobody outside can use")
    } else if named > position || (other.joins != nil && group.joins == nil) {
      fields.complain(
        place,
        "'\(option)' of group '\(group.name)' names '\(name)', which starts later: let the group "
          + "start after it, with 'after: \(other.name)'")
    }
  }

  /// What a program's placeholders name is there, and has an address by then.
  private mutating func checkReference(
    _ name: String, in order: [Topology.Group], at position: Int, _ place: Place
  ) {
    let group = order[position]
    let found = order.firstIndex { $0.name == name || $0.nodeNames.contains(name) }
    guard let found else {
      return refuse(
        name, "node or group", of: " in a placeholder of group '\(group.name)'", at: place,
        among: order.map(\.name) + order.map { "\($0.name)-1" })
    }
    let other = order[found]
    if let program = other.program, !program.hasAddress {
      fields.complain(
        place,
        "nothing says where the nodes of group '\(other.name)' listen, which group '\(group.name)' "
          + "is told: put {port} into their command, or say what they are 'ready' by")
    } else if found > position || (other.joins != nil && group.joins == nil)
      || (found == position && other.name == name)
    {
      // Who is told of a node before it is there needs to know its port before.
      guard other.program?.takesPort != true else { return }
      fields.complain(
        place,
        "group '\(group.name)' is told where '\(name)' listens, which is not known when it starts: "
          + "let it start after group '\(other.name)', or put {port} into the command there")
    }
  }

  mutating func check(
    _ topology: Topology, _ places: [[FaultSchedule.Part: Place]]
  ) {
    for (fault, problem) in FaultSchedule(topology, seed: 0).problems {
      fields.complain(places[fault][problem.part] ?? .file, problem.message)
    }
  }

  /// Where the faults cannot be judged as a whole, whom they name still can.
  mutating func checkNames(in faults: [PlacedFault]) {
    let names = NodeNames(groups: nodes)
    for (fault, places) in faults {
      do throws(FaultSchedule.Problem) {
        try names.check(fault.action)
      } catch {
        fields.complain(places[error.part] ?? .file, error.message)
      }
    }
  }
}
