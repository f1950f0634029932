import Dispatch
import Foundation
import Supervisor
import Synchronization
package import Topology

/// Simulates one topology with many seeds, in several threads.
package struct Explorer: Sendable {
  /// What became of one seed.
  package struct Finding: Sendable {
    package var seed: UInt64
    /// Or why it could not be simulated or judged.
    package var result: Result<Laboratory.Trial, SimulationError>
  }

  private let topology: Topology
  private let seeds: ClosedRange<UInt64>
  private let jobs: Int
  private let laboratory: Laboratory

  package init(
    _ topology: Topology, seeds: ClosedRange<UInt64>, jobs: Int, in laboratory: Laboratory
  ) {
    self.topology = topology
    self.seeds = seeds
    self.jobs = jobs
    self.laboratory = laboratory
  }

  private final class State: Sendable {
    struct Content {
      var next: UInt64?
      var findings: [UInt64: Finding] = [:]
      var threads: Int
    }

    let content: Mutex<Content>
    /// Signalled for each finding and each thread that ends.
    let news = DispatchSemaphore(value: 0)

    init(first: UInt64, threads: Int) {
      content = Mutex(Content(next: first, threads: threads))
    }
  }

  /// Hands over each finding, in the seeds' order, in this thread. Ends early when the laboratory is
  /// interrupted, without the seeds that were under way.
  package func run(_ take: (Finding) -> Void) {
    let state = State(first: seeds.lowerBound, threads: jobs)
    for number in 0..<jobs {
      let thread = Thread { work(state) }
      thread.name = "explorer \(number)"
      thread.start()
    }
    var following = seeds.lowerBound
    var isRunning = true
    while isRunning {
      state.news.wait()
      isRunning = state.content.withLock { $0.threads > 0 }
      while let finding = state.content.withLock({ $0.findings.removeValue(forKey: following) }) {
        take(finding)
        following += 1
      }
    }
    // After an interruption some seeds are missing between others.
    for (_, finding) in state.content.withLock(\.findings).sorted(by: { $0.key < $1.key }) {
      take(finding)
    }
  }

  private func work(_ state: State) {
    while !laboratory.wasInterrupted, let seed = state.content.withLock({ nextSeed(&$0) }) {
      let result: Result<Laboratory.Trial, SimulationError>
      do {
        let trial = try laboratory.examine(topology.plan(seed: seed))
        if trial.conclusion.outcome == .interrupted { break }
        result = .success(trial)
      } catch {
        result = .failure(SimulationError("\(error)"))
      }
      state.content.withLock { $0.findings[seed] = Finding(seed: seed, result: result) }
      state.news.signal()
    }
    state.content.withLock { $0.threads -= 1 }
    state.news.signal()
  }

  private func nextSeed(_ content: inout State.Content) -> UInt64? {
    guard let seed = content.next else { return nil }
    content.next = seed == seeds.upperBound ? nil : seed + 1
    return seed
  }
}
