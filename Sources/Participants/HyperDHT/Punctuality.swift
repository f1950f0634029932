package import Participants

/// How soon nodes answer: all of them together, and those by themselves that are slower than most,
/// or silent.
///
/// Nothing tells a node that has died from one that has become slow, but time. So time is taken
/// twice:
///
/// - Who has not answered in the time that they usually take is *late* (``patience(with:)``): others are
///   asked as well, and the late one is still waited for.
/// - Who has not answered by a unit of time later, when the request was sent again, is *silent*. That is
///   remembered: nobody waits for them from now on, though they are asked, until they are heard.
///
/// So a node that dies costs each of the others a wait once, and a slow one is never taken for
/// dead.
package struct Punctuality: Sendable {
  private struct Exception: Sendable {
    var times = ResponseTimes()
    var isSilent = false
    /// When something was learned of it last.
    var since: Instant
  }

  /// Nodes that are remembered by themselves, at most: of more, nothing is learned.
  package static let mostExceptions = 1_024

  private let unit: Microseconds
  private var usual = ResponseTimes()
  private var exceptions: [Contact: Exception] = [:]

  /// - Parameter unit: how long an answer takes until anything is known.
  package init(unit: Microseconds) { self.unit = unit }

  /// How many nodes are remembered by themselves, the silent among them.
  package var count: Int { exceptions.count }

  /// In which time a node answers.
  package func patience(with contact: Contact) -> Microseconds {
    exceptions[contact]?.times.limit ?? usual.limit ?? unit
  }

  /// Whether a node did not answer when it was asked last.
  package func isSilent(_ contact: Contact) -> Bool {
    !exceptions.isEmpty && exceptions[contact]?.isSilent == true
  }

  /// A node answered a request.
  ///
  /// - Parameters:
  ///   - time: since the request was first sent.
  ///   - isCertain: whether it was sent only once. Otherwise nobody knows what was answered, which
  /// tells
  ///     nothing of others, but how long this one is to be waited for.
  package mutating func answered(
    _ contact: Contact, after time: Microseconds, isCertain: Bool, at now: Instant
  ) {
    let most = usual.limit ?? unit
    if isCertain { usual.add(time) }
    hear(contact)
    guard time > most || exceptions[contact] != nil, mayLearn(of: contact) else { return }
    var exception = exceptions[contact] ?? Exception(since: now)
    exception.times.add(time)
    exception.since = now
    // By less than a timer's grain nobody is slower.
    let isUsual = exception.times.limit ?? .zero < most + ResponseTimes.grain
    exceptions[contact] = isUsual ? nil : exception
  }

  /// A node is there, however long it took.
  package mutating func hear(_ contact: Contact) {
    guard isSilent(contact) else { return }
    exceptions[contact]?.isSilent = false
    if exceptions[contact]?.times.limit == nil { exceptions[contact] = nil }
  }

  /// A node has not answered for too long. Returns whether that is new.
  package mutating func miss(_ contact: Contact, at now: Instant) -> Bool {
    guard !isSilent(contact), mayLearn(of: contact) else { return false }
    exceptions[contact, default: Exception(since: now)].isSilent = true
    exceptions[contact]?.since = now
    return true
  }

  /// Drops what has not been confirmed since then.
  package mutating func forget(before instant: Instant) {
    exceptions = exceptions.filter { $0.value.since >= instant }
  }

  private func mayLearn(of contact: Contact) -> Bool {
    exceptions.count < Self.mostExceptions || exceptions[contact] != nil
  }
}

/// How long responses take: smoothed, with how much they vary, as in RFC 6298, section 2.
package struct ResponseTimes: Sendable {
  /// What the limit is above the smoothed time at least (G in the RFC): the grain of timers.
  static let grain = Microseconds.milliseconds(1)
  /// And how many variations (K in the RFC).
  private static let variations = 4

  private var smoothed: Microseconds?
  private var variation = Microseconds.zero

  package init() {}

  /// After this a response is late; `nil`: nothing was measured yet.
  package var limit: Microseconds? {
    smoothed.map { $0 + max(Self.grain, variation * Self.variations) }
  }

  /// A response took so long.
  package mutating func add(_ time: Microseconds) {
    guard let smoothed else {
      self.smoothed = time
      variation = Microseconds(time.count / 2)
      return
    }
    let error = time.count - smoothed.count
    variation = Microseconds((3 * variation.count + abs(error)) / 4)
    self.smoothed = Microseconds(smoothed.count + error / 8)
  }
}
