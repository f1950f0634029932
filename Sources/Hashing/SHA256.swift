import CCrypto

/// SHA-256 (FIPS 180-4), by OpenSSL's libcrypto.
///
/// A value: a copy goes on from where it was taken.
package struct SHA256: Sendable {
  /// Bytes of a digest.
  package static let size = 32

  private var state = SHA256_CTX()

  package init() { unsafe ccrypto_sha256_start(&state) }

  /// Adds bytes, which may come in any number of parts.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe ccrypto_sha256_update(&state, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes, which may come in any number of parts.
  package mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// 32 bytes. Nothing may be added afterwards.
  package mutating func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Self.size)
    unsafe ccrypto_sha256_finish(&state, &digest)
    return digest
  }

  /// The 32 bytes of all at once.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}
