import JSONReading
package import Participants
package import Wire

/// The value of a chunk in the DHT: who has it.
///
/// It is wrapped as the original does: the text of `{"type": "json", "data": D}`, where D is the JSON
/// text of a text, which is the JSON text of an array of `HOST:PORT`. Anything else is refused, the
/// original's `"type": "pickle"` first of all: reading that would run its author's code.
package struct ProviderList: Equatable, Sendable {
  /// Owners that are kept in a value; those that were there first make room.
  package static let most = 64

  /// Each once, the newest at the end.
  package private(set) var owners: [Address] = []

  package var isFull: Bool { owners.count == Self.most }

  package init() {}

  /// `nil` when the value is no such list. Owners without a usable address are passed over.
  package init?(_ value: MessagePack) {
    guard case .text(let text) = value, let outer = Self.json(text), outer["type"]?.text == "json",
      let encoded = outer["data"]?.text, let inner = Self.json(encoded)?.text,
      let texts = Self.json(inner)?.texts
    else { return nil }
    for text in texts {
      guard let owner = Address(parsing: text), owner.port > 0 else { continue }
      add(owner)
    }
  }

  private static func json(_ text: String) -> JSONValue? { try? JSONValue(Array(text.utf8)) }

  /// Adds an owner, at the end. One more than the most pushes the first out.
  package mutating func add(_ owner: Address) {
    owners.removeAll { $0 == owner }
    owners.append(owner)
    if owners.count > Self.most { owners.removeFirst() }
  }

  /// Adds the owners of another list that are not in this one.
  package mutating func merge(_ other: ProviderList) {
    let known = Set(owners)
    owners += other.owners.filter { !known.contains($0) }
    owners.removeFirst(max(0, owners.count - Self.most))
  }

  package var value: MessagePack {
    let list = SpacedJSON.texts(owners.map(\.description))
    let data = SpacedJSON.text(SpacedJSON.text(list))
    return .text("{\"type\": \"json\", \"data\": \(data)}")
  }
}
