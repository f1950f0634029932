import Participants

extension FieldReader {
  /// The `network-model`; what is not given is as in an empty one.
  mutating func readNetworkModel(_ entry: YAMLEntry?) -> NetworkModel {
    var model = NetworkModel()
    guard let entry,
      let keys = readFields(
        entry.value, of: "'network-model'",
        allowed: [
          "latency", "jitter", "datagrams", "streams", "bandwidth", "clock-skew", "start-delay",
        ])
    else { return model }
    set(&model.latency, readLatency(keys["latency"]))
    set(&model.jitter, readModelDuration(keys["jitter"]))
    readDatagrams(keys["datagrams"], into: &model)
    readStreams(keys["streams"], into: &model)
    model.bandwidth = readBandwidth(keys["bandwidth"])
    set(&model.clockSkew, readModelDuration(keys["clock-skew"]))
    set(&model.startDelay, readModelDuration(keys["start-delay"]))
    return model
  }

  /// A decimal from 0 to 1, in parts per million.
  mutating func readRate(_ entry: YAMLEntry?) -> Int? {
    guard let entry else { return nil }
    let million = Int64(NetworkModel.million)
    if case .scalar(let text) = entry.value.content,
      let rate = Int64(decimal: text, times: million, atMost: million)
    {
      return Int(rate)
    }
    complainOfMisfit(entry, "a rate from 0 to 1 with at most 6 decimals")
    return nil
  }

  private func set<Value>(_ value: inout Value, _ read: Value?) {
    if let read { value = read }
  }

  private mutating func readModelDuration(_ entry: YAMLEntry?) -> Microseconds? {
    readDuration(entry, .zero...NetworkModel.longest)
  }

  private mutating func readDatagrams(_ entry: YAMLEntry?, into model: inout NetworkModel) {
    guard let entry,
      let keys = readFields(
        entry.value, of: "'datagrams'", allowed: ["loss", "duplication", "reordering"])
    else { return }
    set(&model.datagramLoss, readRate(keys["loss"]))
    set(&model.datagramDuplication, readRate(keys["duplication"]))
    set(&model.datagramReordering, readRate(keys["reordering"]))
  }

  private mutating func readStreams(_ entry: YAMLEntry?, into model: inout NetworkModel) {
    guard let entry,
      let keys = readFields(entry.value, of: "'streams'", allowed: ["cut", "stall", "reset-rate"])
    else { return }
    let cuts = NetworkModel.Cut.allCases.map(\.rawValue)
    set(&model.cut, readChoice(keys["cut"], cuts).flatMap(NetworkModel.Cut.init))
    set(&model.resetRate, readRate(keys["reset-rate"]))
    guard let stall = keys["stall"],
      let parts = readFields(
        stall.value, of: "'stall'", allowed: ["rate", "for"], required: ["rate"])
    else { return }
    set(&model.stallRate, readRate(parts["rate"]))
    set(&model.stallFor, readModelDuration(parts["for"]))
  }

  private mutating func readLatency(_ entry: YAMLEntry?) -> NetworkModel.Latency? {
    guard let entry else { return nil }
    let range = Microseconds.zero...NetworkModel.longest
    guard case .mapping = entry.value.content else {
      return readDuration(entry, range).map { .constant($0) }
    }
    let kinds = ["uniform", "normal", "measured"]
    guard let keys = readFields(entry.value, of: "'latency'", allowed: kinds) else { return nil }
    let chosen = keys.entries.filter { kinds.contains($0.key) }
    guard let kind = chosen.first, chosen.count == 1 else {
      complain(
        entry.value.place,
        "'latency' is a duration, or exactly one of \(kinds.joined(separator: ", "))")
      return nil
    }
    switch kind.key {
    case "uniform":
      guard let ends = readDurations(kind, range) else { return nil }
      guard ends.count == 2, ends[0] <= ends[1] else {
        complain(kind.value.place, "'uniform' takes two durations, the lesser first")
        return nil
      }
      return .uniform(ends[0], ends[1])
    case "normal":
      guard
        let parts = readFields(
          kind.value, of: "'normal'", allowed: ["mean", "deviation"],
          required: ["mean", "deviation"]),
        let mean = readDuration(parts["mean"], range),
        let deviation = readDuration(parts["deviation"], range)
      else { return nil }
      return .normal(mean: mean, deviation: deviation)
    default:
      guard let values = readDurations(kind, range) else { return nil }
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
  private mutating func readDurations(
    _ entry: YAMLEntry, _ range: ClosedRange<Microseconds>
  ) -> [Microseconds]? {
    guard let items = readItems(entry) else { return nil }
    let read = items.map { item in
      readDuration(YAMLEntry(key: entry.key, place: item.place, value: item), range)
    }
    return read.contains(nil) ? nil : read.compactMap(\.self)
  }

  /// In bytes per second.
  mutating func readBandwidth(_ entry: YAMLEntry?) -> Int64? {
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
    complainOfMisfit(entry, "a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s")
    return nil
  }
}
