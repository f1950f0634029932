/// A network that comes with Seedbed, as code: all that is registered of it, in one line of `Networks`.
/// What it is apart from code, its views, checks and spawn template, is in the folder `networks/NAME`.
///
/// Nothing is made before it is asked for: a node needs one role alone, and stays small.
package struct Network: Sendable {
  /// As topologies name it, e.g. `gossip`.
  package var name: String
  package var roles: @Sendable () -> [Role]
  /// The kinds of events that its nodes log, with their fields.
  package var kinds: @Sendable () -> [EventKind]
  /// What strangers may send, for tests.
  package var samples: @Sendable () -> NetworkSamples

  package init(
    name: String, roles: @escaping @Sendable () -> [Role],
    kinds: @escaping @Sendable () -> [EventKind],
    samples: @escaping @Sendable () -> NetworkSamples
  ) {
    self.name = name
    self.roles = roles
    self.kinds = kinds
    self.samples = samples
  }
}

/// What a network's nodes say to one another, and what reads it.
package struct NetworkSamples: Sendable {
  /// Every message that somebody may send to a node, by any transport.
  package var messages: [[UInt8]]
  /// Options with which a lone node has something to do with what strangers send. Roles that do not have
  /// one go without.
  package var options: [String: OptionValue]
  /// What takes bytes from outside.
  package var targets: [FuzzTarget]

  package init(
    messages: [[UInt8]], options: [String: OptionValue] = [:], targets: [FuzzTarget]
  ) {
    self.messages = messages
    self.options = options
    self.targets = targets
  }

  /// An address that nobody listens at, for messages and options.
  package static let stranger = Address(host: "127.0.0.1", port: 6_001)
}
