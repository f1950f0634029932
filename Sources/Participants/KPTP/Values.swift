/// What the messages about values carry in the place of a name: a key's length in one byte, the key,
/// and the value, which is empty where none is meant.
package struct Payload: Equatable, Sendable {
  /// In bytes: its length takes one.
  package static let longestKey = 255
  /// In bytes.
  package static let longestValue = 4_096

  package var key: [UInt8]
  package var value: [UInt8]

  package init(key: [UInt8], value: [UInt8] = []) {
    self.key = key
    self.value = value
  }

  /// `nil` when the key is empty or longer than what is there, or the value is too long.
  package init?(_ bytes: [UInt8]) {
    guard let length = bytes.first.map({ Int($0) }), length > 0, bytes.count > length,
      bytes.count - length - 1 <= Self.longestValue
    else { return nil }
    key = Array(bytes[1...length])
    value = Array(bytes[(length + 1)...])
  }

  package var encoded: [UInt8] { [UInt8(key.count)] + key + value }

  var keyText: String { String(decoding: key, as: UTF8.self) }
  /// Where its value belongs.
  package var id: PeerID { PeerID(of: key) }
}

/// The values of its own that a peer puts: their keys are known to whoever knows its address.
extension Payload {
  init(ownedBy owner: Endpoint, number: Int) {
    let key = "\(owner.address)/\(number)"
    self.init(key: Array(key.utf8), value: Array("the value of \(key)".utf8))
  }

  /// Whether the value is what its owner puts under that key.
  var isIntact: Bool { value == Array("the value of \(keyText)".utf8) }
}

/// Values that a peer keeps for others: so many at most, the one put longest ago goes first.
package struct ValueStore {
  private let limit: Int
  private var values: [[UInt8]: [UInt8]] = [:]
  /// Keys, the one put longest ago first.
  private var order: [[UInt8]] = []

  package init(limit: Int) { self.limit = limit }

  package var count: Int { order.count }

  package subscript(key: [UInt8]) -> [UInt8]? { values[key] }

  /// Keeps a value, as the one put last.
  package mutating func put(_ payload: Payload) {
    if values.updateValue(payload.value, forKey: payload.key) != nil {
      order.removeAll { $0 == payload.key }
    } else if order.count == limit {
      values[order.removeFirst()] = nil
    }
    order.append(payload.key)
  }
}
