/// One kind of event, declared where it is emitted, with what its fields mean.
///
/// `docs/EVENTS.md` is generated from these declarations.
@usableFromInline package struct EventKind: Sendable {
  /// `area.verb`, lower case, e.g. `link.opened`.
  @usableFromInline package var name: String
  /// One sentence: what it says happened.
  package var summary: String
  /// What `peer` holds, when the kind has one.
  package var peer: String?
  package var fields: [EventField]

  /// - Parameter tallied: whether it is logged by a ``Tally``, and may have its field.
  package init(
    _ name: String, _ summary: String, peer: String? = nil, fields: [EventField] = [],
    tallied: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.peer = peer
    self.fields = tallied ? fields + [Self.times] : fields
  }

  private static let times = EventField(
    "times", "how often so far; absent: once; what is overdone is logged at 1, 2, 4, 8, …")
}

/// A documented field of an event kind.
package struct EventField: Sendable {
  package var name: String
  package var summary: String

  package init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
  }
}

/// One line of a node's log, before the driver gives it its time and sequence number.
@usableFromInline package struct Event: Equatable, Sendable {
  @usableFromInline package enum Value: Equatable, Sendable, ExpressibleByStringLiteral {
    case text(String)
    case integer(Int64)
    case flag(Bool)
    case object([(name: String, value: Value)])

    @inlinable package init(stringLiteral text: String) { self = .text(text) }

    @usableFromInline package static func == (a: Value, b: Value) -> Bool {
      switch (a, b) {
      case (.text(let a), .text(let b)): a == b
      case (.integer(let a), .integer(let b)): a == b
      case (.flag(let a), .flag(let b)): a == b
      case (.object(let a), .object(let b)):
        a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
      case (.text, _), (.integer, _), (.flag, _), (.object, _): false
      }
    }
  }

  @usableFromInline package var kind: String
  @usableFromInline package var peer: Address?
  @usableFromInline package var fields: [(name: String, value: Value)]

  /// - Parameter fields: in the order of the line; those that are `nil` are left out.
  package init(
    _ kind: EventKind, peer: Address? = nil,
    _ fields: KeyValuePairs<String, any EventValue> = [:]
  ) {
    self.kind = kind.name
    self.peer = peer
    self.fields = []
    self.fields.reserveCapacity(fields.count)
    for (name, value) in fields {
      if let value = value.eventValue { self.fields.append((name, value)) }
    }
  }

  @usableFromInline package static func == (a: Event, b: Event) -> Bool {
    a.kind == b.kind && a.peer == b.peer && Value.object(a.fields) == .object(b.fields)
  }

  /// The value of a field, if the event has it.
  package subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }
}
