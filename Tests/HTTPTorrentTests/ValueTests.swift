import Foundation
import HTTPTorrent
import Hashing
import Participants
import Testing
import Wire

/// The texts that bytes and owners travel in.
@Suite struct ValueTests {
  @Test("base64 is what others make of it, and is taken back")
  func base64() {
    var random = SeededGenerator(seed: 1)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var text: [UInt8] = [7]
      Base64.append(bytes, to: &text)
      let encoded = String(decoding: text.dropFirst(), as: UTF8.self)
      #expect(encoded == Data(bytes).base64EncodedString())
      #expect(encoded.utf8.count == Base64.length(of: length))
      #expect(Base64.bytes(encoded) == bytes)
    }
  }

  @Test(
    "what is no base64 is refused",
    arguments: ["A", "AA", "AAA", "AA=A", "A===", "====", "AB==", "AAB=", "AA\n=", "AAAÿ", "-_-_"])
  func notBase64(text: String) {
    #expect(Base64.bytes(text) == nil)
  }

  /// As captured on the wire of the original.
  static let captured = #"{"type": "json", "data": "\"[\\\"127.0.0.1:54885\\\"]\""}"#

  @Test("a list of owners is wrapped as the original wraps it")
  func owners() throws {
    var list = ProviderList()
    list.add(Address(host: "127.0.0.1", port: 54_885))
    #expect(list.value == .text(Self.captured))
    #expect(ProviderList(.text(Self.captured)) == list)
    let spaced = #" {"data":"\"[ \\\"127.0.0.1:54885\\\" , \\\"nonsense\\\"]\"" , "type":"json"}"#
    #expect(ProviderList(.text(spaced)) == list)
  }

  @Test("lists are merged: each owner once, the newest kept")
  func merging() throws {
    func list(_ ports: ClosedRange<UInt16>) -> ProviderList {
      var list = ProviderList()
      for port in ports { list.add(Address(host: "127.0.0.1", port: port)) }
      return list
    }
    var merged = list(1...3)
    merged.merge(list(2...5))
    #expect(merged.owners.map(\.port) == [1, 2, 3, 4, 5])
    merged.add(Address(host: "127.0.0.1", port: 2))
    #expect(merged.owners.map(\.port) == [1, 3, 4, 5, 2])
    let full = list(1...UInt16(ProviderList.most + 9))
    #expect(full.owners.count == ProviderList.most)
    #expect(full.owners.last?.port == UInt16(ProviderList.most + 9))
    #expect(ProviderList(full.value) == full)
  }

  @Test(
    "pickled values, and what is no list, are refused",
    arguments: [
      #"{"type": "pickle", "data": "gASVGwAAAAAAAABdlIwVMTI3LjAuMC4xOjU0ODg1lGEu"}"#,
      #"{"type": "json"}"#, #"{"type": "json", "data": "[\"127.0.0.1:1\"]"}"#,
      #"{"type": "json", "data": "\"[1]\""}"#, #"["127.0.0.1:1"]"#, "", "null",
    ])
  func refused(text: String) {
    #expect(ProviderList(.text(text)) == nil)
  }
}
