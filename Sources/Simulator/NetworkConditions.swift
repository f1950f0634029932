import Participants
import Topology

/// What the simulated network does right now: the plan's model, and the faults that are on.
final class NetworkConditions {
  /// How a piece of a stream arrives.
  enum Piece {
    case whole
    /// Only so many bytes; the rest later.
    case first(Int)
    /// Together with the next piece, if that is there.
    case more
  }

  /// One in so many pieces of a stream that is cut at random is split, and as many are joined.
  private static let cutRate: UInt64 = 8
  /// A lost segment of a stream is sent again after about this long (RFC 6298's lower bound is a
  /// second; Linux uses 200 ms).
  private static let retransmission: Int64 = 200_000
  private static let longestRetransmission: Int64 = 120_000_000

  /// A fault that is on, with the nodes of its sides by position.
  private struct Disturbance {
    let fault: Int
    let action: PlannedFault.Action
    let from: Set<Int32>
    let to: Set<Int32>
    let network: NetworkFault

    func hits(from sender: Int32, to receiver: Int32) -> Bool {
      from.contains(sender) && to.contains(receiver)
        || !network.oneWay && to.contains(sender) && from.contains(receiver)
    }
  }

  let model: NetworkModel
  private var disturbances: [Disturbance] = []

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
    for disturbance in disturbances where disturbance.action == .latency {
      if disturbance.hits(from: from, to: to) { delay += disturbance.network.latency?.count ?? 0 }
    }
    if model.jitter.count > 0 {
      delay += Int64(truncatingIfNeeded: random.next() % UInt64(model.jitter.count + 1))
    }
    return max(1, delay)
  }

  /// The same for a piece of a stream, which is never lost, but may have to be sent again.
  func streamLatency(from: Int32, to: Int32, using random: inout SeededGenerator) -> Int64 {
    var delay = latency(from: from, to: to, using: &random)
    if happens(model.stallRate, using: &random) { delay += model.stallFor.count }
    let loss = loss(from: from, to: to)
    // What is lost is sent again, each time after twice as long.
    var wait = Self.retransmission
    while wait < Self.longestRetransmission, happens(loss, using: &random) {
      delay += wait
      wait *= 2
    }
    return delay
  }

  /// When each copy of a datagram arrives: none if it is lost.
  func datagram(from: Int32, to: Int32, using random: inout SeededGenerator) -> [Int64] {
    guard !isCut(from: from, to: to), !happens(model.datagramLoss, using: &random),
      !happens(loss(from: from, to: to), using: &random)
    else { return [] }
    var delays = [latency(from: from, to: to, using: &random)]
    if happens(model.datagramReordering, using: &random) {
      delays[0] += latency(from: from, to: to, using: &random)
    }
    if happens(model.datagramDuplication, using: &random) {
      delays.append(latency(from: from, to: to, using: &random))
    }
    return delays
  }

  func cut(_ count: Int, using random: inout SeededGenerator) -> Piece {
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
  func disturb(_ fault: PlannedFault, position: (String) -> Int32?) {
    guard let network = fault.network else { return }
    disturbances.append(
      Disturbance(
        fault: fault.id, action: fault.action, from: Set(network.from.compactMap(position)),
        to: Set(network.to.compactMap(position)), network: network))
  }

  func restore(_ fault: PlannedFault) {
    disturbances.removeAll { $0.fault == fault.id }
  }

  /// Whether nothing gets from one node to the other.
  func isCut(from: Int32, to: Int32) -> Bool {
    disturbances.contains { $0.action == .partition && $0.hits(from: from, to: to) }
  }

  /// How much is lost on the way, in parts per million: the worst of the faults that are on.
  private func loss(from: Int32, to: Int32) -> Int {
    disturbances.lazy.filter { $0.action == .loss && $0.hits(from: from, to: to) }
      .map { $0.network.loss ?? 0 }.max() ?? 0
  }

  /// Whether a piece of a stream breaks it.
  func resets(using random: inout SeededGenerator) -> Bool {
    happens(model.resetRate, using: &random)
  }

  private func happens(_ partsPerMillion: Int, using random: inout SeededGenerator) -> Bool {
    partsPerMillion > 0 && random.next() % 1_000_000 < UInt64(partsPerMillion)
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
