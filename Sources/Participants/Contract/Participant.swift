/// One node's protocol as a pure state machine: the contract between the networks and the drivers.
///
/// - **Feed it** every ``Input`` that concerns the node, one at a time, each with a ``Turn``, whose
///   clock never runs backwards. The first input is ``Input/started(listening:)``.
/// - **Drain** the turn after every call and carry its effects out in their order.
/// - **Call again** when something happens. An input that is late, repeated or about a connection
///   or timer that is no longer known is harmless and changes nothing.
///
/// A participant does no I/O and knows no clock, no randomness and no logger but its turn; it never
/// lets the order of a `Dictionary` or `Set` reach an effect. The same inputs, times and generator
/// therefore give the same effects, whichever driver runs it. What a remote peer sends is never a
/// reason to trap: it is an event and, at most, a closed connection.
///
/// The shape follows SWIM.Instance (swift-cluster-membership), quinn-proto and TigerBeetle's VOPR.
package protocol Participant {
  /// Takes an input, changes the state, and asks by the turn for what is to be done. Never traps on
  /// what others sent.
  mutating func handle(_ input: Input, _ turn: inout Turn)
}

/// Names a connection, dialled or accepted. Drivers and participants take them from one counter
/// (``Turn/nextConnection()``), so an ID is never used twice in a node's life.
@usableFromInline package struct ConnectionID: Hashable, Comparable, Sendable {
  @usableFromInline package var number: UInt64

  @inlinable package init(_ number: UInt64) { self.number = number }

  @inlinable package static func < (a: ConnectionID, b: ConnectionID) -> Bool {
    a.number < b.number
  }
}

/// What a part of a participant has timers for: a type of each part's own, which says whose a timer
/// is. Two parts cannot take each other's, whatever their numbers are.
@usableFromInline package protocol TimerPurpose: RawRepresentable, Sendable
where RawValue == UInt8 {}

extension TimerPurpose {
  /// What a timer is for. `nil`: it is another part's.
  @inlinable package init?(_ key: TimerKey) {
    guard key.owner == ObjectIdentifier(Self.self) else { return nil }
    self.init(rawValue: key.purpose)
  }
}

/// Names a timer: whose it is, what it is for, and which of its subjects (a connection's number, say)
/// it is about. Setting a timer again moves it.
@usableFromInline package struct TimerKey: Hashable, Sendable {
  @usableFromInline package let owner: ObjectIdentifier
  @usableFromInline package let subject: UInt64
  @usableFromInline package let purpose: UInt8

  /// - Parameter subject: in the part's own numbering; 0 where there is only one.
  @inlinable package init<Purpose: TimerPurpose>(_ purpose: Purpose, _ subject: UInt64 = 0) {
    owner = ObjectIdentifier(Purpose.self)
    self.purpose = purpose.rawValue
    self.subject = subject
  }
}

/// Why a connection ended, or was never made.
package enum CloseReason: String, Sendable {
  /// The remote side ended it in order.
  case ended
  /// The remote side, or the network, broke it.
  case reset
  /// Nobody listens at that address.
  case refused
  /// The name could not be resolved, or there is no way to the address.
  case unreachable
  /// More was waiting to be sent than the driver's limit: the remote side does not read.
  case backlogged
  /// This machine could not do it (no free descriptor, say): it tells nothing about the other side.
  case failed
}

package enum Input: Sendable {
  /// The node is bound to its address, which is what others can reach it at.
  case started(listening: Address)
  /// Somebody connected to the node. `from` is their end of the connection, not their identity.
  case accepted(ConnectionID, from: Address)
  /// A connection that the participant asked for is there.
  case connected(ConnectionID)
  /// Bytes arrived, in order, cut anywhere.
  case received(ConnectionID, [UInt8])
  /// A connection ended that the participant did not close, or one it asked for failed.
  case closed(ConnectionID, CloseReason)
  /// Everything that was written to the connection has left the node (``Effect/awaitDrain(_:)``).
  case drained(ConnectionID)
  /// A datagram arrived, whole.
  case datagram(from: Address, [UInt8])
  /// What came of a request to read or write a file.
  case file(FileKey, FileAnswer)
  /// A timer that was set is due.
  case timer(TimerKey)
  /// The node is about to end: the last chance to say something.
  case stopping
}
