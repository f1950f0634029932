import Arguments
package import Participants

extension Topology {
  /// Reads and validates a topology: unknown and duplicate keys, wrong types and numbers, names of
  /// nodes, groups, options and checks that do not exist, and schedules that cannot happen.
  ///
  /// - Parameters:
  ///   - overrides: `--set`s, `KEY.KEY=VALUE`, applied in order before anything is validated.
  ///   - roles: the catalogue that networks, roles and options are looked up in.
  ///   - checks: the names of the checks that there are for a network; `nil` to take any name.
  /// - Throws: every problem found at the first stage that finds any: the text, the changes, the
  ///   shape, and what only the whole can tell.
  package init(
    _ file: TopologyFile, overrides: [String] = [], roles: [Role],
    checks: ((_ network: String) -> [String])?
  ) throws(TopologyError) {
    var document: YAMLValue
    do throws(YAMLError) {
      document = try YAMLValue.parse(file.text)
      for text in overrides { try Override(parsing: text).apply(to: &document) }
    } catch {
      throw TopologyError(file.path, error.place, error.message)
    }
    var reader = TopologyReader(file: file, roles: roles, checks: checks)
    guard let topology = reader.topology(document) else {
      throw TopologyError(file: file.path, problems: reader.problems)
    }
    self = topology
  }
}

/// Makes a topology of a document, and keeps what is wrong with it.
private struct TopologyReader {
  let file: TopologyFile
  let roles: [Role]
  let checks: ((String) -> [String])?
  private var fields = FieldReader()
  /// The roles of the topology's network.
  private var networkRoles: [Role] = []

  init(file: TopologyFile, roles: [Role], checks: ((String) -> [String])?) {
    self.file = file
    self.roles = roles
    self.checks = checks
  }

  var problems: [TopologyError.Problem] { fields.problems }

  mutating func topology(_ document: YAMLValue) -> Topology? {
    guard
      let root = fields.fields(
        document, of: "the topology",
        allowed: ["network", "groups", "faults", "ready", "stop", "unexpected-exits", "checks"],
        required: ["network", "groups", "stop"])
    else { return nil }
    let network = readNetwork(root["network"])
    let groups = readGroups(root["groups"])
    let faults = readFaults(root["faults"])
    let ready = readLimits(root["ready"], of: "ready", allowed: ["within"])
    let stop = readLimits(root["stop"], of: "stop", allowed: ["at", "within"], required: ["at"])
    let exits = fields.choice(root["unexpected-exits"], ["fail", "allow"])
    let checks = readChecks(root["checks"], of: network)
    guard problems.isEmpty, let network, let stopAt = stop.at else { return nil }
    let topology = Topology(
      network: network, groups: groups.map(\.group), faults: faults.map(\.fault),
      readyWithin: ready.within ?? .seconds(30), stopAt: stopAt,
      stopWithin: stop.within ?? .seconds(5), allowsUnexpectedExits: exits == "allow",
      checks: checks)
    check(groups)
    if problems.isEmpty { check(topology, faults.map(\.places)) }
    return problems.isEmpty ? topology : nil
  }

  // MARK: Shape

  private mutating func readNetwork(_ entry: YAMLEntry?) -> String? {
    guard let entry, let name = fields.text(entry) else { return nil }
    networkRoles = roles.filter { $0.network == name }
    if networkRoles.isEmpty {
      var networks: [String] = []
      for role in roles where !networks.contains(role.network) { networks.append(role.network) }
      refuse(name, "network", at: entry.value.place, among: networks)
    }
    return name
  }

  private typealias PlacedGroup = (group: Topology.Group, role: Role, fields: FieldReader.Fields)

  private mutating func readGroups(_ entry: YAMLEntry?) -> [PlacedGroup] {
    guard let entry, let entries = fields.entries(entry.value, of: "groups") else { return [] }
    if entries.isEmpty { fields.complain(entry.value.place, "'groups' needs at least one group") }
    if entries.count > Topology.mostGroups {
      fields.complain(entry.value.place, "more than \(Topology.mostGroups) groups")
    }
    return entries.compactMap { readGroup($0) }
  }

