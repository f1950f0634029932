package import Participants

/// The faults on the network that are on, as the supervisor hands them to the nodes' drivers: a text
/// file that is replaced as a whole, with the sides by name and, where it is known, address.
///
///     rules 3
///     fault 5 partition both 0
///     from peer-1 127.0.0.1:40001
///     to seed-1 127.0.0.1:40000
///     to late-1 -
package struct NetworkRules: Equatable, Sendable {
  package enum Action: String, Sendable {
    /// Nothing arrives.
    case partition
    /// Datagrams are lost, and what streams carry has to be sent again.
    case loss
    /// Everything takes longer.
    case latency
    /// No more than so much at a time.
    case bandwidth
  }

  /// One fault. What nodes on one side send to those on the other is disturbed.
  package struct Rule: Equatable, Sendable {
    /// The fault's number in the plan.
    package var fault: Int
    package var action: Action
    /// Whether what goes from `to` to `from` is spared.
    package var oneWay: Bool
    /// Of a loss in parts per million, of a latency in microseconds, of a bandwidth in bytes per
    /// second; 0 of a partition.
    package var amount: Int64
    /// One that is on both sides is disturbed with every other of both.
    package var from: [Member]
    package var to: [Member]

    package init(
      fault: Int, action: Action, oneWay: Bool, amount: Int64, from: [Member], to: [Member]
    ) {
      self.fault = fault
      self.action = action
      self.oneWay = oneWay
      self.amount = amount
      self.from = from
      self.to = to
    }
  }

  /// A node of a side.
  package struct Member: Equatable, Sendable {
    package var name: String
    /// Where it listens; `nil` while it has not been ready yet.
    package var address: Address?

    package init(name: String, address: Address?) {
      self.name = name
      self.address = address
    }
  }

  /// Which version of the rules these are, from 1: it grows with every change during a run.
  package var number: Int
  package var rules: [Rule]

  /// More than any amount that a topology may have, and so little that no sum overflows.
  private static let amounts: Range<Int64> = 0..<(1 << 43)

  package init(number: Int, rules: [Rule] = []) {
    self.number = number
    self.rules = rules
  }
}

// MARK: - What they mean to a node

extension NetworkRules {
  /// All that disturbs one direction between two nodes.
  package struct Disturbance: Equatable, Sendable {
    package var isCut = false
    /// The worst of the losses, in parts per million.
    package var loss = 0
    /// The sum of the latencies.
    package var latency = Microseconds.zero
    /// The least of the bandwidths, in bytes per second; `nil`: unlimited.
    package var bandwidth: Int64?

    package init() {}

    fileprivate mutating func add(_ rule: Rule) {
      switch rule.action {
      case .partition: isCut = true
      case .loss where rule.amount >= Loss.total: isCut = true
      case .loss: loss = max(loss, Int(rule.amount))
      case .latency: latency = latency + Microseconds(rule.amount)
      case .bandwidth: bandwidth = min(bandwidth ?? rule.amount, rule.amount)
      }
    }
  }

  /// Both directions between a node and another.
  package struct Path: Equatable, Sendable {
    package var outbound = Disturbance()
    package var inbound = Disturbance()
  }

  /// What is between the node of that name and others, by their addresses. Paths that nothing
  /// disturbs are not there.
  package func paths(of name: String) -> [Address: Path] {
    var paths: [Address: Path] = [:]
    for rule in rules {
      let isFrom = rule.from.contains { $0.name == name }
      let isTo = rule.to.contains { $0.name == name }
      // A node may be on both sides: each direction counts once.
      let outbound = (isFrom ? rule.to : []) + (isTo && !rule.oneWay ? rule.from : [])
      let inbound = (isTo ? rule.from : []) + (isFrom && !rule.oneWay ? rule.to : [])
      for address in Self.addresses(outbound, but: name) {
        paths[address, default: Path()].outbound.add(rule)
      }
      for address in Self.addresses(inbound, but: name) {
        paths[address, default: Path()].inbound.add(rule)
      }
    }
    return paths
  }

  /// All that disturbs what one node sends to another.
  package func disturbance(from sender: String, to receiver: String) -> Disturbance {
    var disturbance = Disturbance()
    for rule in rules where sender != receiver {
      func has(_ side: [Member], _ name: String) -> Bool { side.contains { $0.name == name } }
      let isForth = has(rule.from, sender) && has(rule.to, receiver)
      if isForth || !rule.oneWay && has(rule.to, sender) && has(rule.from, receiver) {
        disturbance.add(rule)
      }
    }
    return disturbance
  }

  /// The faults that the node of that name is on a side of.
  package func faults(of name: String) -> [Int] {
    rules.filter { ($0.from + $0.to).contains { $0.name == name } }.map(\.fault)
  }

  private static func addresses(_ members: [Member], but name: String) -> Set<Address> {
    Set(members.lazy.filter { $0.name != name }.compactMap(\.address?.numeric))
  }
}

extension Address {
  /// The same with the number that `localhost` stands for.
  package var numeric: Address {
    host == "localhost" ? Address(host: "127.0.0.1", port: port) : self
  }
}

// MARK: - The file

extension NetworkRules: CustomStringConvertible {
  package var description: String {
    var text = "rules \(number)\n"
    for rule in rules {
      let ways = rule.oneWay ? "one-way" : "both"
      text += "fault \(rule.fault) \(rule.action.rawValue) \(ways) \(rule.amount)\n"
      for (side, members) in [("from", rule.from), ("to", rule.to)] {
        for member in members {
          text += "\(side) \(member.name) \(member.address?.description ?? "-")\n"
        }
      }
    }
    return text
  }

  /// Where the text stops making sense, as a line's number from 1.
  package struct Malformed: Error, Equatable {
    package var line: Int

    package init(line: Int) { self.line = line }
  }

  package init(parsing text: String) throws(Malformed) {
    self.init(number: 0)
    for (index, line) in text.split(separator: "\n").enumerated() {
      guard take(line.split(separator: " "), isFirst: index == 0) else {
        throw Malformed(line: index + 1)
      }
    }
    if number == 0 { throw Malformed(line: 1) }
  }

  /// Whether the line makes sense.
  private mutating func take(_ words: [Substring], isFirst: Bool) -> Bool {
    switch (words.first, words.count) {
    case ("rules", 2) where isFirst:
      number = Int(words[1]) ?? 0
      return number > 0
    case ("fault", 5):
      guard let fault = Int(words[1]), let action = Action(rawValue: String(words[2])),
        words[3] == "one-way" || words[3] == "both",
        let amount = Int64(words[4]), Self.amounts.contains(amount),
        action != .bandwidth || amount > 0
      else { return false }
      rules.append(
        Rule(
          fault: fault, action: action, oneWay: words[3] == "one-way", amount: amount, from: [],
          to: []))
      return true
    case ("from", 3), ("to", 3):
      let address = Address(parsing: words[2])
      guard !rules.isEmpty, address != nil || words[2] == "-" else { return false }
      let member = Member(name: String(words[1]), address: address)
      if words[0] == "from" {
        rules[rules.count - 1].from.append(member)
      } else {
        rules[rules.count - 1].to.append(member)
      }
      return true
    default: return false
    }
  }
}
