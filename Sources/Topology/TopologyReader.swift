import Messages
package import Participants

extension Topology {
  /// Reads and validates a topology: unknown and duplicate keys, wrong types and numbers, names of
  /// nodes, groups, options and checks that do not exist, and schedules that cannot happen.
  ///
  /// - Parameters:
  ///   - overrides: changes, `KEY.KEY=VALUE`, applied in order before anything is validated.
  ///   - roles: the catalogue that networks, roles and options are looked up in.
  ///   - checks: the names of the checks that there are for a network; `nil` to take any name.
  ///   - isSimulated: whether nodes are simulated, of which there may be more than processes.
  ///   - programs: `false` to refuse programs, which cannot be simulated.
  /// - Throws: every problem that can be told: what is no YAML hides all else, and what only the
  ///   groups or the faults as a whole can tell, but for names, is judged where each of them is sound.
  package init(
    _ file: TopologyFile, overrides: [String] = [], roles: [Role],
    checks: ((_ network: String) -> [String])?, isSimulated: Bool = true, programs: Bool = true
  ) throws(TopologyError) {
    var reader = TopologyReader(
      file: file, roles: roles, checks: checks, isSimulated: isSimulated, programs: programs)
    var document: YAMLValue
    do throws(YAMLError) {
      let (value, duplicates) = try YAMLValue.read(file.text)
      document = value
      for error in duplicates { reader.fields.complain(error.place, error.message) }
    } catch {
      throw TopologyError(file.path, error.place, error.message)
    }
    for text in overrides {
      do throws(YAMLError) {
        try Override(parsing: text).apply(to: &document)
      } catch {
        reader.fields.complain(error.place, error.message)
      }
    }
    guard let topology = reader.readTopology(document) else {
      throw TopologyError(file: file.path, problems: reader.problems)
    }
    self = topology
  }
}

/// Makes a topology of a document, and keeps what is wrong with it.
struct TopologyReader {
  let file: TopologyFile
  let roles: [Role]
  let checks: ((String) -> [String])?
  /// Whether no node needs a process.
  let isSimulated: Bool
  /// Whether there may be groups of programs.
  let programs: Bool

  var mostNodes: Int { isSimulated ? Topology.mostSimulatedNodes : Topology.mostNodes }
  var fields = FieldReader()
  /// The roles of the topology's network.
  private(set) var networkRoles: [Role] = []
  /// The groups' nodes, as far as their counts could be read.
  private(set) var nodes: [NodeNames.Group] = []

  init(
    file: TopologyFile, roles: [Role], checks: ((String) -> [String])?, isSimulated: Bool,
    programs: Bool
  ) {
    self.file = file
    self.roles = roles
    self.checks = checks
    self.isSimulated = isSimulated
    self.programs = programs
  }

  var problems: [TopologyError.Problem] { fields.problems }

  mutating func readTopology(_ document: YAMLValue) -> Topology? {
    guard
      let root = fields.readFields(
        document, of: "the topology",
        allowed: [
          "network", "groups", "faults", "ready", "stop", "unexpected-exits", "checks",
          "network-model", "isolation",
        ],
        required: ["network", "groups", "stop"])
    else { return nil }
    var before = problems.count
    let network = readNetwork(root["network"], isForeign: hasOnlyPrograms(root["groups"]))
    let groups = readGroups(root["groups"])
    let groupsAreSound = problems.count == before && !groups.isEmpty
    before = problems.count
    let faults = readFaults(root["faults"])
    let faultsAreSound = problems.count == before
    let ready = readLimits(root["ready"], of: "ready", allowed: ["within"])
    let stop = readLimits(root["stop"], of: "stop", allowed: ["at", "within"], required: ["at"])
    let exits = fields.readChoice(root["unexpected-exits"], ["fail", "allow"])
    let checks = readChecks(root["checks"], of: network)
    let model = fields.readNetworkModel(root["network-model"])
    let isolation = fields.readChoice(root["isolation"], Isolation.allCases.map(\.rawValue))
      .flatMap(Isolation.init)
    guard groupsAreSound, let network else {
      checkNames(in: faults)
      return nil
    }
    let topology = Topology(
      network: network, groups: groups.map(\.group), faults: faults.map(\.fault),
      readyWithin: ready.within ?? .seconds(30), stopAt: stop.at ?? Topology.latestStop,
      stopWithin: stop.within ?? .seconds(5), allowsUnexpectedExits: exits == "allow",
      checks: checks, networkModel: model, isolation: isolation ?? .none)
    before = problems.count
    check(groups, stopAt: topology.stopAt)
    checkIsolation(topology, root["isolation"])
    checkListening(topology, groups)
    if problems.count == before { checkAddresses(topology, groups) }
    if problems.count == before, faultsAreSound, stop.at != nil {
      check(topology, faults.map(\.places))
    } else {
      checkNames(in: faults)
    }
    return problems.isEmpty ? topology : nil
  }

  // MARK: Shape

  /// - Parameter isForeign: whether it may have a name that is not in the catalogue.
  private mutating func readNetwork(_ entry: YAMLEntry?, isForeign: Bool) -> String? {
    guard let entry, let name = fields.readText(entry) else { return nil }
    networkRoles = roles.filter { $0.network == name }
    if networkRoles.isEmpty, isForeign {
      checkName("a network", name, at: entry.value.place)
    } else if networkRoles.isEmpty {
      var networks: [String] = []
      for role in roles where !networks.contains(role.network) { networks.append(role.network) }
      refuse(name, "network", at: entry.value.place, among: networks)
    }
    return name
  }

  /// `role` is `nil` for programs that play none.
  typealias PlacedGroup = (group: Topology.Group, role: Role?, fields: FieldReader.Fields)

