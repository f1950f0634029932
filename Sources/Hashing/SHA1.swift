import CCrypto

/// SHA-1 (FIPS 180-4), by OpenSSL's libcrypto. For protocols that name things by it; it does not
/// protect against somebody who makes collisions.
///
/// A value: a copy goes on from where it was taken.
package struct SHA1: Sendable {
  /// Bytes of a digest.
  package static let size = 20

  private var state = SHA_CTX()

  package init() { unsafe ccrypto_sha1_start(&state) }

  /// Adds bytes, which may come in any number of parts.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe ccrypto_sha1_update(&state, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes, which may come in any number of parts.
  package mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// 20 bytes. Nothing may be added afterwards.
  package mutating func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Self.size)
    unsafe ccrypto_sha1_finish(&state, &digest)
    return digest
  }

  /// The 20 bytes of all at once.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA1()
    hash.update(bytes)
    return hash.finish()
  }
}
