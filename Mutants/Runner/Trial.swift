import Foundation
import MutationPoints
import Synchronization

/// One simulation of a topology by the mutated build.
struct Trial {
  enum Outcome: Equatable {
    /// Every check passed.
    case green(digest: String)
    /// Checks that failed.
    case red([String])
    /// Nothing failed, and not all could be judged.
    case undecided(digest: String)
    case crashed
    /// It took far longer, or more memory, than it should.
    case endless
    case error(String)
  }

  var topology: String
  var seed: Int

  /// - Parameters:
  ///   - mutant: which is awake; 0: none.
  ///   - seconds: of processor time that it may take.
  func run(_ executable: URL, mutant: Int, root: URL, seconds: Int) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "ulimit -c 0; ulimit -t \(seconds); ulimit -v 8000000; exec \"$@\"", "sh",
      executable.path, "simulate", topology, "--seed", String(seed), "--no-history",
    ]
    process.currentDirectoryURL = root
    process.environment = ProcessInfo.processInfo.environment.merging([
      SwitchFile.variable: String(mutant)
    ]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = String(
      decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    let digest = output.firstMatch(of: /digest ([0-9a-f]+)/).map { String($0.1) } ?? ""
    let failures = output.matches(of: /(?m)^\S+\s+(\S+)\s+fail\s/).map { String($0.1) }
    switch (process.terminationReason, process.terminationStatus) {
    case (.uncaughtSignal, SIGXCPU), (.uncaughtSignal, SIGKILL): return .endless
    case (.uncaughtSignal, _): return .crashed
    case (_, 0): return .green(digest: digest)
    case (_, 1): return .red(failures.isEmpty ? ["the run itself"] : failures)
    case (_, 2): return .undecided(digest: digest)
    case (_, let code): return .error("exit code \(code)")
    }
  }
}

/// What became of a mutant.
enum Fate {
  /// A check was red, or the run itself.
  case found(by: [String], topology: String, seed: Int)
  /// The network did something else, and nobody noticed.
  case missed
  /// No event of any run was another one.
  case withoutEffect
}

/// Tries mutants on the topologies of their network.
struct Campaign: Sendable {
  let executable: URL
  let root: URL
  let topologies: [String]
  let seeds: Int
  /// Without a mutant: the digest of each topology and seed, and its time.
  private let healthy: [String: (digest: String, seconds: Double)]

  /// - Throws: when a topology is not green with no mutant awake.
  init(_ executable: URL, root: URL, topologies: [String], seeds: Int, jobs: Int) throws {
    (self.executable, self.root, self.seeds) = (executable, root, seeds)
    let trials = topologies.flatMap { topology in
      (1...seeds).map { Trial(topology: topology, seed: $0) }
    }
    let outcomes = try inParallel(trials, jobs: jobs) { trial in
      let clock = ContinuousClock.now
      let outcome = try trial.run(executable, mutant: 0, root: root, seconds: 600)
      guard case .green(let digest) = outcome else {
        throw MutantError(
          "\(trial.topology), seed \(trial.seed): \(outcome) without any mutant; mend it first")
      }
      return (digest: digest, seconds: (ContinuousClock.now - clock) / .seconds(1))
    }
    healthy = Dictionary(
      uniqueKeysWithValues: zip(trials.map { "\($0.topology) \($0.seed)" }, outcomes))
    let took = healthy
    self.topologies = topologies.sorted {
      (took["\($0) 1"]?.seconds ?? 0) < (took["\($1) 1"]?.seconds ?? 0)
    }
  }

  /// The quick topologies first, each seed through all of them, until something is red. A mutant that
  /// three seeds of all of them do not show in any event is taken to have no effect.
  func fate(of mutant: Int) throws -> Fate {
    var hasEffect = false
    for seed in 1...seeds {
      if seed > 3, !hasEffect { break }
      for topology in topologies {
        let normal = healthy["\(topology) \(seed)"]
        let limit = 20 + Int(20 * (normal?.seconds ?? 1))
        let outcome = try Trial(topology: topology, seed: seed)
          .run(executable, mutant: mutant, root: root, seconds: limit)
        switch outcome {
        case .green(let digest), .undecided(let digest):
          hasEffect = hasEffect || digest != normal?.digest
        case .red(let checks): return .found(by: checks, topology: topology, seed: seed)
        case .crashed: return .found(by: ["a crash"], topology: topology, seed: seed)
        case .endless: return .found(by: ["no end"], topology: topology, seed: seed)
        case .error(let text): return .found(by: [text], topology: topology, seed: seed)
        }
      }
    }
    return hasEffect ? .missed : .withoutEffect
  }
}

/// Does the same with each of a list, several at a time, and gives the results in the list's order.
func inParallel<Item: Sendable, Result: Sendable>(
  _ items: [Item], jobs: Int, _ work: @escaping @Sendable (Item) throws -> Result
) throws -> [Result] {
  let state = Mutex<(next: Int, results: [Int: Swift.Result<Result, any Error>])>((0, [:]))
  let ended = DispatchSemaphore(value: 0)
  for _ in 0..<jobs {
    Thread.detachNewThread {
      while true {
        let index = state.withLock { state in
          defer { state.next += 1 }
          return state.next
        }
        guard index < items.count else { break }
        let result = Swift.Result { try work(items[index]) }
        state.withLock { $0.results[index] = result }
        if case .failure = result { state.withLock { $0.next = items.count } }
      }
      ended.signal()
    }
  }
  for _ in 0..<jobs { ended.wait() }
  let results = state.withLock { $0.results }
  return try results.sorted { $0.key < $1.key }.map { try $0.value.get() }
}
