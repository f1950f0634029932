import Dispatch
import Foundation
import History
import Supervisor
import Synchronization

/// Collects a run's logs beside the supervisor, in a thread of its own: a node's line is in the
/// history a moment after it was written.
final class CollectorThread: Sendable {
  /// What was collected in all.
  struct Result {
    /// The run's number in the history.
    var run: Int64
    var events: Int
    var rejected: Int
    var ending = Collector.Ending()
  }

  private struct State {
    var events = 0
    var isFinishing = false
    var outcome: Swift.Result<Result, any Error>?
  }

  /// Between two looks at the logs.
  private static let interval = DispatchTimeInterval.milliseconds(200)

  private let state = Mutex(State())
  private let folder: String
  private let history: String
  private let stopRequest: StopRequest
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts collecting. When it cannot go on, the run is asked to stop.
  init(folder: String, history: String, stopRequest: StopRequest) {
    self.folder = folder
    self.history = history
    self.stopRequest = stopRequest
    let thread = Thread { self.collect() }
    thread.name = "collector"
    thread.start()
  }

  /// How many events were collected so far.
  var events: Int { state.withLock(\.events) }

  /// Takes what is left in the logs, once nobody writes to them any more, and ends the thread.
  ///
  /// - Parameter show: called every ``interval`` while there is more.
  func finish(_ show: () -> Void) throws -> Result {
    state.withLock { $0.isFinishing = true }
    wake.signal()
    while ended.wait(timeout: .now() + Self.interval) == .timedOut { show() }
    guard let outcome = state.withLock(\.outcome) else {
      preconditionFailure("the collector ends with an outcome")
    }
    return try outcome.get()
  }

  private func collect() {
    let outcome = Swift.Result { try collectToTheEnd() }
    if case .failure(let error) = outcome {
      stopRequest.stop(because: "cannot record the run: \(error)")
    }
    state.withLock { $0.outcome = outcome }
    ended.signal()
  }

  private func collectToTheEnd() throws -> Result {
    var collector = try Collector(folder: RunFolder(folder), history: history)
    var result = Result(run: collector.run, events: 0, rejected: 0)
    func add(_ progress: Collector.Progress) {
      result.events += progress.lines
      result.rejected += progress.rejected
      state.withLock { $0.events = result.events }
    }
    while !state.withLock(\.isFinishing) {
      let progress = try collector.step()
      add(progress)
      if progress.isUpToDate { _ = wake.wait(timeout: .now() + Self.interval) }
    }
    result.ending = try collector.finish { add($0) }
    return result
  }
}
