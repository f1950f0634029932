/// Thins the events that a stranger can bring about as often as they like: of the same event, the
/// first is logged, the second, the fourth, the eighth…, so that a log grows with the logarithm of
/// what they do.
///
/// What is *the same* is up to whoever counts: by a key, an address say. Whoever comes back from
/// another port each time has as many keys as they like, so of each kind only a number are told
/// apart, and those that are new beyond it count as one.
///
/// Of some events a check needs each that honest nodes cause, and those repeat themselves too when
/// they come and go: as many as a network without strangers has are to be told apart. A tally that
/// is *sparing* logs so many of the same at any rate, and one more each second: honest nodes are
/// slower, and floods are not.
package struct Tally: Sendable {
  private struct Count: Sendable {
    var times: Int64 = 0
    /// When all that are spared will be again.
    var spared = Instant(microseconds: .min)
  }

  /// In which one more of the same event is spared.
  private static let pause = Microseconds.seconds(1)

  private let mostDifferent: Int
  private let spared: Int
  /// By kinds, and in each by hashes of keys: two that are equal by chance cost an event, and keys
  /// that strangers make up no memory.
  private var counts: [String: [Int: Count]] = [:]
  /// Of those beyond the ones that are told apart, by kinds.
  private var others: [String: Count] = [:]

  /// - Parameters:
  ///   - different: events of a kind that are told apart.
  ///   - spared: events of a kind that are logged by ``logEach(_:per:_:)`` though they were before.
  package init(different: Int = 64, sparing spared: Int = 0) {
    mostDifferent = different
    self.spared = spared
  }

  /// Counts an event of a kind once more. Returns how often it was, if that is worth an event.
  ///
  /// - Parameter key: tells it apart from others of its kind.
  package mutating func count(_ kind: EventKind, _ key: some Hashable) -> Int64? {
    count(kind.name, key, at: nil)
  }

  /// Logs an event if it is worth it; from the second time on with how often it was, as `times`.
  ///
  /// - Parameter key: tells it apart from others of its kind.
  /// - Returns: whether it was logged.
  @discardableResult
  package mutating func log(_ event: Event, per key: some Hashable, _ turn: inout Turn) -> Bool {
    log(event, count(event.kind, key, at: nil), &turn)
  }

  /// Logs an event as ``log(_:per:_:)`` does, and those that are spared besides: a check needs each
  /// that honest nodes cause.
  @discardableResult
  package mutating func logEach(
    _ event: Event, per key: some Hashable, _ turn: inout Turn
  ) -> Bool {
    log(event, count(event.kind, key, at: turn.now), &turn)
  }

  private func log(_ event: Event, _ times: Int64?, _ turn: inout Turn) -> Bool {
    guard let times else { return false }
    var event = event
    if times > 1 { event.fields.append((name: "times", value: .integer(times))) }
    turn.log(event)
    return true
  }

  private mutating func count(_ kind: String, _ key: some Hashable, at now: Instant?) -> Int64? {
    let key = key.hashValue
    if counts[kind]?[key] == nil, counts[kind]?.count ?? 0 >= mostDifferent {
      return count(&others[kind, default: Count()], at: now)
    }
    return count(&counts[kind, default: [:]][key, default: Count()], at: now)
  }

  private func count(_ count: inout Count, at now: Instant?) -> Int64? {
    count.times += 1
    if let now, count.spared <= now + Self.pause * (spared - 1) {
      count.spared = max(count.spared, now) + Self.pause
      return count.times
    }
    return count.times & (count.times - 1) == 0 ? count.times : nil
  }
}
