/// What may stand in an event's field as it is.
package protocol EventValue {
  /// As it is written; `nil`: the event has no such field.
  var eventValue: Event.Value? { get }
}

/// What has a text of its own is written as that.
extension EventValue where Self: CustomStringConvertible {
  package var eventValue: Event.Value? { .text(description) }
}

extension String: EventValue {
  package var eventValue: Event.Value? { .text(self) }
}

extension Address: EventValue {}

extension Bool: EventValue {
  package var eventValue: Event.Value? { .flag(self) }
}

/// Integers of any width. Those beyond 64 bits with a sign are written as the nearest.
extension EventValue where Self: FixedWidthInteger {
  package var eventValue: Event.Value? { .integer(Int64(clamping: self)) }
}

extension Int: EventValue {}
extension Int32: EventValue {}
extension Int64: EventValue {}
extension UInt8: EventValue {}
extension UInt16: EventValue {}
extension UInt32: EventValue {}
extension UInt64: EventValue {}

/// A length of time is written in microseconds.
extension Microseconds: EventValue {
  package var eventValue: Event.Value? { .integer(count) }
}

/// A list is written as one text, with commas between.
extension Array: EventValue where Element: CustomStringConvertible {
  package var eventValue: Event.Value? {
    .text(map(\.description).joined(separator: ","))
  }
}

extension Optional: EventValue where Wrapped: EventValue {
  package var eventValue: Event.Value? { flatMap(\.eventValue) }
}

extension Event.Value: EventValue {
  package var eventValue: Event.Value? { self }
}
