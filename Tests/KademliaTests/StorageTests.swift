import Kademlia
import Participants
import Testing
import Wire

@Suite struct StorageTests {
  private static let start = Instant(microseconds: 1_000_000_000)
  private static let sender = Address(host: "10.0.0.1", port: 4_000)
  private static let other = Address(host: "10.0.0.2", port: 4_000)

  private static func key(_ number: UInt8) -> NodeID {
    NodeID([number] + [UInt8](repeating: 0, count: 19)) ?? .zero
  }

  private static func storage(keys: Int = 3, perPeer: Int = 2, bytes: Int = 100) -> Storage {
    Storage(limits: Storage.Limits(keys: keys, keysPerPeer: perPeer, valueBytes: bytes))
  }

  @Test("a value is held, held still, and replaced")
  func storing() {
    var storage = Self.storage()
    #expect(storage.store(.integer(1), for: Self.key(1), from: Self.sender, at: Self.start) == .new)
    #expect(
      storage.store(.integer(1), for: Self.key(1), from: Self.other, at: Self.start) == .known)
    #expect(storage.store(.integer(2), for: Self.key(1), from: Self.other, at: Self.start) == .new)
    #expect(storage[Self.key(1)] == .integer(2))
    #expect(storage.count == 1)
  }

  @Test("keys, keys of one sender and bytes have limits; replacing is always possible")
  func limits() {
    var storage = Self.storage()
    func store(_ key: UInt8, _ sender: Address?) -> Storage.Outcome {
      storage.store(.integer(1), for: Self.key(key), from: sender, at: Self.start)
    }
    #expect(store(1, Self.sender) == .new)
    #expect(store(2, Self.sender) == .new)
    #expect(store(3, Self.sender) == .refused(reason: "too many of one sender"))
    #expect(store(2, Self.sender) == .known)
    #expect(store(3, Self.other) == .new)
    #expect(store(4, Self.other) == .refused(reason: "full"))
    #expect(store(4, nil) == .new)
    let long = MessagePack.binary([UInt8](repeating: 0, count: 99))
    #expect(
      storage.store(long, for: Self.key(1), from: Self.sender, at: Self.start)
        == .refused(reason: "too long"))
    // What has expired makes room.
    #expect(storage.expire(storedBefore: Self.start).count == 4)
    #expect(store(1, Self.sender) == .new)
    #expect(store(2, Self.sender) == .new)
  }

  @Test(
    "only numbers, flags, texts and bytes are values",
    arguments: [.null, .array([]), .map([])] as [MessagePack])
  func kinds(value: MessagePack) {
    var storage = Self.storage()
    #expect(
      storage.store(value, for: Self.key(1), from: nil, at: Self.start)
        == .refused(reason: "not a number, a flag, a text or bytes"))
    #expect(storage.count == 0)
  }

  @Test("a value that was stored again lives longer, and is published again when it is due")
  func time() {
    var storage = Self.storage()
    for key in [2, 1] as [UInt8] {
      _ = storage.store(.integer(1), for: Self.key(key), from: Self.sender, at: Self.start)
    }
    let later = Self.start + .seconds(10)
    _ = storage.store(.integer(1), for: Self.key(2), from: Self.other, at: later)
    #expect(storage.takeDue(publishedBefore: Self.start, at: later) == [Self.key(1)])
    #expect(storage.takeDue(publishedBefore: Self.start, at: later).isEmpty)
    #expect(
      storage.takeDue(publishedBefore: later, at: later + .seconds(1))
        == [Self.key(1), Self.key(2)])
    // Publishing it elsewhere does not make it live longer here.
    #expect(storage.expire(storedBefore: Self.start).map(\.key) == [Self.key(1)])
    #expect(storage.expire(storedBefore: later).map(\.value) == [.integer(1)])
    #expect(storage.count == 0)
  }

  @Test(
    "a value that says it is pickled is refused, however it is spaced",
    arguments: [
      (#"{"type": "pickle", "data": "gASV"}"#, true), (#"{"data":1,"type":"pickle"}"#, true),
      ("{\"type\"\t:\n\"pickle\"}", true), (#"{"type": "json", "type" : "pickle"}"#, true),
      (#"{"type": "json", "data": "\"[]\""}"#, false),
      (#"{"type": "json", "data": "{\"type\": \"pickle\"}"}"#, false),
      (#"{"type": "pickles"}"#, false), ("\"type\"", false), ("\"type\":", false),
      ("pickle", false), ("", false),
    ])
  func pickled(text: String, isPickled: Bool) {
    #expect(DHTValue.isPickled(.text(text)) == isPickled)
    var storage = Self.storage()
    let outcome = storage.store(.text(text), for: Self.key(1), from: Self.sender, at: Self.start)
    #expect((outcome == .refused(reason: "pickled")) == isPickled)
  }
}
