package import Participants

/// The serving half of HTTP as a pure state machine that a participant owns: it turns connections
/// that were accepted into requests, one at a time for each connection, and keeps to its limits.
///
/// - **Feed it** each input about a connection that it ``holds(_:)``, or that was accepted, and each
///   timer of its ``Limits/timer``. It gives the requests that are to be answered.
/// - **Answer** every request, at once or later. The next one of the connection comes then: an
///   answer gives it back. A `HEAD` comes as the `GET` that it stands for; its answer goes without
/// the
///   body.
///
/// A connection that says nothing, or not enough, for too long is closed; one that sends what is no
/// HTTP, or more than is allowed, is told so and closed.
package struct HTTPServer {
  package struct Limits: Sendable {
    /// The purpose of its timers.
    package var timer: UInt8
    package var connections: Int
    /// Of a request, in bytes.
    package var longestBody: Int
    /// From a connection's beginning, or a request's first byte, to the whole request.
    package var requestTime: Microseconds
    /// Between an answer and the next request.
    package var idleTime: Microseconds

    package init(
      timer: UInt8, connections: Int, longestBody: Int,
      requestTime: Microseconds = .seconds(10), idleTime: Microseconds = .seconds(30)
    ) {
      self.timer = timer
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

  package func holds(_ id: ConnectionID) -> Bool { clients.contains(id) }

  package mutating func accept(
    _ id: ConnectionID, from: Address, at now: Instant, emit: inout Effects
  ) {
    guard clients.count < limits.connections else {
      repeats.refuse(emit: &emit)
      return emit.close(id)
    }
    clients[id] = Client(
      reader: HTTPReader(.requests, longestBody: limits.longestBody), from: from)
    emit.setTimer(key(id), at: now + limits.requestTime)
  }

  /// - Returns: the request that is to be answered now.
  package mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant, emit: inout Effects
  ) -> Request? {
    guard clients.contains(id) else { return nil }
    let isFree = clients[id]?.requests.isEmpty ?? false
    do throws(HTTPFault) {
      let messages = try clients[id]?.reader.read(bytes) ?? []
      clients[id]?.requests += messages
    } catch {
      refuse(id, error, emit: &emit)
      return nil
    }
    if clients[id]?.reader.takeContinue() == true {
      emit.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), to: id)
    }
    guard let client = clients[id], client.requests.count <= Self.mostWaiting + 1 else {
      drop(id, emit: &emit)
      return nil
    }
    guard isFree else { return nil }
    guard let first = client.first(of: id) else {
      if client.reader.isInMessage, !client.isTimed {
        clients[id]?.isTimed = true
        emit.setTimer(key(id), at: now + limits.requestTime)
      }
      return nil
    }
    emit.cancelTimer(key(id))
    return first
  }

  private mutating func refuse(_ id: ConnectionID, _ fault: HTTPFault, emit: inout Effects) {
    repeats.reject(from: clients[id]?.from, reason: "\(fault)", bytes: 0, emit: &emit)
    // Not while another answer is under way: it would be cut in two.
    if clients[id]?.requests.isEmpty == true {
      emit.write(HTTPResponse(fault.status, "\(fault)\n").bytes(keepingAlive: false), to: id)
    }
    drop(id, emit: &emit)
  }

  private mutating func drop(_ id: ConnectionID, emit: inout Effects) {
    forget(id, emit: &emit)
    emit.close(id)
  }

  /// The connection ended.
  package mutating func forget(_ id: ConnectionID, emit: inout Effects) {
    clients[id] = nil
    emit.cancelTimer(key(id))
  }

  /// Answers a connection's request whole. Of a connection that is gone, it does nothing.
  ///
  /// - Returns: the connection's next request, if it came already.
  package mutating func answer(
    _ id: ConnectionID, _ response: HTTPResponse, at now: Instant, emit: inout Effects
  ) -> Request? {
    guard let request = clients[id]?.requests.first else { return nil }
    emit.write(
      response.bytes(keepingAlive: request.keepsAlive, isHead: request.isHead), to: id)
    return finish(id, at: now, emit: &emit)
  }

  /// Whether the answer to a connection's request may keep it alive; `nil` when it is gone.
  package func begin(_ id: ConnectionID) -> Bool? { clients[id]?.requests.first?.keepsAlive }

  /// The answer to a connection's request was written by the owner, whole.
  ///
  /// - Returns: the connection's next request, if it came already.
  package mutating func finish(
    _ id: ConnectionID, at now: Instant, emit: inout Effects
  ) -> Request? {
    guard var client = clients[id], !client.requests.isEmpty else { return nil }
    guard client.requests.removeFirst().keepsAlive else {
      drop(id, emit: &emit)
      return nil
    }
    defer { clients[id] = client }
    if let next = client.first(of: id) { return next }
    client.isTimed = client.reader.isInMessage
    emit.setTimer(key(id), at: now + (client.isTimed ? limits.requestTime : limits.idleTime))
    return nil
  }

  /// A timer of ``Limits/timer`` is due: the connection was too slow.
  package mutating func expire(_ subject: UInt64, emit: inout Effects) {
    let id = ConnectionID(subject)
    guard let client = clients[id], client.requests.isEmpty else { return }
    if client.reader.isInMessage {
      repeats.reject(from: client.from, reason: "too slow", bytes: 0, emit: &emit)
      emit.write(HTTPResponse(408, "too slow\n").bytes(keepingAlive: false), to: id)
    }
    drop(id, emit: &emit)
  }

  private func key(_ id: ConnectionID) -> TimerKey {
    TimerKey(purpose: limits.timer, subject: id.number)
  }
}
