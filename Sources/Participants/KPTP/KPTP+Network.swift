package import Participants

extension Network {
  package static let kptp = Network(
    name: "kptp", roles: { KPTPRoles.all }, kinds: { KPTPEvents.all },
    samples: { KPTPSamples.all })
}

private enum KPTPSamples {
  static let all = NetworkSamples(
    messages: messages,
    options: ["bootstrap": .addresses([NetworkSamples.stranger.description])], targets: [reader])

  private static let messages: [[UInt8]] = {
    let peers = [Endpoint(ip: 0x7f00_0001, port: 4_101), Endpoint(ip: 0xc0a8_0a19, port: 5_001)]
    let payload = Payload(key: Array("127.0.0.1:4101/1".utf8), value: Array("a value".utf8))
    return (1...12).map { type in
      KPTPMessage(
        type: type, name: type < 9 ? Array("peer2".utf8) : payload.encoded,
        peers: type < 9 ? peers : []
      ).encoded
    }
  }()

  /// However a stream is cut, the reader says the same; and what it says is what was sent.
  private static let reader = FuzzTarget("kptp", samples: messages) { input, random in
    func read(_ parts: [[UInt8]]) -> ([KPTPMessage], isBroken: Bool) {
      var reader = KPTPReader()
      return (parts.flatMap { reader.read($0) }, reader.isBroken)
    }
    let (messages, isBroken) = read([input])
    let (others, isAlsoBroken) = read(FuzzTarget.cut(input, using: &random))
    precondition(messages == others && isBroken == isAlsoBroken)
    precondition(input.starts(with: messages.flatMap(\.encoded)))
    for message in messages { _ = Payload(message.name) }
  }
}
