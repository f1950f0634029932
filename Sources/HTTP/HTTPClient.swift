package import Participants

/// The asking half of HTTP as a pure state machine that a participant owns: requests to any number
/// of servers, each on a connection of its own, which is kept for the next one.
///
/// - **Ask** with ``ask(_:of:within:_:)``, which gives the exchange's number.
/// - **Feed it** each input about a connection that it ``holds(_:)`` and each timer.
///   It gives the exchanges that came to an end, each once.
package struct HTTPClient {
  package enum Timer: UInt8, TimerPurpose {
    case exchange
    /// A connection that is kept is not used.
    case idle
  }

  package struct Limits: Sendable {
    /// Of a response, in bytes.
    package var longestBody: Int
    /// The bodies of responses of status 200 and this content type are handed on as they come.
    package var passedType: String?
    /// Connections that are kept for the next request, in all.
    package var kept: Int
    /// How long one is kept.
    package var idleTime: Microseconds

    package init(
      longestBody: Int, passedType: String? = nil,
      kept: Int = 64, idleTime: Microseconds = .seconds(10)
    ) {
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

  /// Whether a connection is one of its own.
  package func holds(_ id: ConnectionID) -> Bool { connections.contains(id) }

  /// Exchanges that have not come to their end.
  package var pending: Int { connections.values.count { $0.exchange != nil } }

  /// Sends a request, on a connection that was kept or a new one.
  ///
  /// - Parameter limit: in which the whole response must be there.
  /// - Returns: the exchange's number; its end comes later, once.
  package mutating func ask(
    _ request: HTTPRequest, of server: Address, within limit: Microseconds, _ turn: inout Turn
  ) -> ExchangeID {
    lastExchange += 1
    let kept = connections.keys.last {
      connections[$0]?.exchange == nil && connections[$0]?.server == server
    }
    let exchange = Exchange(
      id: lastExchange, bytes: request.bytes(host: server.description), isOnKept: kept != nil,
      deadline: turn.now + limit)
    if let kept {
      turn.cancelTimer(Timer.idle, kept.number)
      connections[kept]?.exchange = exchange
      turn.write(exchange.bytes, to: kept)
      turn.setTimer(Timer.exchange, kept.number, at: exchange.deadline)
    } else {
      dial(server, for: exchange, &turn)
    }
    return lastExchange
  }

  private mutating func dial(_ server: Address, for exchange: Exchange, _ turn: inout Turn) {
    let id = turn.connect(to: server)
    connections[id] = Connection(
      server: server,
      reader: HTTPReader(
        .responses, longestBody: limits.longestBody, passing: limits.passedType),
      exchange: exchange)
    turn.setTimer(Timer.exchange, id.number, at: exchange.deadline)
  }

  /// A connection is there: its request goes.
  package mutating func connected(_ id: ConnectionID, _ turn: inout Turn) {
    guard let exchange = connections[id]?.exchange else { return }
    turn.write(exchange.bytes, to: id)
  }

  /// Takes bytes of a connection that it ``holds(_:)``.
  package mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn
  ) -> Reading {
    var reading = Reading(exchange: connections[id]?.exchange?.id)
    do throws(HTTPFault) {
      let messages = try connections[id]?.reader.read(bytes) ?? []
      reading.passed = connections[id]?.reader.passed ?? []
      // An interim response (RFC 9110, section 15.2) is not the answer.
      guard let message = messages.first(where: { $0.status >= 200 }) else { return reading }
      reading.completion = complete(id, .success(message), mayKeep: messages.count == 1, &turn)
    } catch {
      reading.completion = complete(id, .failure(.garbled(error)), &turn)
    }
    return reading
  }

  /// A connection ended. A request on one that was kept is sent once more, on a new one.
  ///
  /// - Returns: the exchange that came to its end by that.
  package mutating func closed(
    _ id: ConnectionID, _ reason: CloseReason, _ turn: inout Turn
  ) -> Completion? {
    guard var connection = connections[id] else { return nil }
    let hasBegun = connection.reader.isInMessage
    if reason == .ended, hasBegun, let message = try? connection.reader.end() {
      return complete(id, .success(message), &turn)
    }
    if var exchange = connection.exchange, exchange.isOnKept, !hasBegun {
      forget(id, &turn)
      exchange.isOnKept = false
      dial(connection.server, for: exchange, &turn)
      return nil
    }
    return complete(id, .failure(.closed(reason)), &turn)
  }

  /// A timer is due. Another's changes nothing.
  package mutating func expire(_ key: TimerKey, _ turn: inout Turn) -> Completion? {
    let id = ConnectionID(key.subject)
    guard let connection = connections[id] else { return nil }
    switch Timer(key) {
    case .exchange:
      return complete(id, .failure(.tooSlow), &turn)
    case .idle where connection.exchange == nil:
      forget(id, &turn)
      turn.close(id)
      return nil
    case .idle, nil:
      return nil
    }
  }

  /// Gives an exchange up. Nothing more is heard of it.
  package mutating func cancel(_ exchange: ExchangeID, _ turn: inout Turn) {
    guard let id = connections.keys.first(where: { connections[$0]?.exchange?.id == exchange })
    else { return }
    forget(id, &turn)
    turn.close(id)
  }

  private mutating func complete(
    _ id: ConnectionID, _ result: Result<HTTPMessage, Failure>, mayKeep: Bool = false,
    _ turn: inout Turn
  ) -> Completion? {
    let exchange = connections[id]?.exchange
    connections[id]?.exchange = nil
    let kept = connections.values.count { $0.exchange == nil }
    if mayKeep, exchange != nil, case .success(let message) = result, message.keepsAlive,
      kept <= limits.kept
    {
      turn.cancelTimer(Timer.exchange, id.number)
      turn.setTimer(Timer.idle, id.number, at: turn.now + limits.idleTime)
    } else {
      forget(id, &turn)
      turn.close(id)
    }
    return exchange.map { Completion(exchange: $0.id, result: result) }
  }

  private mutating func forget(_ id: ConnectionID, _ turn: inout Turn) {
    connections[id] = nil
    turn.cancelTimer(Timer.exchange, id.number)
    turn.cancelTimer(Timer.idle, id.number)
  }

}
