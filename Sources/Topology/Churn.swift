import Faults
import Participants

/// The nodes of a group that churn kills and brings back.
struct ChurnPool {
  private var up: [String] = []
  /// Those that are down or have yet to join, with the time from which they can be taken.
  private var coming: [(at: Microseconds, name: String)]
  private var random: SeededGenerator

  init(_ nodes: [(at: Microseconds, name: String)], random: SeededGenerator) {
    coming = nodes
    self.random = random
  }

  /// Takes any node that is up, until it is back; `nil` where there is none.
  mutating func take(at time: Microseconds, back: Microseconds) -> String? {
    up += coming.filter { $0.at < time }.map(\.name)
    coming.removeAll { $0.at < time }
    guard !up.isEmpty else { return nil }
    up.swapAt(Int.random(in: up.indices, using: &random), up.count - 1)
    let taken = up.removeLast()
    coming.append((back, taken))
    return taken
  }

  /// A kill of any node that is up, and its restart where the run goes on for so long; nothing where
  /// no node is up.
  mutating func faults(
    at time: Microseconds, downFor: Microseconds, stopAt: Microseconds
  ) -> [Fault] {
    let back = time + downFor
    guard let node = take(at: time, back: back) else { return [] }
    let kill = Fault(action: .kill, node: node, at: time)
    return back < stopAt
      ? [kill, Fault(action: .restart, node: node, at: back)] : [kill]
  }
}

extension Fault {
  /// The key that it is written with in a topology.
  var word: String {
    if case .churn = target { Self.churn } else { action.word }
  }

  static let churn = "churn"
  /// The keys of all faults, in the order of the reference.
  static let words = Action.words + [churn]
  /// Those of the faults that last.
  static let lastingWords = ["pause", "partition", "loss", "latency", "bandwidth", churn]

  /// The same, done to somebody else.
  func done(to target: Target) -> Fault {
    Fault(id: id, action: action, target: target, at: at, lasting: lasting)
  }

  /// The moments of a churn's kills.
  func churnMoments(
    every: Microseconds, of group: String, stopAt: Microseconds, seed: UInt64
  ) -> [Microseconds] {
    var random = SeededGenerator(seed: seed, stream: "churn \(group) at \(at)")
    let end = min(lasting.map { at + $0 } ?? stopAt, stopAt)
    var moments: [Microseconds] = []
    var next = at + random.exponential(mean: every)
    while next < end {
      moments.append(next)
      next = next + random.exponential(mean: every)
    }
    return moments
  }
}

extension SeededGenerator {
  /// An exponentially distributed duration, by comparisons of uniform numbers alone (von Neumann,
  /// "Various techniques used in connection with random digits", 1951): the same on every machine,
  /// which a library's logarithm is not.
  mutating func exponential(mean: Microseconds) -> Microseconds {
    var whole: Int64 = 0
    while true {
      let first = next()
      var last = first
      var isOdd = true
      while case let following = next(), following < last {
        last = following
        isOdd.toggle()
      }
      if isOdd {
        let part = UInt64(mean.count).multipliedFullWidth(by: first).high
        return Microseconds(mean.count * whole + Int64(part))
      }
      whole += 1
    }
  }
}
