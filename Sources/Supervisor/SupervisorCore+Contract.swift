package import Faults
package import Participants
import Topology

extension SupervisorCore {
  /// What the core is told. Nodes are named by their position in the plan.
  package enum Input: Sendable {
    /// The first input.
    case launched
    /// A ``Effect/spawn(_:listen:addresses:)`` worked.
    case spawned(Int, pid: Int32)
    /// A ``Effect/spawn(_:listen:addresses:)`` failed: why, in words.
    case spawnFailed(Int, String)
    /// The node's current process is ready: it has written `node.ready` with this address, or, of a
    /// program, what the plan says was seen. `nil` where nothing says where the program listens, other
    /// than the plan may.
    case ready(Int, Address?)
    /// The node's process ended and was reaped.
    case exited(Int, ExitStatus)
    /// The answer to ``Effect/readState(_:)``.
    case stateSeen(Int, paused: Bool)
    /// The node's current process has said `rules.applied`: it goes by the rules of that number.
    case heeded(Int, rules: Int)
    /// ``SupervisorCore/wakeAt`` has come. Harmless at any other time.
    case due
    /// A person, or the system, wants the run to end: in order the first time, at once the second.
    case interrupted
    /// The process was stopped (SIGSTOP, Ctrl-Z) and goes on: it has done nothing for so long, at most.
    case continued(after: Microseconds)
    /// The run cannot go on (the history cannot be written, the relay has ended): why, in words.
    case failed(String)
    /// The run's folder cannot be written to (its disk is full): why, in words.
    case storageFailed(String)
    /// The answer to ``Effect/checkGroups``: the nodes whose process group is not empty.
    case groupsSeen(alive: [Int])
    /// Somebody wants a fault to happen now; ``Effect/answer(_:_:)`` tells this client, once, what
    /// became of it. Clients are numbered by whoever tells of them.
    case faultAsked(Fault, by: Int)
    /// Somebody wants the run to come to its stop now.
    case stopAsked
  }

  /// What the core wants done, in order. Faults are named by their position in the plan.
  package enum Effect: Equatable, Sendable {
    /// Start the node's process, listening on this address, with a value for each of its options
    /// that are addresses, or of the names that a program's placeholders have.
    case spawn(Int, listen: String, addresses: [String: OptionValue])
    case signal(Int, Signal)
    /// See whether the node's process is in state T.
    case readState(Int)
    /// From now on these faults on the network are on, and no others: rules of a number that grows.
    /// Never asked for by a plan without such faults.
    case rule(number: Int, faults: [Int])
    /// Write `config.txt`, before anything that follows.
    case writeSeedList([Address])
    /// See which nodes' process groups still have members. They were killed with the node.
    case checkGroups
    /// Write a ``SupervisorEvents/usageSampled`` event.
    case sampleUsage
    /// Write the event, durably before the next effect that is not a log.
    case log(Event)
    /// Tell a client what became of the fault that it asked for.
    case answer(Int, Answer)
    /// The run is over. The last effect.
    case finished(Conclusion)
  }

  package enum Answer: Equatable, Sendable {
    /// These faults were seen to have happened, or, of a churn, are on the schedule.
    case done([Fault])
    /// Why not, in words.
    case refused(String)
  }

  package enum Signal: Sendable {
    /// SIGTERM: end in order.
    case terminate
    /// SIGKILL.
    case kill
    /// SIGSTOP.
    case pause
    /// SIGCONT.
    case resume
    /// SIGURG: go by the rules as they are now.
    case heed
  }

  package enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    package var description: String {
      switch self {
      case .code(let code): "exit code \(code)"
      case .signal(let signal): "signal \(signal)"
      }
    }
  }

  /// How a run ended.
  package struct Conclusion: Equatable, Sendable {
    package enum Outcome: String, Sendable {
      case completed
      case interrupted
      case failed
    }

    package var outcome: Outcome
    /// Why, in words; empty for a run that went as planned.
    package var reason: String
    /// Whether every node of the launch became ready.
    package var began: Bool
    /// The nodes whose output says more about a failure.
    package var blamed: [String]
    /// How the node ended whose end made the launch fail.
    package var launchFailure: ExitStatus?
    /// Whether the run failed because its folder could not be written to: the logs lack what came then.
    package var storageFailed: Bool

    package init(
      outcome: Outcome, reason: String, began: Bool, blamed: [String], launchFailure: ExitStatus?,
      storageFailed: Bool = false
    ) {
      self.outcome = outcome
      self.reason = reason
      self.began = began
      self.blamed = blamed
      self.launchFailure = launchFailure
      self.storageFailed = storageFailed
    }
  }

  /// Where the run is, for a display.
  package struct Progress: Equatable, Sendable {
    package enum Phase: Sendable {
      case launching
      case running
      case stopping
      case ended
    }

    package var phase: Phase
    /// All nodes of the plan; during the launch without the late joiners.
    package var nodes: Int
    /// Nodes whose process is there and is ready.
    package var ready: Int
    /// Nodes whose process is there.
    package var live: Int
    /// Nodes whose process has ended.
    package var down: Int
    package var faults: Int
    package var faultsDone: Int
    package var began: Instant?
  }
}
