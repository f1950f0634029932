import Participants

extension FieldReader {
  /// The `network-model`; what is not given is as in an empty one.
  mutating func networkModel(_ entry: YAMLEntry?) -> NetworkModel {
    var model = NetworkModel()
    guard let entry,
      let keys = fields(
        entry.value, of: "'network-model'",
        allowed: [
          "latency", "jitter", "datagrams", "streams", "bandwidth", "clock-skew", "start-delay",
        ])
    else { return model }
    set(&model.latency, latency(keys["latency"]))
    set(&model.jitter, modelDuration(keys["jitter"]))
    readDatagrams(keys["datagrams"], into: &model)
    readStreams(keys["streams"], into: &model)
    model.bandwidth = bandwidth(keys["bandwidth"])
    set(&model.clockSkew, modelDuration(keys["clock-skew"]))
    set(&model.startDelay, modelDuration(keys["start-delay"]))
    return model
  }

  /// A decimal from 0 to 1, in parts per million.
  mutating func rate(_ entry: YAMLEntry?) -> Int? {
    guard let entry else { return nil }
    let million = Int64(NetworkModel.million)
    if case .scalar(let text) = entry.value.content,
      let rate = Int64(decimal: text, times: million, atMost: million)
    {
      return Int(rate)
    }
    misfit(entry, "a rate from 0 to 1 with at most 6 decimals")
    return nil
  }

  private func set<Value>(_ value: inout Value, _ read: Value?) {
    if let read { value = read }
  }

  private mutating func modelDuration(_ entry: YAMLEntry?) -> Microseconds? {
    duration(entry, .zero...NetworkModel.longest)
  }

  private mutating func readDatagrams(_ entry: YAMLEntry?, into model: inout NetworkModel) {
    guard let entry,
      let keys = fields(
        entry.value, of: "'datagrams'", allowed: ["loss", "duplication", "reordering"])
    else { return }
    set(&model.datagramLoss, rate(keys["loss"]))
    set(&model.datagramDuplication, rate(keys["duplication"]))
    set(&model.datagramReordering, rate(keys["reordering"]))
  }

  private mutating func readStreams(_ entry: YAMLEntry?, into model: inout NetworkModel) {
    guard let entry,
      let keys = fields(entry.value, of: "'streams'", allowed: ["cut", "stall", "reset-rate"])
    else { return }
    let cuts = NetworkModel.Cut.allCases.map(\.rawValue)
    set(&model.cut, choice(keys["cut"], cuts).flatMap(NetworkModel.Cut.init))
    set(&model.resetRate, rate(keys["reset-rate"]))
    guard let stall = keys["stall"],
      let parts = fields(
        stall.value, of: "'stall'", allowed: ["rate", "for"], required: ["rate"])
    else { return }
    set(&model.stallRate, rate(parts["rate"]))
    set(&model.stallFor, modelDuration(parts["for"]))
  }

  private mutating func latency(_ entry: YAMLEntry?) -> NetworkModel.Latency? {
    guard let entry else { return nil }
    let range = Microseconds.zero...NetworkModel.longest
    guard case .mapping = entry.value.content else {
      return duration(entry, range).map { .constant($0) }
    }
    let kinds = ["uniform", "normal", "measured"]
    guard let keys = fields(entry.value, of: "'latency'", allowed: kinds) else { return nil }
    let chosen = keys.entries.filter { kinds.contains($0.key) }
    guard let kind = chosen.first, chosen.count == 1 else {
      complain(
        entry.value.place,
        "'latency' is a duration, or exactly one of \(kinds.joined(separator: ", "))")
      return nil
    }
    switch kind.key {
    case "uniform":
      guard let ends = durations(kind, range) else { return nil }
      guard ends.count == 2, ends[0] <= ends[1] else {
        complain(kind.value.place, "'uniform' takes two durations, the lesser first")
        return nil
      }
      return .uniform(ends[0], ends[1])
    case "normal":
      guard
        let parts = fields(
          kind.value, of: "'normal'", allowed: ["mean", "deviation"],
          required: ["mean", "deviation"]),
        let mean = duration(parts["mean"], range),
        let deviation = duration(parts["deviation"], range)
      else { return nil }
      return .normal(mean: mean, deviation: deviation)
    default:
      guard let values = durations(kind, range) else { return nil }
      guard (1...NetworkModel.mostMeasured).contains(values.count) else {
        complain(
          kind.value.place,
          "'measured' takes 1 to \(NetworkModel.mostMeasured) durations, found \(values.count)")
        return nil
      }
      return .measured(values)
    }
  }

  /// A list of durations; `nil` where one of them is none.
  private mutating func durations(
    _ entry: YAMLEntry, _ range: ClosedRange<Microseconds>
  ) -> [Microseconds]? {
    guard let items = items(entry) else { return nil }
    let read = items.map { item in
      duration(YAMLEntry(key: entry.key, place: item.place, value: item), range)
    }
    return read.contains(nil) ? nil : read.compactMap(\.self)
  }

  /// In bytes per second.
  mutating func bandwidth(_ entry: YAMLEntry?) -> Int64? {
    guard let entry else { return nil }
    let range = NetworkModel.bandwidths
    if case .scalar(let text) = entry.value.content,
      let unit = NetworkModel.bandwidthUnits.first(where: { text.hasSuffix($0.name) }),
      let count = Int64(
        decimal: text.dropLast(unit.name.count), times: unit.factor, atMost: range.upperBound),
      range.contains(count)
    {
      return count
    }
    misfit(entry, "a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s")
    return nil
  }
}
