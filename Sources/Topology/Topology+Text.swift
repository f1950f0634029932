import Faults
package import Participants

/// A topology written as a file that is read as the same topology.
extension Topology {
  /// - Parameters:
  ///   - roles: the catalogue it was read with.
  ///   - comment: lines for people at its head.
  package func text(roles: [Role], comment: [String] = []) -> String {
    var lines = comment.map { $0.isEmpty ? "#" : "# \($0)" }
    lines += ["network: \(networkFolder.map(Self.quoted) ?? network)", "groups:"]
    for group in groups { lines += text(of: group, roles) }
    if !faults.isEmpty {
      lines += ["faults:"] + faults.map { "  - \($0.text)" }
    }
    lines += ["ready: { within: \(readyWithin) }"]
    lines += ["stop: { at: \(stopAt), within: \(stopWithin) }"]
    lines += ["unexpected-exits: \(allowsUnexpectedExits ? "allow" : "fail")"]
    if let checks { lines.append("checks: \(Self.list(checks.map(Self.quoted)))") }
    if isolation != .none { lines.append("isolation: \(isolation.rawValue)") }
    return (lines + networkModel.lines).map { "\($0)\n" }.joined()
  }

  private func text(of group: Group, _ roles: [Role]) -> [String] {
    let role = roles.first { $0.fullName == group.role }
    var lines = ["  \(group.name):", "    role: \(role?.name ?? group.role)"]
    lines.append("    count: \(group.count)")
    if let after = group.after { lines.append("    after: \(after)") }
    if group.every > .zero { lines.append("    every: \(group.every)") }
    if let joins = group.joins { lines.append("    joins: \(joins)") }
    if let nat = group.nat { lines.append("    nat: \(nat.text)") }
    if let listening = group.listening { lines.append("    listen: \(listening.text)") }
    if !group.options.isEmpty { lines.append("    options: \(Self.map(group.options))") }
    guard !group.variants.isEmpty else { return lines }
    lines.append("    variants:")
    for variant in group.variants {
      // A variant has the group's options unless it says otherwise.
      var options = variant.options
      for name in group.options.keys where options[name] == nil {
        options[name] = role?.options.first { $0.name == name }?.initial
      }
      lines.append("      - { count: \(variant.count), options: \(Self.map(options)) }")
    }
    return lines
  }

  private static func map(_ options: [String: OptionValue]) -> String {
    let pairs = options.sorted { $0.key < $1.key }.map { name, value in
      switch value {
      case .addresses(let names): "\(name): \(list(names.map(quoted)))"
      case .text(let text): "\(name): \(quoted(text))"
      case .duration, .count, .flag, .choice: "\(name): \(value)"
      }
    }
    return pairs.isEmpty ? "{}" : "{ \(pairs.joined(separator: ", ")) }"
  }

  fileprivate static func list(_ items: some Sequence<String>) -> String {
    "[\(items.joined(separator: ", "))]"
  }

  /// For paths, which may hold anything.
  private static func quoted(_ text: String) -> String {
    "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
  }

  /// A rate as it is written: a decimal from 0 to 1.
  fileprivate static func rate(_ partsPerMillion: Int) -> String {
    guard (1..<NetworkModel.million).contains(partsPerMillion) else {
      return partsPerMillion == 0 ? "0" : "1"
    }
    let digits = String(partsPerMillion)
    return "0." + String(repeating: "0", count: 6 - digits.count) + digits
  }
}

extension Fault {
  /// One item of `faults`.
  fileprivate var text: String {
    let value: String
    switch target {
    case .node(let name): value = name
    case .some(let count, let group): value = "{ group: \(group), count: \(count) }"
    case .between(let from, let to, let oneWay):
      value = text(of: "between: \(Topology.list(from)), and: \(Topology.list(to))", oneWay)
    case .split(let count, let group, let oneWay):
      value = text(of: "split: { group: \(group), count: \(count) }", oneWay)
    case .churn(let group, let every, let downFor):
      value = "{ group: \(group), every: \(every), down-for: \(downFor) }"
    }
    let end = lasting.map { ", for: \($0)" } ?? ""
    return "{ at: \(at), \(word): \(value)\(end) }"
  }

  private func text(of sides: String, _ oneWay: Bool) -> String {
    let amount =
      switch action {
      case .loss(let loss): ", rate: \(Topology.rate(loss))"
      case .latency(let latency): ", add: \(latency)"
      case .bandwidth(let bandwidth): ", limit: \(NetworkModel.text(of: bandwidth))"
      case .kill, .stop, .pause, .restart, .partition: ""
      }
    return "{ \(sides)\(amount)\(oneWay ? ", one-way: true" : "") }"
  }
}

extension NATModel {
  fileprivate var text: String {
    let keys = [
      "mapping: \(mapping.rawValue)", "filtering: \(filtering.rawValue)",
      "hairpinning: \(hairpinning)", "binding-timeout: \(bindingTimeout)", "shared: \(isShared)",
    ]
    return "{ \(keys.joined(separator: ", ")) }"
  }
}

extension NetworkModel {
  /// The whole section; none for the model that is there without it.
  fileprivate var lines: [String] {
    guard self != NetworkModel() else { return [] }
    var lines = ["network-model:"]
    switch latency {
    case .constant(let latency): lines.append("  latency: \(latency)")
    case .uniform(let least, let most):
      lines.append("  latency: { uniform: [\(least), \(most)] }")
    case .normal(let mean, let deviation):
      lines.append("  latency: { normal: { mean: \(mean), deviation: \(deviation) } }")
    case .measured(let values):
      lines.append("  latency: { measured: \(Topology.list(values.map(\.description))) }")
    }
    let loss = Topology.rate(datagramLoss)
    let duplication = Topology.rate(datagramDuplication)
    let reordering = Topology.rate(datagramReordering)
    lines += [
      "  jitter: \(jitter)",
      "  datagrams: { loss: \(loss), duplication: \(duplication), reordering: \(reordering) }",
      "  streams:",
      "    cut: \(cut.rawValue)",
      "    stall: { rate: \(Topology.rate(stallRate)), for: \(stallFor) }",
      "    reset-rate: \(Topology.rate(resetRate))",
    ]
    if let bandwidth { lines.append("  bandwidth: \(Self.text(of: bandwidth))") }
    return lines + ["  clock-skew: \(clockSkew)", "  start-delay: \(startDelay)"]
  }

  /// A bandwidth as it is written. Whole bytes per second always have at most three decimals in the
  /// smallest unit.
  package static func text(of bandwidth: Int64) -> String {
    guard bandwidth % 1_000 > 0 else { return "\(bandwidth / 1_000)KB/s" }
    let rest = String(bandwidth % 1_000)
    let decimals = String(repeating: "0", count: 3 - rest.count) + rest
    return "\(bandwidth / 1_000).\(decimals)KB/s"
  }
}

extension Topology {
  /// The same with what the seed chooses spelled out: every fault with its nodes by name.
  package func withFaults(of plan: Plan) -> Topology {
    var topology = self
    topology.faults = plan.faults
    // Of a topology's faults none has a number yet.
    for index in topology.faults.indices { topology.faults[index].id = 0 }
    return topology
  }
}
