package import Participants

/// The asking half of HTTP as a pure state machine that a participant owns: requests to any number
/// of servers, each on a connection of its own, which is kept for the next one.
///
/// - **Ask** with ``ask(_:of:within:at:emit:)``, which gives the exchange's number.
/// - **Feed it** each input about a connection that it ``holds(_:)`` and each timer of its purposes.
///   It gives the exchanges that came to an end, each once.
package struct HTTPClient {
  package struct Limits: Sendable {
    /// The purpose of the timers of exchanges.
    package var timer: UInt8
    /// The purpose of the timers of connections that are kept.
    package var idleTimer: UInt8
    /// Of a response, in bytes.
    package var longestBody: Int
    /// The bodies of responses of status 200 and this content type are handed on as they come.
    package var passedType: String?
    /// Connections that are kept for the next request, in all.
    package var kept: Int
    /// How long one is kept.
    package var idleTime: Microseconds

    package init(
      timer: UInt8, idleTimer: UInt8, longestBody: Int, passedType: String? = nil,
      kept: Int = 64, idleTime: Microseconds = .seconds(10)
    ) {
      self.timer = timer
      self.idleTimer = idleTimer
      self.longestBody = longestBody
      self.passedType = passedType
      self.kept = kept
      self.idleTime = idleTime
    }
  }

  /// Names an exchange for its whole life. Never used twice.
  package typealias ExchangeID = UInt64

  package enum Failure: Error, Equatable, Sendable {
    /// The connection could not be made, or ended before the response was whole.
    case closed(CloseReason)
    /// The response was not whole in time.
    case tooSlow
    /// What came is no response that is taken.
    case garbled(HTTPFault)
  }

  /// How an exchange ended.
  package struct Completion: Equatable, Sendable {
    package var exchange: ExchangeID
    package var result: Result<HTTPMessage, Failure>
  }

  /// What came of some bytes.
  package struct Reading: Equatable, Sendable {
    /// Whose they are.
    package var exchange: ExchangeID?
    /// Which of them belong to its response's body, where that is handed on
    /// (``Limits/passedType``). They come before the completion.
    package var passed: [Range<Int>] = []
    package var completion: Completion?
  }

  private struct Exchange {
    let id: ExchangeID
    let bytes: [UInt8]
    /// Whether the connection was used before: its server may have closed it unknown to us, so the
    /// request deserves a fresh one.
    var isOnKept: Bool
    let deadline: Instant
  }

  private struct Connection {
    let server: Address
    var reader: HTTPReader
    /// `nil` while it is kept.
    var exchange: Exchange?
  }

  private let limits: Limits
  private var connections = ConnectionTable<Connection>()
  private var lastExchange: ExchangeID = 0

  package init(_ limits: Limits) { self.limits = limits }

  package func holds(_ id: ConnectionID) -> Bool { connections.contains(id) }

  /// Exchanges that have not come to their end.
  package var pending: Int { connections.values.count { $0.exchange != nil } }

  package mutating func ask(
    _ request: HTTPRequest, of server: Address, within limit: Microseconds, at now: Instant,
    emit: inout Effects
  ) -> ExchangeID {
    lastExchange += 1
    let kept = connections.keys.last {
      connections[$0]?.exchange == nil && connections[$0]?.server == server
    }
    let exchange = Exchange(
      id: lastExchange, bytes: request.bytes(host: server.description), isOnKept: kept != nil,
      deadline: now + limit)
    if let kept {
      emit.cancelTimer(idleKey(kept))
      connections[kept]?.exchange = exchange
      emit.write(exchange.bytes, to: kept)
      emit.setTimer(key(kept), at: exchange.deadline)
    } else {
      dial(server, for: exchange, emit: &emit)
    }
    return lastExchange
  }

  private mutating func dial(_ server: Address, for exchange: Exchange, emit: inout Effects) {
    let id = emit.connect(to: server)
    connections[id] = Connection(
      server: server,
      reader: HTTPReader(
        .responses, longestBody: limits.longestBody, passing: limits.passedType),
      exchange: exchange)
    emit.setTimer(key(id), at: exchange.deadline)
  }

  package mutating func connected(_ id: ConnectionID, emit: inout Effects) {
    guard let exchange = connections[id]?.exchange else { return }
    emit.write(exchange.bytes, to: id)
  }

  package mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant, emit: inout Effects
  ) -> Reading {
    var reading = Reading(exchange: connections[id]?.exchange?.id)
    do throws(HTTPFault) {
      let messages = try connections[id]?.reader.read(bytes) ?? []
      reading.passed = connections[id]?.reader.passed ?? []
      // An interim response (RFC 9110, section 15.2) is not the answer.
      guard let message = messages.first(where: { $0.status >= 200 }) else { return reading }
      reading.completion = complete(
        id, .success(message), mayKeep: messages.count == 1, at: now, emit: &emit)
    } catch {
      reading.completion = complete(id, .failure(.garbled(error)), at: now, emit: &emit)
    }
    return reading
  }

  package mutating func closed(
    _ id: ConnectionID, _ reason: CloseReason, at now: Instant, emit: inout Effects
  ) -> Completion? {
    guard var connection = connections[id] else { return nil }
    let hasBegun = connection.reader.isInMessage
    if reason == .ended, hasBegun, let message = try? connection.reader.end() {
      return complete(id, .success(message), at: now, emit: &emit)
    }
    if var exchange = connection.exchange, exchange.isOnKept, !hasBegun {
      forget(id, emit: &emit)
      exchange.isOnKept = false
      dial(connection.server, for: exchange, emit: &emit)
      return nil
    }
    return complete(id, .failure(.closed(reason)), at: now, emit: &emit)
  }

  /// A timer of ``Limits/timer`` or ``Limits/idleTimer`` is due.
  package mutating func expire(
    _ key: TimerKey, at now: Instant, emit: inout Effects
  ) -> Completion? {
    let id = ConnectionID(key.subject)
    guard let connection = connections[id] else { return nil }
    if key.purpose == limits.idleTimer, connection.exchange == nil {
      forget(id, emit: &emit)
      emit.close(id)
    }
    guard key.purpose == limits.timer else { return nil }
    return complete(id, .failure(.tooSlow), at: now, emit: &emit)
  }

  /// Gives an exchange up. Nothing more is heard of it.
  package mutating func cancel(_ exchange: ExchangeID, emit: inout Effects) {
    guard let id = connections.keys.first(where: { connections[$0]?.exchange?.id == exchange })
    else { return }
    forget(id, emit: &emit)
    emit.close(id)
  }

  private mutating func complete(
    _ id: ConnectionID, _ result: Result<HTTPMessage, Failure>, mayKeep: Bool = false,
    at now: Instant, emit: inout Effects
  ) -> Completion? {
    let exchange = connections[id]?.exchange
    connections[id]?.exchange = nil
    let kept = connections.values.count { $0.exchange == nil }
    if mayKeep, exchange != nil, case .success(let message) = result, message.keepsAlive,
      kept <= limits.kept
    {
      emit.cancelTimer(key(id))
      emit.setTimer(idleKey(id), at: now + limits.idleTime)
    } else {
      forget(id, emit: &emit)
      emit.close(id)
    }
    return exchange.map { Completion(exchange: $0.id, result: result) }
  }

  private mutating func forget(_ id: ConnectionID, emit: inout Effects) {
    connections[id] = nil
    emit.cancelTimer(key(id))
    emit.cancelTimer(idleKey(id))
  }

  private func key(_ id: ConnectionID) -> TimerKey {
    TimerKey(purpose: limits.timer, subject: id.number)
  }

  private func idleKey(_ id: ConnectionID) -> TimerKey {
    TimerKey(purpose: limits.idleTimer, subject: id.number)
  }
}
