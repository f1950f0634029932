package import Participants

/// The faults on the network that are on, as the supervisor hands them to who carries them out: a text
/// that replaces the one before as a whole, with the sides by name and, where it is known, address.
///
///     rules 3
///     fault 5 partition both 0
///     from peer-1 127.0.0.1:40001
///     to seed-1 127.0.0.1:40000
///     to late-1 -
package struct NetworkRules: Equatable, Sendable {
  /// Which version of the rules these are, from 1: it grows with every change during a run.
  package var number: Int
  /// Each with its nodes by name. When one began and how long it lasts is not told.
  package var faults: [Fault]
  /// Where nodes listen, by name; nothing of one that has not been ready yet.
  package var addresses: [String: Address]

  /// More than any amount that a topology may have, and so little that no sum overflows.
  private static let amounts: Range<Int64> = 0..<(1 << 43)

  /// - Parameter addresses: where nodes listen, by name: others than the faults' are of no account.
  package init(number: Int, faults: [Fault] = [], addresses: [String: Address] = [:]) {
    self.number = number
    self.faults = faults
    self.addresses = addresses
  }
}

// MARK: - What they mean to a node

extension NetworkRules {
  /// Both directions between a node and another.
  package struct Path: Equatable, Sendable {
    package var outbound = Disturbance()
    package var inbound = Disturbance()
  }

  /// What is between the node of that name and others, by their addresses. Paths that nothing
  /// disturbs are not there.
  package func paths(of name: String) -> [Address: Path] {
    var paths: [Address: Path] = [:]
    for fault in faults {
      guard let sides = fault.sides else { continue }
      let isFrom = sides.from.contains(name)
      let isTo = sides.to.contains(name)
      // A node may be on both sides: each direction counts once.
      let outbound = (isFrom ? sides.to : []) + (isTo && !sides.oneWay ? sides.from : [])
      let inbound = (isTo ? sides.from : []) + (isFrom && !sides.oneWay ? sides.to : [])
      for address in places(of: outbound, but: name) {
        paths[address, default: Path()].outbound.add(fault.action)
      }
      for address in places(of: inbound, but: name) {
        paths[address, default: Path()].inbound.add(fault.action)
      }
    }
    return paths
  }

  /// All that disturbs what one node sends to another, by name.
  package func disturbance(from sender: String, to receiver: String) -> Disturbance {
    guard sender != receiver else { return Disturbance() }
    return Disturbance(
      faults.lazy.filter { fault in
        guard let (from, to, oneWay) = fault.sides else { return false }
        return from.contains(sender) && to.contains(receiver)
          || !oneWay && to.contains(sender) && from.contains(receiver)
      }.map(\.action))
  }

  /// The numbers of the faults that the node of that name is on a side of.
  package func faults(of name: String) -> [Int] {
    faults.filter { fault in
      fault.sides.map { $0.from.contains(name) || $0.to.contains(name) } ?? false
    }.map(\.id)
  }

  private func places(of names: [String], but name: String) -> Set<Address> {
    Set(names.lazy.filter { $0 != name }.compactMap { addresses[$0]?.numeric })
  }
}

extension Address {
  /// The same with the number that `localhost` stands for.
  package var numeric: Address {
    host == "localhost" ? Address(host: "127.0.0.1", port: port) : self
  }
}

// MARK: - The text

extension NetworkRules: CustomStringConvertible {
  package var description: String {
    var text = "rules \(number)\n"
    for fault in faults {
      guard let (from, to, oneWay) = fault.sides else { continue }
      text += "fault \(fault.id) \(fault.action.word) \(oneWay ? "one-way" : "both") "
      text += "\(fault.action.amount ?? 0)\n"
      for (side, names) in [("from", from), ("to", to)] {
        for name in names {
          text += "\(side) \(name) \(addresses[name]?.description ?? "-")\n"
        }
      }
    }
    return text
  }

  /// Where the text stops making sense, as a line's number from 1.
  package struct Malformed: Error, Equatable {
    package var line: Int

    /// - Parameter line: counted from 1.
    package init(line: Int) { self.line = line }
  }

  /// - Throws: where it makes no sense.
  package init(parsing text: String) throws(Malformed) {
    self.init(number: 0)
    var sides: [(from: [String], to: [String], oneWay: Bool)] = []
    for (index, line) in text.split(separator: "\n").enumerated() {
      guard read(line.split(separator: " "), isFirst: index == 0, into: &sides) else {
        throw Malformed(line: index + 1)
      }
    }
    if number == 0 { throw Malformed(line: 1) }
    for (index, side) in sides.enumerated() {
      faults[index].target = .between(side.from, side.to, oneWay: side.oneWay)
    }
  }

  /// - Returns: whether the line makes sense.
  private mutating func read(
    _ words: [Substring], isFirst: Bool,
    into sides: inout [(from: [String], to: [String], oneWay: Bool)]
  ) -> Bool {
    switch (words.first, words.count) {
    case ("rules", 2) where isFirst:
      number = Int(words[1]) ?? 0
      return number > 0
    case ("fault", 5):
      guard let id = Int(words[1]), let amount = Int64(words[4]), Self.amounts.contains(amount),
        let action = Fault.Action(word: words[2], amount: amount), action.isOnNetwork,
        words[3] == "one-way" || words[3] == "both", action != .bandwidth(0)
      else { return false }
      faults.append(Fault(id: id, action: action, between: [], and: [], at: .zero))
      sides.append((from: [], to: [], oneWay: words[3] == "one-way"))
      return true
    case ("from", 3), ("to", 3):
      let name = String(words[1])
      let address = Address(parsing: words[2])
      guard !sides.isEmpty, address != nil || words[2] == "-" else { return false }
      if words[0] == "from" {
        sides[sides.count - 1].from.append(name)
      } else {
        sides[sides.count - 1].to.append(name)
      }
      if let address { addresses[name] = address }
      return true
    default: return false
    }
  }
}