  private mutating func readGroup(_ entry: YAMLEntry) -> PlacedGroup? {
    let allowed = ["role", "count", "after", "every", "options", "variants"]
    checkName(entry)
    guard
      let group = fields.fields(
        entry.value, of: "group '\(entry.key)'", allowed: allowed, required: ["count"])
    else { return nil }
    let count = fields.count(group["count"], 1...Topology.mostNodes)
    let after = fields.text(group["after"])
    let every = fields.duration(group["every"], .zero...Topology.longestWait)
    // Options cannot be judged without the role, nor the role without the network.
    guard !networkRoles.isEmpty else { return nil }
    let named = fields.text(group["role"]) ?? entry.key
    guard let role = networkRoles.first(where: { $0.name == named }) else {
      let place = group["role"]?.value.place ?? entry.place
      refuse(named, "role", at: place, among: networkRoles.map(\.name))
      return nil
    }
    let options = readOptions(group["options"], of: role)
    let variants = readVariants(group["variants"], of: role, over: options)
    guard let count else { return nil }
    let read = Topology.Group(
      name: entry.key, role: role.fullName, count: count, after: after, every: every ?? .zero,
      options: role.changed(options), variants: variants)
    return (read, role, group)
  }

  private mutating func checkName(_ entry: YAMLEntry) {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let isPlain = entry.key.utf8.allSatisfy {
      letters.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    let longest = Topology.longestGroupName
    guard isPlain, let first = entry.key.utf8.first, letters.contains(first),
      entry.key.utf8.count <= longest
    else {
      return fields.complain(
        entry.place,
        "a group's name is a letter and then letters, digits and hyphens, in lower case, "
          + "\(longest) at most; found '\(entry.key)'")
    }
  }

  private mutating func readOptions(
    _ entry: YAMLEntry?, of role: Role
  ) -> [String: OptionValue] {
    guard let entry, let entries = fields.entries(entry.value, of: "options") else { return [:] }
    var options: [String: OptionValue] = [:]
    for entry in entries {
      guard let specification = role.options.first(where: { $0.name == entry.key }) else {
        refuse(
          entry.key, "option", of: " of \(role.fullName)", at: entry.place,
          among: role.options.map(\.name))
        continue
      }
      options[entry.key] = fields.read(entry, specification.kind)
    }
    return options
  }

  private mutating func readVariants(
    _ entry: YAMLEntry?, of role: Role, over options: [String: OptionValue]
  ) -> [Topology.Variant] {
    let items = fields.items(entry) ?? []
    return items.compactMap { item in
      guard
        let variant = fields.fields(
          item, of: "a variant", allowed: ["count", "options"], required: ["count", "options"])
      else { return nil }
      let changed = options.merging(readOptions(variant["options"], of: role)) { $1 }
      return fields.count(variant["count"], 1...Topology.mostNodes).map { count in
        Topology.Variant(count: count, options: role.changed(changed))
      }
    }
  }

  private typealias PlacedFault = (fault: Topology.Fault, places: [FaultSchedule.Part: Place])

  private mutating func readFaults(_ entry: YAMLEntry?) -> [PlacedFault] {
    let items = fields.items(entry) ?? []
    if let entry, items.count > Topology.mostFaults {
      fields.complain(entry.value.place, "more than \(Topology.mostFaults) faults")
      return []
    }
    return items.compactMap { readFault($0) }
  }

  private mutating func readFault(_ item: YAMLValue) -> PlacedFault? {
    let actions = PlannedFault.Action.allCases.map(\.rawValue)
    guard
      let fault = fields.fields(
        item, of: "a fault", allowed: ["at"] + actions + ["for"], required: ["at"])
    else { return nil }
    let at = fields.duration(fault["at"], .zero...Topology.latestStop)
    let lasting = fields.duration(fault["for"], Microseconds(1)...Topology.latestStop)
    let chosen = fault.entries.filter { actions.contains($0.key) }
    guard let entry = chosen.first, chosen.count == 1,
      let action = PlannedFault.Action(rawValue: entry.key)
    else {
      let found = chosen.isEmpty ? "none" : chosen.map(\.key).joined(separator: " and ")
      fields.complain(
        item.place,
        "a fault is exactly one of \(actions.joined(separator: ", ")); found \(found)")
      return nil
    }
    if let lasting = fault["for"], action != .pause {
      fields.complain(lasting.place, "'for' belongs to a pause; a \(action.rawValue) has no end")
    }
    guard let target = readTarget(entry), let at else { return nil }
    return (
      Topology.Fault(action: action, target: target, at: at, lasting: lasting),
      [
        .time: fault.place(of: "at"), .target: entry.value.place, .end: fault.place(of: "for"),
      ]
    )
  }

  private mutating func readTarget(_ entry: YAMLEntry) -> Topology.Fault.Target? {
    guard case .mapping = entry.value.content else { return fields.text(entry).map { .node($0) } }
    guard
      let some = fields.fields(
        entry.value, of: "'\(entry.key)'", allowed: ["group", "count"], required: ["group"])
    else { return nil }
    let count = some["count"] == nil ? 1 : fields.count(some["count"], 1...Topology.mostNodes)
    guard let group = fields.text(some["group"]), let count else { return nil }
    return .some(count, group: group)
  }

  private mutating func readLimits(
    _ entry: YAMLEntry?, of name: String, allowed: [String], required: [String] = []
  ) -> (at: Microseconds?, within: Microseconds?) {
    guard let entry,
      let limits = fields.fields(
        entry.value, of: "'\(name)'", allowed: allowed, required: required)
    else { return (nil, nil) }
    return (
      fields.duration(limits["at"], Topology.earliestStop...Topology.latestStop),
      fields.duration(limits["within"], .milliseconds(1)...Topology.longestWait)
    )
  }

  private mutating func readChecks(_ entry: YAMLEntry?, of network: String?) -> [String]? {
    guard let entry, let items = fields.items(entry) else { return nil }
    // Without a network that exists, no name can be judged.
    let known = networkRoles.isEmpty ? nil : network.flatMap { checks?($0) }
    var read: [String] = []
    for item in items {
      guard let named = fields.text(YAMLEntry(key: entry.key, place: item.place, value: item))
      else { continue }
      var check = named
      if named.hasSuffix(".sql") {
        guard let path = file.resolve(named) else {
          fields.complain(item.place, "there is no readable file '\(named)'")
          continue
        }
        check = path
      } else if let known, !known.contains(named) {
        refuse(named, "check", at: item.place, among: known)
      }
      if read.contains(check) { fields.complain(item.place, "check '\(named)' is listed twice") }
      read.append(check)
    }
    return read
  }

  private mutating func refuse(
    _ name: String, _ what: String, of owner: String = "", at place: Place, among names: [String]
  ) {
    fields.complain(
      place,
      "unknown \(what) '\(name)'\(owner)\(suggestion(for: name, among: names)); "
        + "there are: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
  }

  // MARK: What only the whole can tell

  private mutating func check(_ groups: [PlacedGroup]) {
    let names = groups.map(\.group.name)
    var total = 0
    for (group, _, places) in groups {
      total += group.count
      if total > Topology.mostNodes, total - group.count <= Topology.mostNodes {
        fields.complain(
          places.place(of: "count"), "\(total) nodes in all; \(Topology.mostNodes) at most")
      }
      let special = group.variants.reduce(0) { $0 + $1.count }
      if special > group.count {
        fields.complain(
          places.place(of: "variants"),
          "the variants are \(special) nodes, but group '\(group.name)' has \(group.count)")
      }
      guard let after = group.after else { continue }
      if !names.contains(after) {
        refuse(after, "group", at: places.place(of: "after"), among: names)
      } else if predecessors(of: group.name, in: groups).contains(group.name) {
        fields.complain(
          places.place(of: "after"),
          "group '\(group.name)' would start after itself: \(cycle(from: group.name, in: groups))")
      }
    }
    if problems.isEmpty { checkSeedLists(groups) }
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
    let listed = groups.filter { $0.role.seedList == .listed }
    for reader in groups where reader.role.seedList == .reads {
      let before = predecessors(of: reader.group.name, in: groups)
      let reads = "group '\(reader.group.name)' reads the list of seeds at its start"
      if listed.isEmpty {
        let roles = networkRoles.filter { $0.seedList == .listed }.map(\.name)
        fields.complain(
          reader.fields.place,
          "\(reads), but there are none: add a group of role \(roles.joined(separator: " or "))")
      }
      for seeds in listed where !before.contains(seeds.group.name) {
        fields.complain(
          reader.fields.place(of: "after"),
          "\(reads): let it start after them, with 'after: \(seeds.group.name)'")
      }
    }
  }

  private mutating func check(
    _ topology: Topology, _ places: [[FaultSchedule.Part: Place]]
  ) {
    for (fault, problem) in FaultSchedule(topology, seed: 0).problems {
      fields.complain(places[fault][problem.part] ?? .file, problem.message)
    }
  }
}

extension Role {
  /// The values that are not the defaults.
  fileprivate func changed(_ values: [String: OptionValue]) -> [String: OptionValue] {
    values.filter { name, value in !options.contains { $0.name == name && $0.initial == value } }
  }
}
