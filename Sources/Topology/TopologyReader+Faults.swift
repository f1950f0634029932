import Messages
import Participants

extension TopologyReader {
  typealias PlacedFault = (fault: Topology.Fault, places: [FaultSchedule.Part: Place])

  mutating func readFaults(_ entry: YAMLEntry?) -> [PlacedFault] {
    let items = fields.readItems(entry) ?? []
    if let entry, items.count > Topology.mostFaults {
      fields.complain(entry.value.place, "more than \(Topology.mostFaults) faults")
      return []
    }
    return items.compactMap { readFault($0) }
  }

  mutating func readFault(_ item: YAMLValue) -> PlacedFault? {
    let words = Topology.Fault.words
    guard
      let fault = fields.readFields(
        item, of: "a fault", allowed: ["at"] + words + ["for"], required: ["at"])
    else { return nil }
    let at = fields.readDuration(fault["at"], .zero...Topology.latestStop)
    let lasting = fields.readDuration(fault["for"], Microseconds(1)...Topology.latestStop)
    let chosen = fault.entries.filter { words.contains($0.key) }
    guard let entry = chosen.first, chosen.count == 1 else {
      let found = chosen.isEmpty ? "none" : chosen.map(\.key).joined(separator: " and ")
      fields.complain(
        item.place, "a fault is exactly one of \(words.joined(separator: ", ")); found \(found)")
      return nil
    }
    let lastingWords = Topology.Fault.lastingWords
    if let lasting = fault["for"], !lastingWords.contains(entry.key) {
      fields.complain(
        lasting.place,
        "a \(entry.key) has no end; 'for' belongs to \(lastingWords.joined(separator: ", "))")
    }
    guard let action = readAction(entry), let at else { return nil }
    return (
      Topology.Fault(action: action, at: at, lasting: lasting),
      [
        .time: fault.place(of: "at"), .target: entry.value.place, .end: fault.place(of: "for"),
      ]
    )
  }

  private mutating func readAction(_ entry: YAMLEntry) -> Topology.Fault.Action? {
    guard let action = PlannedFault.Action(rawValue: entry.key) else { return readChurn(entry) }
    guard action.isOnNetwork else { return readTarget(entry).map { .node(action, $0) } }
    return readDisturbance(entry, of: action).map { .network(action, $0) }
  }

  private mutating func readTarget(_ entry: YAMLEntry) -> Topology.Fault.Target? {
    guard case .mapping = entry.value.content else {
      return fields.readText(entry).map { .node($0) }
    }
    guard
      let some = fields.readFields(
        entry.value, of: "'\(entry.key)'", allowed: ["group", "count"], required: ["group"])
    else { return nil }
    return readSome(some).map { .some($0.count, group: $0.group) }
  }

  /// Any so many of a group: `group`, and `count`, which is 1 if left out.
  private mutating func readSome(_ some: FieldReader.Fields) -> (count: Int, group: String)? {
    let count = some["count"] == nil ? 1 : fields.readCount(some["count"], 1...mostNodes)
    guard let group = fields.readText(some["group"]), let count else { return nil }
    return (count, group)
  }

  private mutating func readChurn(_ entry: YAMLEntry) -> Topology.Fault.Action? {
    let keys = ["group", "every", "down-for"]
    let range = Microseconds.milliseconds(1)...Topology.longestWait
    guard
      let churn = fields.readFields(entry.value, of: "'churn'", allowed: keys, required: keys),
      let group = fields.readText(churn["group"]),
      let every = fields.readDuration(churn["every"], range),
      let downFor = fields.readDuration(churn["down-for"], range)
    else { return nil }
    return .churn(group: group, every: every, downFor: downFor)
  }

  // MARK: The network

  private mutating func readDisturbance(
    _ entry: YAMLEntry, of action: PlannedFault.Action
  ) -> Topology.Fault.Disturbance? {
    let amount: [String] =
      switch action {
      case .loss: ["rate"]
      case .latency: ["add"]
      case .bandwidth: ["limit"]
      case .kill, .stop, .pause, .restart, .partition: []
      }
    guard case .mapping = entry.value.content else {
      let rest = amount.isEmpty ? "" : ", \(amount[0]): …"
      fields.complainOfMisfit(entry, "its sides, { between: NAME, and: NAME\(rest) }")
      return nil
    }
    guard
      let keys = fields.readFields(
        entry.value, of: "'\(entry.key)'",
        allowed: ["between", "and", "split"] + amount + ["one-way"], required: amount)
    else { return nil }
    let oneWay = fields.read(keys["one-way"], .flag)
    let loss = fields.readRate(keys["rate"])
    let latency = fields.readDuration(keys["add"], Microseconds(1)...Topology.longestWait)
    let bandwidth = fields.readBandwidth(keys["limit"])
    return readSides(keys).map {
      Topology.Fault.Disturbance(
        sides: $0, oneWay: oneWay == .flag(true), loss: loss, latency: latency,
        bandwidth: bandwidth)
    }
  }

  private mutating func readSides(_ keys: FieldReader.Fields) -> Topology.Fault.Sides? {
    switch (keys["between"], keys["and"], keys["split"]) {
    case (let one?, let other?, nil):
      guard let from = readNames(one), let to = readNames(other) else { return nil }
      return .between(from, to)
    case (nil, nil, let split?):
      guard
        let some = fields.readFields(
          split.value, of: "'split'", allowed: ["group", "count"], required: ["group"])
      else { return nil }
      return readSome(some).map { .split($0.count, group: $0.group) }
    default:
      fields.complain(
        keys.place, "the sides are either 'between' and 'and', or 'split': a part and all others")
      return nil
    }
  }

  /// A name, or a list of names.
  private mutating func readNames(_ entry: YAMLEntry) -> [String]? {
    guard case .sequence(let items) = entry.value.content else {
      return fields.readText(entry).map { [$0] }
    }
    let names = items.compactMap { item in
      fields.readText(YAMLEntry(key: entry.key, place: item.place, value: item))
    }
    if items.isEmpty { fields.complain(entry.value.place, "'\(entry.key)' names no node") }
    return names.count == items.count && !names.isEmpty ? names : nil
  }
}