  private mutating func readGroups(_ entry: YAMLEntry?) -> [PlacedGroup] {
    guard let entry, let entries = fields.readEntries(entry.value, of: "groups") else { return [] }
    if entries.isEmpty { fields.complain(entry.value.place, "'groups' needs at least one group") }
    if entries.count > Topology.mostGroups {
      fields.complain(entry.value.place, "more than \(Topology.mostGroups) groups")
    }
    return entries.compactMap { readGroup($0) }
  }

  private mutating func readGroup(_ entry: YAMLEntry) -> PlacedGroup? {
    let isProgram = entry.hasCommand
    let allowed =
      ["role", "count", "after", "every", "joins", "listen", "command"]
      + (isProgram ? Self.programKeys : ["nat", "options", "variants"])
    checkName("a group", entry.key, at: entry.place)
    guard
      let group = fields.readFields(
        entry.value, of: "group '\(entry.key)'", allowed: allowed, required: ["count"])
    else {
      nodes.append((entry.key, []))
      return nil
    }
    let count = fields.readCount(group["count"], 1...mostNodes)
    let after = fields.readText(group["after"])
    let every = fields.readDuration(group["every"], .zero...Topology.longestWait)
    let joins = fields.readDuration(group["joins"], .zero...Topology.latestStop)
    var read = Topology.Group(
      name: entry.key, role: Topology.externalRole, count: count ?? 1, after: after,
      every: every ?? .zero, joins: joins, nat: readNAT(group["nat"]),
      listening: fields.readListening(group["listen"]), options: [:], variants: [])
    nodes.append((read.name, count == nil ? [] : read.nodeNames))
    if isProgram {
      read.program = readProgram(group)
      let role = group["role"].flatMap { readRole(fields.readText($0), at: $0.value.place) }
      read.role = role?.fullName ?? read.role
      return (read, role, group)
    }
    // Options cannot be judged without the role, nor the role without the network.
    guard !networkRoles.isEmpty else { return nil }
    let named = fields.readText(group["role"]) ?? entry.key
    guard let role = readRole(named, at: group["role"]?.value.place ?? entry.place) else {
      return nil
    }
    let options = readOptions(group["options"], of: role)
    read.role = role.fullName
    read.options = role.changed(options)
    read.defaults = Dictionary(
      role.options.map { ($0.name, $0.initial) }, uniquingKeysWith: { first, _ in first })
    read.variants = readVariants(group["variants"], of: role, over: options)
    return (read, role, group)
  }

  private mutating func readRole(_ name: String?, at place: Place) -> Role? {
    guard let name else { return nil }
    let role = networkRoles.first { $0.name == name }
    if role == nil { refuse(name, "role", at: place, among: networkRoles.map(\.name)) }
    return role
  }

  private mutating func readNAT(_ entry: YAMLEntry?) -> NATModel? {
    if let entry, !isSimulated {
      fields.complain(
        entry.place, "a NAT can only be simulated: 'seedbed simulate \(file.path)'")
    }
    return fields.readNATModel(entry)
  }

  private mutating func checkName(_ owner: String, _ name: String, at place: Place) {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let isPlain = name.utf8.allSatisfy {
      letters.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    let longest = Topology.longestGroupName
    guard isPlain, let first = name.utf8.first, letters.contains(first), name.utf8.count <= longest
    else {
      return fields.complain(
        place,
        "\(owner)'s name is a letter and then letters, digits and hyphens, in lower case, "
          + "\(longest) at most; found '\(name)'")
    }
  }

  private mutating func readOptions(
    _ entry: YAMLEntry?, of role: Role
  ) -> [String: OptionValue] {
    guard let entry, let entries = fields.readEntries(entry.value, of: "options") else {
      return [:]
    }
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
    let items = fields.readItems(entry) ?? []
    return items.compactMap { item in
      guard
        let variant = fields.readFields(
          item, of: "a variant", allowed: ["count", "options"], required: ["count", "options"])
      else { return nil }
      let changed = options.merging(readOptions(variant["options"], of: role)) { $1 }
      return fields.readCount(variant["count"], 1...mostNodes).map { count in
        Topology.Variant(count: count, options: role.changed(changed))
      }
    }
  }

  private mutating func readLimits(
    _ entry: YAMLEntry?, of name: String, allowed: [String], required: [String] = []
  ) -> (at: Microseconds?, within: Microseconds?) {
    guard let entry,
      let limits = fields.readFields(
        entry.value, of: "'\(name)'", allowed: allowed, required: required)
    else { return (nil, nil) }
    return (
      fields.readDuration(limits["at"], Topology.earliestStop...Topology.latestStop),
      fields.readDuration(limits["within"], .milliseconds(1)...Topology.longestWait)
    )
  }

  private mutating func readChecks(_ entry: YAMLEntry?, of network: String?) -> [String]? {
    guard let entry, let items = fields.readItems(entry) else { return nil }
    // Without a network that exists, no name can be judged.
    let known = networkRoles.isEmpty ? nil : network.flatMap { checks?($0) }
    var read: [String] = []
    for item in items {
      guard let named = fields.readText(YAMLEntry(key: entry.key, place: item.place, value: item))
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

  mutating func refuse(
    _ name: String, _ what: String, of owner: String = "", at place: Place, among names: [String]
  ) {
    fields.complain(
      place,
      "unknown \(what) '\(name)'\(owner)\(suggestion(for: name, among: names)); "
        + "there are: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
  }
}

extension Role {
  /// The values that are not the defaults.
  fileprivate func changed(_ values: [String: OptionValue]) -> [String: OptionValue] {
    values.filter { name, value in !options.contains { $0.name == name && $0.initial == value } }
  }
}
