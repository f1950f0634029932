import Faults
import Participants
import Topology

/// What the simulated network does right now: the plan's model, and the faults that are on.
final class NetworkConditions {
  /// How a piece of a stream arrives.
  enum Cut {
    case whole
    /// Only so many bytes; the rest later.
    case first(Int)
    /// Together with the next piece, if that is there.
    case more
  }

  /// One in so many pieces of a stream that is cut at random is split, and as many are joined.
  private static let cutRate: UInt64 = 8
  /// The sides of a fault that is on: nodes by position.
  private struct Sides {
    let fault: Fault
    let from: Set<Int32>
    let to: Set<Int32>
    let oneWay: Bool

    func lie(between sender: Int32, and receiver: Int32) -> Bool {
      from.contains(sender) && to.contains(receiver)
        || !oneWay && to.contains(sender) && from.contains(receiver)
    }
  }

  /// One way between two nodes: streams and datagrams have as much bandwidth each.
  struct Way: Hashable {
    let from: Int32
    let to: Int32
    let isStream: Bool
  }

  let model: NetworkModel
  /// Of the faults that are on.
  private var sides: [Sides] = []
  /// When ways with limited bandwidth are free again.
  private var free: [Way: Int64] = [:]

  init(_ model: NetworkModel) {
    self.model = model
  }

  // MARK: - The model

  func skew(using random: inout SeededGenerator) -> Int64 {
    let most = model.clockSkew.count
    return most == 0 ? 0 : Int64.random(in: -most...most, using: &random)
  }

  func startDelay(using random: inout SeededGenerator) -> Int64 {
    let delay = model.startDelay.count
    return delay + Int64.random(in: 0...max(1, delay / 2), using: &random)
  }

  /// One way from one node to another, in microseconds; at least 1.
  func latency(from: Int32, to: Int32, using random: inout SeededGenerator) -> Int64 {
    var delay: Int64 =
      switch model.latency {
      case .constant(let latency): latency.count
      case .uniform(let least, let most): Int64.random(in: least.count...most.count, using: &random)
      case .normal(let mean, let deviation):
        mean.count + Self.normal(deviation.count, using: &random)
      case .measured(let values): values.randomElement(using: &random)?.count ?? 0
      }
    delay += disturbance(from: from, to: to).latency.count
    if model.jitter.count > 0 {
      delay += Int64(truncatingIfNeeded: random.next() % UInt64(model.jitter.count + 1))
    }
    return max(1, delay)
  }

  /// The same for a piece of a stream, which is never lost, but may have to be sent again.
  func streamLatency(from: Int32, to: Int32, using random: inout SeededGenerator) -> Int64 {
    var delay = latency(from: from, to: to, using: &random)
    if Loss.happens(model.stallRate, using: &random) { delay += model.stallFor.count }
    return delay + Loss.delay(disturbance(from: from, to: to).loss, using: &random).count
  }

  /// When each copy of a datagram arrives: none if it is lost.
  func datagram(
    _ bytes: Int, from: Int32, to: Int32, at now: Int64, using random: inout SeededGenerator
  ) -> [Int64] {
    let way = Way(from: from, to: to, isStream: false)
    let disturbance = disturbance(from: from, to: to)
    guard !disturbance.isCut, !Loss.happens(model.datagramLoss, using: &random),
      !Loss.happens(disturbance.loss, using: &random),
      let departure = departure(
        of: bytes, by: way, at: now, patience: LimitedBandwidth.longestQueue.count)
    else { return [] }
    let wait = departure - now
    var delays = [wait + latency(from: from, to: to, using: &random)]
    if Loss.happens(model.datagramReordering, using: &random) {
      delays[0] += latency(from: from, to: to, using: &random)
    }
    if Loss.happens(model.datagramDuplication, using: &random) {
      delays.append(wait + latency(from: from, to: to, using: &random))
    }
    return delays
  }

  func cut(_ count: Int, using random: inout SeededGenerator) -> Cut {
    guard model.cut == .random else { return .whole }
    let draw = random.next()
    switch draw % Self.cutRate {
    case 0 where count > 1: return .first(1 + Int((draw >> 8) % UInt64(count - 1)))
    case 1: return .more
    default: return .whole
    }
  }

  // MARK: - Faults

  /// - Parameter position: gives a node's position in the plan.
  func disturb(_ fault: Fault, position: (String) -> Int32?) {
    guard let (from, to, oneWay) = fault.sides else { return }
    sides.append(
      Sides(
        fault: fault, from: Set(from.compactMap(position)), to: Set(to.compactMap(position)),
        oneWay: oneWay))
  }

  func restore(_ fault: Fault) {
    sides.removeAll { $0.fault.id == fault.id }
    free = [:]
  }

  /// The plan's numbers of the faults that are on and that a node is on a side of.
  func faults(of node: Int32) -> [Int] {
    sides.filter { $0.from.contains(node) || $0.to.contains(node) }.map(\.fault.id)
  }

  /// When the last of so many bytes is on its way that want to leave at some time, where a fault
  /// limits what goes between two nodes. `nil` where they would wait for longer than `patience`.
  func departure(
    of bytes: Int, by way: Way, at time: Int64, patience: Int64 = .max
  ) -> Int64? {
    guard let bandwidth = disturbance(from: way.from, to: way.to).bandwidth else { return time }
    let departure = max(time, free[way] ?? time) + Int64(bytes) * 1_000_000 / bandwidth
    guard departure - time <= patience else { return nil }
    free[way] = departure
    return departure
  }

  /// Whether nothing gets from one node to the other.
  func isCut(from: Int32, to: Int32) -> Bool {
    disturbance(from: from, to: to).isCut
  }

  /// All that the faults that are on do to what one node sends to another.
  private func disturbance(from: Int32, to: Int32) -> Disturbance {
    var all = Disturbance()
    for side in sides where side.lie(between: from, and: to) { all.add(side.fault.action) }
    return all
  }

  /// Whether a piece of a stream breaks it.
  func resets(using random: inout SeededGenerator) -> Bool {
    Loss.happens(model.resetRate, using: &random)
  }

  /// The sum of twelve uniform draws is close to normal, and the same on every machine, which the
  /// logarithms and cosines of libraries are not.
  private static func normal(_ deviation: Int64, using random: inout SeededGenerator) -> Int64 {
    guard deviation > 0 else { return 0 }
    var sum: Int64 = 0
    for _ in 0..<12 { sum += Int64.random(in: 0...(2 * deviation), using: &random) }
    // Each draw has the mean d and the variance d²/3: twelve have 4 d², twice the deviation.
    return (sum - 12 * deviation) / 2
  }
}
