/// What a participant wants done, in order.
@usableFromInline package enum Effect: Equatable, Sendable {
  case connect(ConnectionID, to: Address, from: LocalPort)
  case write(ConnectionID, [UInt8])
  /// Send what was written, then close. Nothing more is heard of the connection.
  case close(ConnectionID)
  /// Say ``Input/drained(_:)`` once nothing that was written waits to be sent.
  case awaitDrain(ConnectionID)
  case send([UInt8], to: Address)
  /// The answer is ``Input/file(_:_:)``.
  case file(FileKey, FileRequest)
  case setTimer(TimerKey, at: Instant)
  case cancelTimer(TimerKey)
  case log(Event)
  /// The node has done what it was started for: it ends in order, as if it had been asked to.
  case finish
  /// The node cannot do what it was started for: it ends at once, as failed, and says why to the
  /// person who started it.
  case fail(Failure)
}

/// Why a node cannot do what it was started for.
@usableFromInline package struct Failure: Equatable, Sendable {
  /// In words that name what is wrong: a file, say.
  package var reason: String
  /// Whether the person who started the node is to name something else.
  package var isMisuse: Bool

  package init(_ reason: String, isMisuse: Bool) {
    self.reason = reason
    self.isMisuse = isMisuse
  }
}

/// The port that a dialled connection comes from.
@usableFromInline package enum LocalPort: Sendable {
  /// Any that is free.
  case any
  /// The one that the node listens on, for protocols that take it for the node's address. Where the
  /// system refuses it (the same two ports were connected a moment ago), any other.
  case listening
}

/// One call of a participant: when it is, where its randomness comes from, and what it wants done.
///
/// A participant asks for everything by it, and a driver carries out what was asked for, in order. A
/// driver may use one for all the calls of a node.
@usableFromInline package struct Turn: Sendable {
  /// The node's time. A driver never lets it run backwards.
  @usableFromInline package var now: Instant
  /// The node's own: the same in the same state of the same run.
  @usableFromInline package var random: SeededGenerator
  /// How many connections the node has had, dialled and accepted.
  @usableFromInline package var lastConnection: UInt64
  /// What is wanted, oldest first. A driver of many nodes lends all of them one array's room.
  @usableFromInline package var effects: [Effect] = []

  @inlinable package init(
    at now: Instant, random: SeededGenerator, lastConnection: UInt64 = 0
  ) {
    self.now = now
    self.random = random
    self.lastConnection = lastConnection
  }

  /// A connection ID that was never given before. Drivers call it for each connection they accept.
  @inlinable package mutating func nextConnection() -> ConnectionID {
    lastConnection += 1
    return ConnectionID(lastConnection)
  }

  /// Dials an address. The answer is `connected` or `closed`, later.
  @inlinable package mutating func connect(
    to address: Address, from port: LocalPort = .any
  ) -> ConnectionID {
    let id = nextConnection()
    effects.append(.connect(id, to: address, from: port))
    return id
  }

  /// Writes bytes to a connection, behind what was written before. Of a connection that is gone,
  /// nothing happens.
  @inlinable package mutating func write(_ bytes: [UInt8], to connection: ConnectionID) {
    effects.append(.write(connection, bytes))
  }

  /// Closes a connection when what was written has been sent. Nothing more is heard of it.
  @inlinable package mutating func close(_ connection: ConnectionID) {
    effects.append(.close(connection))
  }

  /// Asks for ``Input/drained(_:)`` once nothing that was written waits to be sent.
  @inlinable package mutating func awaitDrain(of connection: ConnectionID) {
    effects.append(.awaitDrain(connection))
  }

  /// Sends a datagram, which may be lost like any.
  @inlinable package mutating func send(_ datagram: [UInt8], to address: Address) {
    effects.append(.send(datagram, to: address))
  }

  /// Reads or writes a file. The answer is ``Input/file(_:_:)`` with that key, later.
  @inlinable package mutating func file(_ key: FileKey, _ request: FileRequest) {
    effects.append(.file(key, request))
  }

  /// Sets a timer, or moves it. The answer is ``Input/timer(_:)``, not before that time.
  @inlinable package mutating func setTimer(_ key: TimerKey, at instant: Instant) {
    effects.append(.setTimer(key, at: instant))
  }

  /// The same by what it is for, and which subject it is about.
  @inlinable package mutating func setTimer(
    _ purpose: some TimerPurpose, _ subject: UInt64 = 0, at instant: Instant
  ) {
    setTimer(TimerKey(purpose, subject), at: instant)
  }

  /// Takes a timer back, if it is set.
  @inlinable package mutating func cancelTimer(
    _ purpose: some TimerPurpose, _ subject: UInt64 = 0
  ) {
    effects.append(.cancelTimer(TimerKey(purpose, subject)))
  }

  /// Logs an event, with the turn's time.
  @inlinable package mutating func log(_ event: Event) {
    effects.append(.log(event))
  }

  /// Logs an event of a kind.
  package mutating func log(
    _ kind: EventKind, peer: Address? = nil,
    _ fields: KeyValuePairs<String, any EventValue> = [:]
  ) {
    log(Event(kind, peer: peer, fields))
  }

  /// Ends the node in order: it has done what it was started for.
  @inlinable package mutating func finish() {
    effects.append(.finish)
  }

  /// Ends the node at once, as failed.
  ///
  /// - Parameters:
  ///   - reason: in words for the person who started it, which name what is wrong.
  ///   - isMisuse: whether that person is to name something else.
  package mutating func fail(_ reason: String, isMisuse: Bool) {
    effects.append(.fail(Failure(reason, isMisuse: isMisuse)))
  }

  /// Hands over the effects since the last call, oldest first.
  ///
  /// `body` must not ask for more by the same turn.
  @inlinable package mutating func drain(_ body: (Effect) -> Void) {
    // Out of a span: each is lent to the body, not copied.
    for index in effects.indices { body(effects.span[index]) }
    effects.removeAll(keepingCapacity: true)
  }
}
