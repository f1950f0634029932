import Participants

/// One participant and what a machine holds for its process.
final class SimulatedNode {
  enum State {
    /// No process, or not bound yet.
    case down
    case up
    /// Stopped by SIGSTOP: what happens to it waits.
    case frozen
  }

  let name: String
  let index: Int32
  let role: Role
  var options: OptionValues
  let address: Address
  /// How far the node's clock is from the simulation's, in microseconds.
  let skew: Int64
  var participant: (any Participant)?
  var random = SeededGenerator(seed: 0)
  var effects = Effects()
  var state = State.down
  /// Counts lives, so that what was planned for an earlier one is passed over.
  var life: UInt32 = 0
  var pid: Int32 = 0
  /// The last `n` of its log, which goes on through its lives.
  var sequence: UInt64 = 0
  var timers: [TimerKey: (index: Int32, generation: UInt32)] = [:]
  var ends: [ConnectionID: Int32] = [:]
  /// Its files, by path.
  var disk: [String: [UInt8]] = [:]
  /// What the disk answered and the participant was not told, in order.
  var answers: [(key: FileKey, answer: FileAnswer)] = []
  var isAnswering = false
  /// What arrived while it was frozen, in order.
  var held: [Input] = []
  /// How its process is about to be reaped; neither: by SIGKILL.
  var endsInOrder = false
  var endsBySignal = false
  /// It asked to end.
  var isFinishing = false
  /// SIGTERM came while it was frozen.
  var isTerminationPending = false
  /// When its line to the network is free again, each way.
  var sendsFrom: Int64 = 0
  var receivesFrom: Int64 = 0

  init(
    name: String, index: Int32, role: Role, options: OptionValues, address: Address, skew: Int64
  ) {
    self.name = name
    self.index = index
    self.role = role
    self.options = options
    self.address = address
    self.skew = skew
  }
}
