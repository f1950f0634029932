package import Participants
package import Wire

/// What stands before each datagram's payload: one bit that says whether it is a request, and 15 that
/// say which. A response carries its request's.
package struct UDPHeader: Equatable, Sendable {
  package static let size = 2
  /// The greatest number of a request.
  package static let greatest: UInt16 = 0x7fff

  package let isRequest: Bool
  package let number: UInt16

  package init(isRequest: Bool, number: UInt16) {
    self.isRequest = isRequest
    self.number = number
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let bits = UInt16(truncatingIfNeeded: try reader.integer(bytes: 2))
    self.init(isRequest: bits > Self.greatest, number: bits & Self.greatest)
  }

  /// A datagram of this header and a payload.
  package func datagram(_ payload: [UInt8]) -> [UInt8] {
    [UInt8(number >> 8) | (isRequest ? 0x80 : 0), UInt8(number & 0xff)] + payload
  }
}

/// The requests that wait for a response. Each is sent again after 1 unit of time and after 2 more,
/// and has failed after another 3. Its owner is told much sooner that it is late: when responses
/// usually take less (``ResponseTimes``).
///
/// Its owner has a timer for each request, named by the request's number, whose end it hands to
/// ``lapse(_:at:emit:)``. Numbers are drawn at random, so that nobody can answer for another without
/// having seen the request; a response counts only from the address that the request went to, or that
/// it was forwarded to.
package struct UDPRequests<Purpose: Sendable>: Sendable {
  private struct Waiting: Sendable {
    let datagram: [UInt8]
    let address: Address
    let answerer: Address
    let takesAnyPort: Bool
    let purpose: Purpose
    let start: Instant
    /// When its timer is due.
    var due: Instant
    /// Its timer came too late once.
    var wasOverslept = false
    var isLate = false
    var sent = 1
  }

  package enum Lapse: Sendable {
    /// It waits for longer than responses usually take, and is going to be sent again.
    case late(Purpose, to: Address)
    case failed(Purpose, to: Address)
  }

  /// Times that a request is sent.
  package static var mostSent: Int { 3 }

  /// A timer that comes so much too late tells nothing of others.
  private static var oversleeping: Microseconds { ResponseTimes.grain * 3 }

  package let unit: Microseconds
  /// Requests that wait at once.
  package let limit: Int
  private let timer: UInt8
  private var waiting: [UInt16: Waiting] = [:]
  private var responseTimes = ResponseTimes()

  /// - Parameter timer: the purpose of the timers' keys.
  package init(unit: Microseconds, limit: Int, timer: UInt8) {
    self.unit = unit
    self.limit = limit
    self.timer = timer
  }

  package var count: Int { waiting.count }

  /// How long a request waits until it is late: a unit until anything is known.
  package var patience: Microseconds { min(responseTimes.limit ?? unit, unit) }

  /// Sends a request. Returns its number; `nil`: too many wait already.
  ///
  /// - Parameters:
  ///   - answerer: who is to answer, where that is another than who is asked.
  ///   - takesAnyPort: whether the answer may come from any port of the answerer's host, as it does
  ///     from behind a NAT that gives a port for each destination. It proves nothing then.
  ///   - patiently: whether it is late after a unit only.
  @discardableResult
  package mutating func send(
    _ payload: [UInt8], to address: Address, answeredBy answerer: Address? = nil,
    takesAnyPort: Bool = false, patiently: Bool = false, for purpose: Purpose, at now: Instant,
    using secrets: inout Secrets, emit: inout Effects
  ) -> UInt16? {
    guard waiting.count < limit else { return nil }
    var number: UInt16
    repeat {
      number = secrets.number() & UDPHeader.greatest
    } while waiting[number] != nil
    let datagram = UDPHeader(isRequest: true, number: number).datagram(payload)
    let wait = patiently ? unit : patience
    waiting[number] = Waiting(
      datagram: datagram, address: address, answerer: answerer ?? address,
      takesAnyPort: takesAnyPort, purpose: purpose, start: now, due: now + wait)
    emit.send(datagram, to: address)
    emit.setTimer(key(number), at: now + wait)
    return number
  }

  /// A response came. `nil`: nobody waits for it, or not from there.
  package mutating func take(
    _ number: UInt16, from address: Address, at now: Instant, emit: inout Effects
  ) -> Purpose? {
    guard let request = waiting[number],
      request.answerer == address
        || request.takesAnyPort && request.answerer.host == address.host
    else { return nil }
    waiting[number] = nil
    // Of a request that was sent twice nobody knows which of the two was answered.
    if request.sent == 1, request.address == address { responseTimes.add(now - request.start) }
    emit.cancelTimer(key(number))
    return request.purpose
  }

  /// A request's timer is due. `nil`: nothing has changed for the owner.
  package mutating func lapse(_ key: TimerKey, at now: Instant, emit: inout Effects) -> Lapse? {
    guard let number = UInt16(exactly: key.subject), var request = waiting[number] else {
      return nil
    }
    guard request.isLate else {
      // Who was kept from running for a while may have responses that were not read yet.
      request.isLate = request.wasOverslept || now < request.due + Self.oversleeping
      request.wasOverslept = true
      request.due = request.isLate ? request.start + unit : now + ResponseTimes.grain
      waiting[number] = request
      emit.setTimer(key, at: request.due)
      return request.isLate ? .late(request.purpose, to: request.answerer) : nil
    }
    guard request.sent < Self.mostSent else {
      waiting[number] = nil
      return .failed(request.purpose, to: request.answerer)
    }
    request.sent += 1
    waiting[number] = request
    emit.send(request.datagram, to: request.address)
    emit.setTimer(key, at: now + unit * request.sent)
    return nil
  }

  private func key(_ number: UInt16) -> TimerKey {
    TimerKey(purpose: timer, subject: UInt64(number))
  }
}

/// How long responses take, from whomever: smoothed, with how much they vary, after RFC 6298,
/// section 2.
///
/// There a request is sent again after the limit; here it is only late, others are asked in place of
/// its node, and it counts when it comes after all. So the limit is tighter (twice the variation and
/// not four times), and need not double when it was too short: slow responses are measured, too.
package struct ResponseTimes: Sendable {
  /// What the limit is above the smoothed time at least (G in the RFC): the grain of timers.
  static let grain = Microseconds.milliseconds(1)
  /// And how many variations (K in the RFC).
  private static let variations = 2

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
