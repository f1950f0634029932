import Hashing
import Testing

@Suite struct HashingTests {
  @Test("SHA-256 gives the digests of FIPS 180-4's examples, whole and in parts")
  func sha256() {
    let text = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    let digest = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    #expect(Hexadecimal.text(SHA256.hash(text)) == digest)
    for cut in 0...text.count {
      var hash = SHA256()
      hash.update(Array(text[..<cut]))
      hash.update(Array(text[cut...]))
      #expect(Hexadecimal.text(hash.finish()) == digest)
    }
    #expect(
      Hexadecimal.text(SHA256.hash([]))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("SHA-1 gives the digests of FIPS 180-4's examples, whole and in parts")
  func sha1() {
    let text = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    for cut in 0...text.count {
      var hash = SHA1()
      hash.update(Array(text[..<cut]))
      hash.update(Array(text[cut...]))
      #expect(Hexadecimal.text(hash.finish()) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    }
    #expect(
      Hexadecimal.text(SHA1.hash(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  @Test("BLAKE2s gives the digest of RFC 7693's example")
  func blake2s() {
    #expect(
      Hexadecimal.text(BLAKE2s.hash(Array("abc".utf8)))
        == "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982")
  }

  @Test("bytes survive their hexadecimal text, and other text is refused")
  func hexadecimal() {
    let bytes = (0...255).map { UInt8($0) }
    #expect(Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes)
    #expect(Hexadecimal.bytes("AbfF") == [0xab, 0xff])
    #expect(Hexadecimal.bytes("") == [])
    for text in ["a", "0g", "é0", " 00", "0x00"] { #expect(Hexadecimal.bytes(text) == nil) }
  }
}
