package import Participants
import Wire

extension Network {
  package static let kademlia = Network(
    name: "kademlia", roles: { KademliaRoles.all }, kinds: { KademliaEvents.all },
    samples: { KademliaSamples.all })
}

private enum KademliaSamples {
  static let all = NetworkSamples(
    messages: datagrams,
    options: ["bootstrap": .addresses([NetworkSamples.stranger.description])],
    targets: [rpcudp, messagePack])

  private static let value = MessagePack.map([
    MessagePack.Member(.text("value"), .text(#"{"type": "json", "data": "\"[]\""}"#)),
    MessagePack.Member(.integer(-70_000), .array([.null, .flag(true), .double(1.5)])),
    MessagePack.Member(.binary([1, 2]), .unsigned(.max)),
  ])

  private static let datagrams: [[UInt8]] = {
    let address = NetworkSamples.stranger
    var random = SeededGenerator(seed: 1)
    let (id, key) = (NodeID.random(using: &random), NodeID.random(using: &random))
    let calls: [RPCCall] = [
      .ping(sender: id), .findNode(sender: id, key: key), .findValue(sender: id, key: key),
      .store(sender: id, key: key, value: .text("x")),
    ]
    let results: [RPCResult] = [
      .other(.binary(id.bytes)), .other(.flag(true)), .value(value),
      .contacts([NamedContact(id: id, address: address), NamedContact(id: key, address: address)]),
    ]
    return calls.map { RPCMessage.request(key, $0).encoded }
      + results.map { RPCMessage.response(key, $0).encoded }
  }()

  /// What was read is written so that it is read again.
  private static let rpcudp = FuzzTarget("rpcudp", samples: datagrams) { input, _ in
    guard let bytes = try? RPCMessage(decoding: input).encoded else { return }
    let again = try? RPCMessage(decoding: bytes).encoded
    // A number of four bytes is written in eight: the datagram may be too long then.
    precondition(again == bytes || bytes.count > RPCMessage.longest)
  }

  private static let messagePack = FuzzTarget("messagepack", samples: [value.encoded]) {
    input, _ in
    let limits = MessagePack.Limits(depth: 8, values: 1_024)
    guard let bytes = try? MessagePack(decoding: input, limits: limits).encoded else { return }
    precondition((try? MessagePack(decoding: bytes, limits: limits).encoded) == bytes)
  }
}
