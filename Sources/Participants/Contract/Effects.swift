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

/// The list that a participant's handler appends to and a driver drains.
@usableFromInline package struct Effects: Sendable {
  @usableFromInline var list: [Effect] = []
  /// A driver of many nodes that shares one list among them sets it before each node's turn.
  @usableFromInline package var lastConnection: UInt64 = 0

  package init() {}

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
    list.append(.connect(id, to: address, from: port))
    return id
  }

  @inlinable package mutating func write(_ bytes: [UInt8], to connection: ConnectionID) {
    list.append(.write(connection, bytes))
  }

  @inlinable package mutating func close(_ connection: ConnectionID) {
    list.append(.close(connection))
  }

  @inlinable package mutating func awaitDrain(of connection: ConnectionID) {
    list.append(.awaitDrain(connection))
  }

  @inlinable package mutating func send(_ datagram: [UInt8], to address: Address) {
    list.append(.send(datagram, to: address))
  }

  @inlinable package mutating func file(_ key: FileKey, _ request: FileRequest) {
    list.append(.file(key, request))
  }

  @inlinable package mutating func setTimer(_ key: TimerKey, at instant: Instant) {
    list.append(.setTimer(key, at: instant))
  }

  @inlinable package mutating func cancelTimer(_ key: TimerKey) {
    list.append(.cancelTimer(key))
  }

  @inlinable package mutating func log(_ event: Event) {
    list.append(.log(event))
  }

  @inlinable package mutating func finish() {
    list.append(.finish)
  }

  package mutating func fail(_ reason: String, isMisuse: Bool) {
    list.append(.fail(Failure(reason, isMisuse: isMisuse)))
  }

  /// Hands over the effects emitted since the last call, oldest first.
  ///
  /// `body` must not emit into the same list.
  @inlinable package mutating func drain(_ body: (Effect) -> Void) {
    // Out of a span: each is lent to the body, not copied.
    for index in list.indices { body(list.span[index]) }
    list.removeAll(keepingCapacity: true)
  }
}
