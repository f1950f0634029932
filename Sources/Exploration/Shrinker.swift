package import Participants
import Supervisor
package import Topology

/// Makes a topology that fails smaller, by simulating smaller ones for as long as some still fail the
/// same way: fewer faults, fewer nodes, an earlier stop, shorter disturbances.
///
/// A failure that hangs on a coincidence is gone with any change, though not its cause. So a smaller
/// topology is tried with a few other seeds as well, and is taken together with the one that fails.
///
/// What is simulated is always read from a text, as a file would be. So the text of the smallest
/// topology, written to a file, fails with ``seed``.
///
/// Anchor: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
/// Transactions on Software Engineering 28(2), 2002.
package struct Shrinker {
  /// What has to stay: the way in which the run fails.
  package enum Failure: Equatable, Sendable {
    case check(String)
    /// The run itself.
    case run

    /// The first way in which a trial failed; `nil` where it did not.
    package init?(_ trial: Laboratory.Trial) {
      if trial.conclusion.outcome == .failed {
        self = .run
      } else if let check = trial.failures.first {
        self = .check(check)
      } else {
        return nil
      }
    }

    /// Whether a trial failed in the same way.
    package func isShown(by trial: Laboratory.Trial) -> Bool {
      switch self {
      case .check(let name): trial.failures.contains(name)
      case .run: trial.conclusion.outcome == .failed
      }
    }
  }

  /// The most simulations that a search takes.
  package static let mostTrials = 1_500
  /// The seeds that are tried besides the one that failed last.
  private static let otherSeeds: ClosedRange<UInt64> = 1...6
  /// Times become less in steps of at least this.
  private static let leastStep = Microseconds.milliseconds(250)

  private let laboratory: Laboratory
  private let roles: [Role]
  private let failure: Failure
  private var seen: Set<String> = []

  /// The smallest topology so far that fails.
  package private(set) var topology: Topology
  /// The seed with which it fails.
  package private(set) var seed: UInt64
  package private(set) var trials = 0

  package init(
    _ topology: Topology, seed: UInt64, failure: Failure, roles: [Role],
    in laboratory: Laboratory
  ) {
    self.topology = topology
    self.seed = seed
    self.failure = failure
    self.roles = roles
    self.laboratory = laboratory
  }

  /// - Parameter progress: called before each simulation.
  package mutating func shrink(progress: (Shrinker) -> Void = { _ in }) throws {
    try attempt(topology.withFaults(of: topology.plan(seed: seed)), progress)
    var before: Topology
    repeat {
      before = topology
      try removeFaults(progress)
      try simplifyVariants(progress)
      try attempt(topology.withNamedNodesFirst, progress)
      try removeNodes(progress)
      try stopEarlier(progress)
      try shortenFaults(progress)
    } while topology != before
  }

  /// Takes the candidate if it can be run and fails the same way.
  @discardableResult
  private mutating func attempt(
    _ candidate: Topology, _ progress: (Shrinker) -> Void
  ) throws -> Bool {
    let text = candidate.text(roles: roles)
    guard trials < Self.mostTrials, !laboratory.wasInterrupted, candidate != topology,
      seen.insert(text).inserted, let read = laboratory.topology(text)
    else { return false }
    for candidateSeed in [seed] + Self.otherSeeds.filter({ $0 != seed }) {
      guard trials < Self.mostTrials else { break }
      trials += 1
      progress(self)
      let trial = try laboratory.examine(read.plan(seed: candidateSeed))
      guard failure.isShown(by: trial) else { continue }
      topology = read
      seed = candidateSeed
      return true
    }
    return false
  }

  /// Ever smaller runs of neighbouring faults, to single ones.
  private mutating func removeFaults(_ progress: (Shrinker) -> Void) throws {
    var size = topology.faults.count
    while size > 0 {
      var start = 0
      while start < topology.faults.count {
        var candidate = topology
        candidate.faults.removeSubrange(start..<min(start + size, candidate.faults.count))
        if try !attempt(candidate, progress) { start += size }
      }
      size /= 2
    }
  }

  /// Groups whose nodes are all alike.
  private mutating func simplifyVariants(_ progress: (Shrinker) -> Void) throws {
    for group in topology.groups.indices {
      for variant in topology.groups[group].variants {
        var candidate = topology
        candidate.groups[group].options = variant.options
        candidate.groups[group].variants = []
        try attempt(candidate, progress)
      }
      while let last = topology.groups[group].variants.indices.last {
        var candidate = topology
        candidate.groups[group].variants.remove(at: last)
        if try !attempt(candidate, progress) { break }
      }
    }
  }

  /// Whole groups, then halves, then ever fewer nodes, to single ones.
  private mutating func removeNodes(_ progress: (Shrinker) -> Void) throws {
    for name in topology.groups.map(\.name) {
      if try attempt(topology.without(group: name), progress) { continue }
      guard let group = topology.groups.firstIndex(where: { $0.name == name }) else { continue }
      var step = topology.groups[group].count / 2
      while step > 0 {
        let count = topology.groups[group].count - step
        if count < 1 {
          step /= 2
        } else if try !attempt(topology.with(count, in: group), progress) {
          step /= 2
        }
      }
    }
  }

  private mutating func stopEarlier(_ progress: (Shrinker) -> Void) throws {
    let end = topology.faults.map { $0.at + ($0.lasting ?? .milliseconds(1)) }.max() ?? .zero
    try lessen(\.stopAt, to: end.inWholeTenths, progress)
  }

  private mutating func shortenFaults(_ progress: (Shrinker) -> Void) throws {
    for fault in topology.faults.indices {
      try lessen(\.faults[fault].at, to: .zero, progress)
      if topology.faults[fault].lasting != nil {
        try lessen(\.faults[fault].length, to: Self.leastStep, progress)
      }
    }
  }

  /// Half of what is above the least, then ever smaller steps.
  private mutating func lessen(
    _ duration: WritableKeyPath<Topology, Microseconds>, to least: Microseconds,
    _ progress: (Shrinker) -> Void
  ) throws {
    var step = Microseconds((topology[keyPath: duration] - least).count / 2).inWholeTenths
    while step >= Self.leastStep {
      var candidate = topology
      candidate[keyPath: duration] = (topology[keyPath: duration] - step).inWholeTenths
      let isLess = candidate[keyPath: duration] >= least
      if try !isLess || !attempt(candidate, progress) { step = Microseconds(step.count / 2) }
    }
  }
}

extension Topology.Fault {
  /// How long a fault that has an end lasts.
  fileprivate var length: Microseconds {
    get { lasting ?? .zero }
    set { lasting = newValue }
  }
}

extension Microseconds {
  /// Rounded up to tenths of a second, to be read by people.
  fileprivate var inWholeTenths: Microseconds { Microseconds((count + 99_999) / 100_000 * 100_000) }
}
