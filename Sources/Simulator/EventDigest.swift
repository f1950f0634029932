import CCrypto

/// SHA-256 over every event of a simulation, in order: each node's name, a zero byte, its line.
@safe final class EventDigest {
  private let context: OpaquePointer?

  init() {
    unsafe context = EVP_MD_CTX_new()
    unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes {
      _ = unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
    }
  }

  /// 64 hexadecimal digits. Nothing can be added afterwards.
  func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    unsafe EVP_DigestFinal_ex(context, &bytes, nil)
    return bytes.map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }
}
