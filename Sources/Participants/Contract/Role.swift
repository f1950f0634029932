/// What a node does in its network, and how it is configured: one entry of the catalogue that
/// `seedbed-node --help`, the topology's validation and the documentation all read.
package struct Role: Sendable {
  /// The network it belongs to, e.g. `gossip`.
  package var network: String
  /// What topologies call it inside its network, e.g. `peer`.
  package var name: String
  package var summary: String
  package var options: [OptionSpecification]
  /// What it listens on, all at one port.
  package var transports: Transports
  /// How it uses the list of seeds in `config.txt`.
  package var seedList: SeedListUse
  /// Makes a participant from checked options.
  package var make: @Sendable (ParticipantSettings) -> any Participant

  package init(
    network: String, name: String, summary: String, options: [OptionSpecification],
    transports: Transports, seedList: SeedListUse,
    make: @escaping @Sendable (ParticipantSettings) -> any Participant
  ) {
    self.network = network
    self.name = name
    self.summary = summary
    self.options = options
    self.transports = transports
    self.seedList = seedList
    self.make = make
  }

  /// `NETWORK-NAME`, the role's name on the node's command line.
  package var fullName: String { "\(network)-\(name)" }
}

package struct Transports: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// TCP.
  package static let stream = Transports(rawValue: 1)
  /// UDP.
  package static let datagram = Transports(rawValue: 2)
}

/// What a role does with the seed list, `config.txt`: one `HOST:PORT` per line.
package enum SeedListUse: Sendable {
  /// Is listed there: adds its own address if it is absent.
  case listed
  /// Reads it at the start, and needs at least one line.
  case reads
  /// Knows nothing of it: an option names the nodes to begin with.
  case unused
}

/// All that a participant knows besides what it is told while it runs.
package struct ParticipantSettings: Sendable {
  package var options: OptionValues
  /// The seeds of the network, in the order of the file.
  package var seeds: [Address]
  /// The folder of the node's own files; each node of a run has its own.
  package var data: String
  /// Bytes for what nobody else may foresee, others for each life of a node: ``secretSize`` of them,
  /// from the system where the node is real. In a simulation they follow from the seed, as all does.
  package var secret: [UInt8]

  package static let secretSize = 32

  package init(
    options: OptionValues, seeds: [Address], data: String = ".", secret: [UInt8] = []
  ) {
    self.options = options
    self.seeds = seeds
    self.data = data
    self.secret = secret
  }
}

/// One option of a role.
package struct OptionSpecification: Sendable {
  package enum Kind: Sendable, Equatable {
    case duration(ClosedRange<Microseconds>)
    case count(ClosedRange<Int64>)
    case flag
    case choice([String])
    /// Free text, of so many bytes in UTF-8 at most.
    case text(atMost: Int)
    /// Addresses of other nodes, so many at most. A topology may name nodes and groups instead.
    case addresses(atMost: Int)
  }

  /// In words joined by hyphens, as on the command line and in topologies.
  package var name: String
  package var kind: Kind
  package var initial: OptionValue
  package var summary: String

  package init(_ name: String, _ kind: Kind, default initial: OptionValue, _ summary: String) {
    self.name = name
    self.kind = kind
    self.initial = initial
    self.summary = summary
  }

  /// What is allowed, for messages and help.
  package var allowed: String { kind.allowed }

  /// Reads a value as written. `nil` when it is not what ``allowed`` says.
  package func parse(_ text: some StringProtocol) -> OptionValue? { kind.parse(text) }
}

extension OptionSpecification.Kind {
  /// In words: `a duration from 1ms to 1h`, `true or false`.
  package var allowed: String {
    switch self {
    case .duration(let range): "a duration from \(range.lowerBound) to \(range.upperBound)"
    case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .choice(let words): words.joined(separator: " or ")
    case .text(let most): "text of at most \(most) bytes"
    case .addresses(let most):
      most == 1 ? "an address, HOST:PORT" : "up to \(most) addresses, HOST:PORT,HOST:PORT,…"
    }
  }

  /// A value that a text was probably meant to be which is none, as it is written.
  package func guess(_ text: some StringProtocol) -> String? {
    guard case .duration(let range) = self, let guess = Microseconds.guess(text),
      range.contains(guess)
    else { return nil }
    return guess.description
  }

