import CCrypto

/// SHA-256 over every event of a simulation, in order: each node's name, a zero byte, its line.
@safe final class EventDigest {
  /// How much is gathered before it is hashed, in bytes.
  private static let batch = 64 * 1_024

  private let context: OpaquePointer?
  private var gathered: [UInt8] = []

  init() {
    unsafe context = EVP_MD_CTX_new()
    unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  func add(_ line: [UInt8], of node: String) {
    gathered.append(contentsOf: node.utf8)
    gathered.append(0)
    gathered.append(contentsOf: line)
    if gathered.count >= Self.batch { update() }
  }

  private func update() {
    unsafe gathered.withUnsafeBytes {
      _ = unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
    }
    gathered.removeAll(keepingCapacity: true)
  }

  /// 64 hexadecimal digits. Nothing can be added afterwards.
  func finish() -> String {
    update()
    var bytes = [UInt8](repeating: 0, count: 32)
    unsafe EVP_DigestFinal_ex(context, &bytes, nil)
    return bytes.map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }
}
