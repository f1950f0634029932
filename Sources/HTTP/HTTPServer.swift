package import Participants

/// The serving half of HTTP as a pure state machine that a participant owns: it turns connections
/// that were accepted into requests, one at a time for each connection, and keeps to its limits.
///
/// - **Feed it** each input about a connection that it ``holds(_:)``, or that was accepted, and each
///   timer. It gives the requests that are to be answered.
/// - **Answer** every request, at once or later. The next one of the connection comes then: an
///   answer gives it back. A `HEAD` comes as the `GET` that it stands for; its answer goes without
///   the body.
///
/// A connection that says nothing, or not enough, for too long is closed; one that sends what is no
/// HTTP, or more than is allowed, is told so and closed.
package struct HTTPServer {
  package enum Timer: UInt8, TimerPurpose {
    case request
  }

  package struct Limits: Sendable {
    package var connections: Int
    /// Of a request, in bytes.
    package var longestBody: Int
    /// From a connection's beginning, or a request's first byte, to the whole request.
    package var requestTime: Microseconds
    /// Between an answer and the next request.
    package var idleTime: Microseconds

    package init(
      connections: Int, longestBody: Int,
      requestTime: Microseconds = .seconds(10), idleTime: Microseconds = .seconds(30)
    ) {
      self.connections = connections
      self.longestBody = longestBody
      self.requestTime = requestTime
      self.idleTime = idleTime
    }
  }

  /// Requests that may wait behind the one that is answered; the connection is closed at one more.
  private static let mostWaiting = 16

  package struct Request {
    package var connection: ConnectionID
    package var from: Address
    package var message: HTTPMessage
  }

  private struct Client {
    var reader: HTTPReader
    /// The requests that are not answered; the first is with the owner.
    var requests: [HTTPMessage] = []
    /// Whether the deadline is that of a request that has begun.
    var isTimed = true
    let from: Address

    /// The first of the requests, as its owner gets it.
    func first(of id: ConnectionID) -> Request? {
      guard var message = requests.first else { return nil }
      if message.isHead { message.method = "GET" }
      return Request(connection: id, from: from, message: message)
    }
  }

  package let limits: Limits
  private var clients = ConnectionTable<Client>()
  private var repeats = Tally()

  package init(_ limits: Limits) { self.limits = limits }

  package var count: Int { clients.count }

  /// Whether a connection is one of its own.
  package func holds(_ id: ConnectionID) -> Bool { clients.contains(id) }

  /// Somebody connected. One more than the limit is closed at once.
  package mutating func accept(_ id: ConnectionID, from: Address, _ turn: inout Turn) {
    guard clients.count < limits.connections else {
      repeats.refuse(&turn)
      return turn.close(id)
    }
    clients[id] = Client(
      reader: HTTPReader(.requests, longestBody: limits.longestBody), from: from)
    turn.setTimer(Timer.request, id.number, at: turn.now + limits.requestTime)
  }

  /// - Returns: the request that is to be answered now.
  package mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn
  ) -> Request? {
    guard clients.contains(id) else { return nil }
    let isFree = clients[id]?.requests.isEmpty ?? false
    do throws(HTTPFault) {
      let messages = try clients[id]?.reader.read(bytes) ?? []
      clients[id]?.requests += messages
    } catch {
      refuse(id, error, &turn)
      return nil
    }
    if clients[id]?.reader.takeContinue() == true {
      turn.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), to: id)
    }
    guard let client = clients[id], client.requests.count <= Self.mostWaiting + 1 else {
      drop(id, &turn)
      return nil
    }
    guard isFree else { return nil }
    guard let first = client.first(of: id) else {
      if client.reader.isInMessage, !client.isTimed {
        clients[id]?.isTimed = true
        turn.setTimer(Timer.request, id.number, at: turn.now + limits.requestTime)
      }
      return nil
    }
    turn.cancelTimer(Timer.request, id.number)
    return first
  }

  private mutating func refuse(_ id: ConnectionID, _ fault: HTTPFault, _ turn: inout Turn) {
    repeats.reject(from: clients[id]?.from, reason: "\(fault)", bytes: 0, &turn)
    // Not while another answer is under way: it would be cut in two.
    if clients[id]?.requests.isEmpty == true {
      turn.write(HTTPResponse(fault.status, "\(fault)\n").bytes(keepingAlive: false), to: id)
    }
    drop(id, &turn)
  }

  private mutating func drop(_ id: ConnectionID, _ turn: inout Turn) {
    forget(id, &turn)
    turn.close(id)
  }

  /// The connection ended.
  package mutating func forget(_ id: ConnectionID, _ turn: inout Turn) {
    clients[id] = nil
    turn.cancelTimer(Timer.request, id.number)
  }

  /// Answers a connection's request whole. Of a connection that is gone, it does nothing.
  ///
  /// - Returns: the connection's next request, if it came already.
  package mutating func answer(
    _ id: ConnectionID, _ response: HTTPResponse, _ turn: inout Turn
  ) -> Request? {
    guard let request = clients[id]?.requests.first else { return nil }
    turn.write(
      response.bytes(keepingAlive: request.keepsAlive, isHead: request.isHead), to: id)
    return finish(id, &turn)
  }

  /// Whether the answer to a connection's request may keep it alive; `nil` when it is gone.
  package func begin(_ id: ConnectionID) -> Bool? { clients[id]?.requests.first?.keepsAlive }

  /// The answer to a connection's request was written by the owner, whole.
  ///
  /// - Returns: the connection's next request, if it came already.
  package mutating func finish(_ id: ConnectionID, _ turn: inout Turn) -> Request? {
    guard var client = clients[id], !client.requests.isEmpty else { return nil }
    guard client.requests.removeFirst().keepsAlive else {
      drop(id, &turn)
      return nil
    }
    defer { clients[id] = client }
    if let next = client.first(of: id) { return next }
    client.isTimed = client.reader.isInMessage
    turn.setTimer(
      Timer.request, id.number,
      at: turn.now + (client.isTimed ? limits.requestTime : limits.idleTime))
    return nil
  }

  /// A timer is due: a connection was too slow. Another's changes nothing.
  package mutating func expire(_ key: TimerKey, _ turn: inout Turn) {
    let id = ConnectionID(key.subject)
    guard Timer(key) != nil, let client = clients[id], client.requests.isEmpty else { return }
    if client.reader.isInMessage {
      repeats.reject(from: client.from, reason: "too slow", bytes: 0, &turn)
      turn.write(HTTPResponse(408, "too slow\n").bytes(keepingAlive: false), to: id)
    }
    drop(id, &turn)
  }
}
