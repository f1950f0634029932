import CCrypto

/// BLAKE2s-256 (RFC 7693), by OpenSSL's libcrypto.
package enum BLAKE2s {
  /// Fetched once: looking it up costs more than hashing a short text.
  private nonisolated(unsafe) static let algorithm = unsafe EVP_MD_fetch(nil, "BLAKE2s-256", nil)

  /// 32 bytes.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil)
    return digest
  }
}
