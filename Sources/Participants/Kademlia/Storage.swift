package import Participants
package import Wire

/// The values that a node holds for the network, within limits.
package struct Storage: Sendable {
  struct Item {
    var value: MessagePack
    /// Who sent it; `nil`: this node itself.
    var sender: Address?
    /// When it was last stored here by somebody else, or first by this node.
    var stored: Instant
    /// When it was last stored by anybody, or stored elsewhere by this node.
    var published: Instant
  }

  package struct Limits: Sendable {
    package var keys: Int
    package var keysPerPeer: Int
    /// Of a value in MessagePack.
    package var valueBytes: Int

    package init(keys: Int, keysPerPeer: Int, valueBytes: Int) {
      self.keys = keys
      self.keysPerPeer = keysPerPeer
      self.valueBytes = valueBytes
    }
  }

  package enum Outcome: Equatable {
    /// It was not held, or another value for the key was.
    case new
    /// The same value was held.
    case known
    case refused(reason: String)
  }

  package let limits: Limits
  private var items: [NodeID: Item] = [:]
  private var counts: [Address: Int] = [:]

  package init(limits: Limits) { self.limits = limits }

  package var count: Int { items.count }

  package subscript(key: NodeID) -> MessagePack? { items[key]?.value }

  /// The keys that satisfy a condition, in ascending order.
  package func keys(where condition: (NodeID) -> Bool) -> [NodeID] {
    items.keys.filter(condition).sorted()
  }

  /// Why a value cannot be stored anywhere; `nil`: it can.
  package func refusal(of value: MessagePack) -> String? {
    switch value {
    case .null, .array, .map: return "not a number, a flag, a text or bytes"
    case .flag, .integer, .unsigned, .double, .text, .binary: break
    }
    guard value.encoded.count <= limits.valueBytes else { return "too long" }
    return DHTValue.isPickled(value) ? "pickled" : nil
  }

  /// - Parameter sender: who sent it; `nil`: this node itself, which no limit holds for.
  package mutating func store(
    _ value: MessagePack, for key: NodeID, from sender: Address?, at now: Instant
  ) -> Outcome {
    if let reason = refusal(of: value) { return .refused(reason: reason) }
    let old = items[key]
    if old == nil {
      guard sender == nil || items.count < limits.keys else { return .refused(reason: "full") }
      guard sender.map({ counts[$0, default: 0] < limits.keysPerPeer }) ?? true else {
        return .refused(reason: "too many of one sender")
      }
      if let sender { counts[sender, default: 0] += 1 }
    }
    items[key] = Item(
      value: value, sender: old == nil ? sender : old?.sender, stored: now, published: now)
    return old?.value == value ? .known : .new
  }

  /// Drops what nobody else has stored since an instant, in the order of the keys.
  package mutating func expire(
    storedBefore instant: Instant
  ) -> [(key: NodeID, value: MessagePack)] {
    let keys = items.filter { $0.value.stored <= instant }.keys.sorted()
    return keys.compactMap { key in
      guard let item = items.removeValue(forKey: key) else { return nil }
      if let sender = item.sender {
        let count = (counts[sender] ?? 0) - 1
        counts[sender] = count > 0 ? count : nil
      }
      return (key, item.value)
    }
  }

  /// What nobody has stored since an instant and is to be stored again, in the order of the keys.
  /// It counts as published now.
  package mutating func takeDue(publishedBefore instant: Instant, at now: Instant) -> [NodeID] {
    let due = items.filter { $0.value.published <= instant }.keys.sorted()
    for key in due { items[key]?.published = now }
    return due
  }
}
