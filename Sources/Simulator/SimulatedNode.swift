import Participants

/// One participant and what a machine holds for its process.
struct SimulatedNode {
  enum State {
    /// No process, or not bound yet.
    case down
    case up
    /// Stopped by SIGSTOP: what happens to it waits.
    case frozen
  }

  // What is needed for every happening comes first: it is to be found in few cache lines.
  var state = State.down
  /// How far the node's clock is from the simulation's, in microseconds.
  let skew: Int64
  var participant: (any Participant)?
  var random = SeededGenerator(seed: 0)
  /// The last connection ID that was given.
  var lastConnection: UInt64 = 0
  var ends = ConnectionTable<Int32>()
  var timers: [TimerKey: (index: Int32, generation: UInt32)] = [:]
  /// The last `n` of its log, which goes on through its lives.
  var sequence: UInt64 = 0

  let name: String
  let role: Role
  var options: OptionValues
  let address: Address
  /// A second one, of the other family.
  let also: Address?
  /// The NAT that it is behind; -1 for none.
  var nat: Int32 = -1
  /// Counts lives, so that what was planned for an earlier one is passed over.
  var life: UInt32 = 0
  var pid: Int32 = 0
  /// What arrived while it was frozen, in order.
  var held: [Input] = []
  /// How its process is about to be reaped; neither: by SIGKILL.
  var endsInOrder = false
  var endsBySignal = false
  /// It asked to end.
  var isFinishing = false
  /// Why it cannot go on: it ends with a code of its own.
  var failure: Failure?
  /// SIGTERM came while it was frozen.
  var isTerminationPending = false
  /// The rules for the network changed while it was frozen.
  var isHeedPending = false
  /// When its line to the network is free again, each way.
  var sendsFrom: Int64 = 0
  var receivesFrom: Int64 = 0

  init(
    name: String, role: Role, options: OptionValues, address: Address, also: Address?,
    skew: Int64
  ) {
    self.name = name
    self.role = role
    self.options = options
    self.address = address
    self.also = also
    self.skew = skew
  }

  /// The host that it sends from to another.
  func host(towards other: String) -> String {
    guard let also, Self.isIPv6(also.host) == Self.isIPv6(other) else { return address.host }
    return also.host
  }

  private static func isIPv6(_ host: String) -> Bool { host.utf8.contains(UInt8(ascii: ":")) }
}
