/// Values in numbered slots that are used again; a generation tells the uses apart.
package struct Slots<Value> {
  private struct Slot {
    var value: Value?
    var generation: UInt32 = 0
  }

  private var slots: [Slot] = []
  private var free: [Int32] = []

  /// No slots.
  package init() {}

  /// Puts a value into a slot that is free.
  ///
  /// - Returns: the slot, and which use of it this is.
  package mutating func add(_ value: Value) -> (index: Int32, generation: UInt32) {
    if let index = free.popLast() {
      slots[Int(index)].value = value
      return (index, slots[Int(index)].generation)
    }
    slots.append(Slot(value: value))
    return (Int32(slots.count - 1), 0)
  }

  /// Takes the value out if the slot is still in that use.
  package mutating func take(_ index: Int32, generation: UInt32) -> Value? {
    let position = Int(index)
    guard slots[position].generation == generation, let value = slots[position].value else {
      return nil
    }
    slots[position].value = nil
    slots[position].generation &+= 1
    free.append(index)
    return value
  }
}
