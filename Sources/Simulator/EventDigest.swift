import Hashing

/// SHA-256 over every event of a simulation, in order: each node's name, a zero byte, its line.
struct EventDigest {
  /// How much is gathered before it is hashed, in bytes.
  private static let batch = 64 * 1_024

  private var hash = SHA256()
  private var gathered: [UInt8] = []

  mutating func add(_ line: [UInt8], of node: String) {
    gathered.append(contentsOf: node.utf8)
    gathered.append(0)
    gathered.append(contentsOf: line)
    if gathered.count >= Self.batch { update() }
  }

  private mutating func update() {
    hash.update(gathered)
    gathered.removeAll(keepingCapacity: true)
  }

  /// 64 hexadecimal digits. Nothing can be added afterwards.
  mutating func finish() -> String {
    update()
    return Hexadecimal.text(hash.finish())
  }
}