  /// Reads a value as written. `nil` when it is not what ``allowed`` says.
  package func parse(_ text: some StringProtocol) -> OptionValue? {
    switch self {
    case .duration(let range):
      Microseconds(parsing: text).flatMap { range.contains($0) ? .duration($0) : nil }
    case .count(let range):
      Int64(text).flatMap { range.contains($0) ? .count($0) : nil }
    case .flag:
      text == "true" ? .flag(true) : text == "false" ? .flag(false) : nil
    case .choice(let words):
      words.contains(String(text)) ? .choice(String(text)) : nil
    case .text(let most):
      text.utf8.count <= most ? .text(String(text)) : nil
    case .addresses(let most):
      Self.split(text).flatMap { texts in
        texts.count <= most
          && texts.allSatisfy { Address(parsing: $0).map { $0.port > 0 } ?? false }
          ? .addresses(texts) : nil
      }
    }
  }

  /// The parts of a list as it is written; `nil` when one of them is empty. Of no text: none.
  private static func split(_ text: some StringProtocol) -> [String]? {
    let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
    return parts.contains { $0.isEmpty } ? nil : parts.map { String($0) }
  }
}

package enum OptionValue: Hashable, Sendable, CustomStringConvertible {
  case duration(Microseconds)
  case count(Int64)
  case flag(Bool)
  case choice(String)
  case text(String)
  /// As they are written: `HOST:PORT` each. In a topology, names of nodes and groups too.
  case addresses([String])

  /// As it is written on a command line or in a topology.
  package var description: String {
    switch self {
    case .duration(let duration): duration.description
    case .count(let count): String(count)
    case .flag(let flag): String(flag)
    case .choice(let word): word
    case .text(let text): text
    case .addresses(let addresses): addresses.joined(separator: ",")
    }
  }
}

/// A role's options with a value for each: those given, and the defaults for the rest.
package struct OptionValues: Sendable {
  private let specifications: [OptionSpecification]
  private var given: [String: OptionValue]

  /// The values of a role's options. Names and values have been checked by whoever read them.
  package init(_ specifications: [OptionSpecification], given: [String: OptionValue] = [:]) {
    self.specifications = specifications
    self.given = given
  }

  /// The values of a role's options as they are written. What is not allowed is as good as not given.
  ///
  /// - Parameter text: what is written for an option of that name; `nil`: nothing is.
  package init(_ specifications: [OptionSpecification], reading text: (String) -> String?) {
    self.init(specifications)
    for option in specifications {
      given[option.name] = text(option.name).flatMap { option.parse($0) }
    }
  }

  /// The same with other values, checked as those before were.
  package func with(_ others: [String: OptionValue]) -> OptionValues {
    OptionValues(specifications, given: given.merging(others) { $1 })
  }

  /// Every option with its value in effect, in the catalogue's order.
  package var all: [(name: String, value: OptionValue)] {
    specifications.map { (name: $0.name, value: given[$0.name] ?? $0.initial) }
  }

  /// The value of an option that is a duration. The role must have it, as in all of these.
  package func duration(_ name: String) -> Microseconds {
    guard case .duration(let value) = self[name] else { preconditionFailure(name) }
    return value
  }

  /// The value of an option that is a whole number.
  package func count(_ name: String) -> Int {
    guard case .count(let value) = self[name] else { preconditionFailure(name) }
    return Int(value)
  }

  /// The value of an option that is true or false.
  package func flag(_ name: String) -> Bool {
    guard case .flag(let value) = self[name] else { preconditionFailure(name) }
    return value
  }

  /// The word that was chosen.
  package func choice(_ name: String) -> String {
    guard case .choice(let value) = self[name] else { preconditionFailure(name) }
    return value
  }

  /// The value of an option that is text.
  package func text(_ name: String) -> String {
    guard case .text(let value) = self[name] else { preconditionFailure(name) }
    return value
  }

  /// The addresses of an option, in their order. Names of nodes must have been resolved.
  package func addresses(_ name: String) -> [Address] {
    guard case .addresses(let texts) = self[name] else { preconditionFailure(name) }
    return texts.compactMap { Address(parsing: $0) }
  }

  private subscript(name: String) -> OptionValue? {
    given[name] ?? specifications.first { $0.name == name }?.initial
  }
}
