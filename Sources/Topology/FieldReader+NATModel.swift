import Participants

extension FieldReader {
  /// A group's `nat`: a kind, or a mapping; `nil` where there is none.
  mutating func readNATModel(_ entry: YAMLEntry?) -> NATModel? {
    guard let entry else { return nil }
    let kinds = NATModel.Kind.allCases.map(\.rawValue)
    guard case .mapping = entry.value.content else {
      return readChoice(entry, kinds).flatMap(NATModel.Kind.init).map { NATModel($0) }
    }
    guard
      let keys = readFields(
        entry.value, of: "'nat'",
        allowed: ["kind", "mapping", "filtering", "hairpinning", "binding-timeout", "shared"])
    else { return nil }
    let kind = readChoice(keys["kind"], kinds).flatMap(NATModel.Kind.init)
    let mapping = readDependence(keys["mapping"])
    let filtering = readDependence(keys["filtering"])
    let named = (keys["kind"], keys["mapping"], keys["filtering"])
    var model: NATModel
    switch (kind, mapping, filtering) {
    case (let kind?, nil, nil): model = NATModel(kind)
    case (nil, let mapping?, let filtering?):
      model = NATModel(mapping: mapping, filtering: filtering)
    default:
      // What was there and could not be read has been complained of.
      let isMisread =
        named.0 != nil && kind == nil || named.1 != nil && mapping == nil
        || named.2 != nil && filtering == nil
      if !isMisread {
        complain(
          entry.value.place, "a NAT is either of a 'kind', or has both 'mapping' and 'filtering'")
      }
      return nil
    }
    if let hairpinning = read(keys["hairpinning"], .flag) {
      model.hairpinning = hairpinning == .flag(true)
    }
    if let timeout = readDuration(keys["binding-timeout"], NATModel.bindingTimeouts) {
      model.bindingTimeout = timeout
    }
    model.isShared = read(keys["shared"], .flag) == .flag(true)
    return model
  }

  private mutating func readDependence(_ entry: YAMLEntry?) -> NATModel.Dependence? {
    readChoice(entry, NATModel.Dependence.allCases.map(\.rawValue)).flatMap(
      NATModel.Dependence.init)
  }
}
