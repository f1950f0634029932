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

  /// - Throws: where there are fewer than two bytes.
  package init(from reader: inout ByteReader) throws(WireError) {
    let bits = UInt16(truncatingIfNeeded: try reader.integer(bytes: 2))
    self.init(isRequest: bits > Self.greatest, number: bits & Self.greatest)
  }

  /// A datagram of this header and a payload.
  package func datagram(_ payload: [UInt8]) -> [UInt8] {
    [UInt8(number >> 8) | (isRequest ? 0x80 : 0), UInt8(number & 0xff)] + payload
  }
}

/// For requests whatever their purpose.
package enum UDPTimer: UInt8, TimerPurpose {
  case request
}

/// The requests that wait for a response. Each is sent again after 1 unit of time and after 2 more,
/// and has failed after another 3. Before that its owner is told that it is late, and a unit later
/// that it is missing, which is more than that one datagram was lost.
///
/// Its owner has a timer for each request, named by the request's number, whose end it hands to
/// ``lapse(_:_:)``. Numbers are drawn at random, so that nobody can answer for another without
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
    /// When it is to be told that it is late, and then that it is missing; `nil`: no more.
    var telling: Instant?
    /// When it is sent again, or has failed.
    var sending: Instant
    var isLate = false
    /// Its timer came too late, and was set once more.
    var wasOverslept = false
    var sent = 1

    var due: Instant { min(telling ?? sending, sending) }
  }

  /// What came of a request.
  package struct Answered: Sendable {
    package let purpose: Purpose
    /// Since it was first sent.
    package let time: Microseconds
    /// Whether it was sent only once, so that the response is to that.
    package let isCertain: Bool
  }

  package enum Lapse: Sendable {
    /// It waits for longer than its answerer usually takes.
    case late(Purpose, to: Address)
    /// It does, though it was sent again.
    case missing(Purpose, to: Address)
    case failed(Purpose, to: Address)
  }

  /// Times that a request is sent.
  package static var mostSent: Int { 3 }

  /// A timer that comes so much too late tells nothing of others.
  private static var oversleeping: Microseconds { ResponseTimes.grain * 3 }

  package let unit: Microseconds
  /// Requests that wait at once.
  package let limit: Int
  private var waiting: [UInt16: Waiting] = [:]

  package init(unit: Microseconds, limit: Int) {
    self.unit = unit
    self.limit = limit
  }

  package var count: Int { waiting.count }

  /// Sends a request. Returns its number; `nil`: too many wait already.
  ///
  /// - Parameters:
  ///   - answerer: who is to answer, where that is another than who is asked.
  ///   - takesAnyPort: whether the answer may come from any port of the answerer's host, as it does
  ///     from behind a NAT that gives a port for each destination. It proves nothing then.
  ///   - patience: after which it is late; `nil`: nobody wants to know.
  @discardableResult
  package mutating func send(
    _ payload: [UInt8], to address: Address, answeredBy answerer: Address? = nil,
    takesAnyPort: Bool = false, patience: Microseconds? = nil, for purpose: Purpose,
    using secrets: inout Secrets, _ turn: inout Turn
  ) -> UInt16? {
    guard waiting.count < limit else { return nil }
    var number: UInt16
    repeat {
      number = secrets.number() & UDPHeader.greatest
    } while waiting[number] != nil
    let datagram = UDPHeader(isRequest: true, number: number).datagram(payload)
    let request = Waiting(
      datagram: datagram, address: address, answerer: answerer ?? address,
      takesAnyPort: takesAnyPort, purpose: purpose, start: turn.now,
      telling: patience.map { turn.now + $0 }, sending: turn.now + unit)
    waiting[number] = request
    turn.send(datagram, to: address)
    turn.setTimer(UDPTimer.request, UInt64(number), at: request.due)
    return number
  }

  /// A response came. `nil`: nobody waits for it, or not from there.
  package mutating func take(
    _ number: UInt16, from address: Address, _ turn: inout Turn
  ) -> Answered? {
    guard let request = waiting[number],
      request.answerer == address
        || request.takesAnyPort && request.answerer.host == address.host
    else { return nil }
    waiting[number] = nil
    turn.cancelTimer(UDPTimer.request, UInt64(number))
    return Answered(
      purpose: request.purpose, time: turn.now - request.start, isCertain: request.sent == 1)
  }

  /// A timer is due. `nil`: nothing has changed for the owner.
  package mutating func lapse(_ key: TimerKey, _ turn: inout Turn) -> Lapse? {
    guard UDPTimer(key) != nil, let number = UInt16(exactly: key.subject),
      var request = waiting[number]
    else { return nil }
    // Who was kept from running for a while may have responses that were not read yet.
    request.wasOverslept = !request.wasOverslept && turn.now >= request.due + Self.oversleeping
    guard !request.wasOverslept else {
      waiting[number] = request
      turn.setTimer(key, at: turn.now + ResponseTimes.grain)
      return nil
    }
    var lapse: Lapse?
    if let telling = request.telling, telling <= request.sending {
      lapse =
        request.isLate
        ? .missing(request.purpose, to: request.answerer)
        : .late(request.purpose, to: request.answerer)
      request.telling = request.isLate ? nil : telling + unit
      request.isLate = true
    } else if request.sent < Self.mostSent {
      request.sent += 1
      request.sending = turn.now + unit * request.sent
      turn.send(request.datagram, to: request.address)
    } else {
      waiting[number] = nil
      return .failed(request.purpose, to: request.answerer)
    }
    waiting[number] = request
    turn.setTimer(key, at: request.due)
    return lapse
  }
}
