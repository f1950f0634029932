package import Participants

/// What the supervisor tells the relay, which answers each with a ``RelayAnswer``.
///
/// On the wire each is its length in bytes as a decimal number and a line feed, and so many bytes of
/// text.
package enum RelayMessage: Equatable, Sendable {
  /// A node runs, as the process group of that number, and others are to see that host.
  case started(String, group: Int32, host: String)
  /// A node listens, and from now on is reached at another address: the relay's.
  case opened(String, listening: Address, at: Address)
  /// A node's process has ended.
  case ended(String)
  /// From now on these faults are on.
  case rules(NetworkRules)

  /// Rules of the most nodes and faults are far below.
  package static let longest = 16 * 1024 * 1024
}

extension RelayMessage: CustomStringConvertible {
  package var description: String {
    switch self {
    case .started(let name, let group, let host): "started \(name) \(group) \(host)"
    case .opened(let name, let listening, let address): "opened \(name) \(listening) \(address)"
    case .ended(let name): "ended \(name)"
    case .rules(let rules): rules.description
    }
  }

  /// As it goes over the wire.
  package var framed: [UInt8] {
    let text = Array(description.utf8)
    return Array("\(text.count)\n".utf8) + text
  }

  /// `nil` for what is no message.
  package init?(parsing text: String) {
    let words = text.split(separator: " ")
    switch (words.first, words.count) {
    case ("started", 4):
      guard let group = Int32(words[2]), group > 0 else { return nil }
      self = .started(String(words[1]), group: group, host: String(words[3]))
    case ("opened", 4):
      guard let listening = Address(parsing: words[2]), let address = Address(parsing: words[3])
      else { return nil }
      self = .opened(String(words[1]), listening: listening, at: address)
    case ("ended", 2): self = .ended(String(words[1]))
    default:
      guard let rules = try? NetworkRules(parsing: text) else { return nil }
      self = .rules(rules)
    }
  }

  /// Takes the first message from what has come; `nil` while it is not there whole.
  ///
  /// - Throws: where it cannot become one.
  package static func next(in bytes: inout [UInt8]) throws(Malformed) -> RelayMessage? {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      if bytes.count > 16 { throw Malformed() }
      return nil
    }
    guard let length = Int(String(decoding: bytes[..<end], as: UTF8.self)),
      (0...longest).contains(length)
    else { throw Malformed() }
    let rest = bytes[(end + 1)...]
    guard rest.count >= length else { return nil }
    guard let message = RelayMessage(parsing: String(decoding: rest.prefix(length), as: UTF8.self))
    else { throw Malformed() }
    bytes = Array(rest.dropFirst(length))
    return message
  }

  /// What came is no message.
  package struct Malformed: Error, Equatable {}
}

/// What the relay says to a message: a line of text.
package enum RelayAnswer: Equatable, Sendable {
  case done(RelayCounts)
  /// It could not: why, in words.
  case failed(String)
  /// It could not because somebody else has the address: in words.
  case taken(String)
}

/// What the relay did since the rules before.
package struct RelayCounts: Equatable, Sendable {
  /// Datagrams that were lost on purpose.
  package var lost = 0
  /// How often something had to wait on purpose.
  package var held = 0
  /// Connections and datagrams of which nobody knew the node at an end while a fault was on: they
  /// passed.
  package var unknown = 0

  /// So many of each.
  package init(lost: Int = 0, held: Int = 0, unknown: Int = 0) {
    self.lost = lost
    self.held = held
    self.unknown = unknown
  }
}

extension RelayAnswer: CustomStringConvertible {
  package var description: String {
    switch self {
    case .done(let counts): "done \(counts.lost) \(counts.held) \(counts.unknown)\n"
    case .failed(let why): "failed \(why)\n"
    case .taken(let why): "taken \(why)\n"
    }
  }

  /// `nil` for what is no answer.
  package init?(parsing line: String) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    if line.hasPrefix("failed ") {
      self = .failed(String(line.dropFirst(7)))
    } else if line.hasPrefix("taken ") {
      self = .taken(String(line.dropFirst(6)))
    } else if line.hasPrefix("done "), words.count == 4, numbers.count == 3 {
      self = .done(RelayCounts(lost: numbers[0], held: numbers[1], unknown: numbers[2]))
    } else {
      return nil
    }
  }
}
