package import Participants

extension Network {
  package static let gossip = Network(
    name: "gossip", roles: { GossipRoles.all }, kinds: { GossipEvents.all },
    samples: { GossipSamples.all })
}

private enum GossipSamples {
  static let all = NetworkSamples(
    messages: link + seed + answers, targets: [peerLink, seedLink, seedAnswer])

  private static let address = NetworkSamples.stranger

  private static let link = [
    GossipWire.handshake(address), GossipWire.busyFrame, GossipWire.acknowledgementFrame,
    GossipWire.gossip(Array("1795148528.851706:localhost:6002:message 1".utf8)),
    GossipWire.livenessRequest("1795148541.851722", from: address),
    GossipWire.livenessReply(to: "1795148541.851721", address, from: address),
  ]
  private static let seed = [
    GossipWire.register(address), GossipWire.listRequest,
    GossipWire.report(dead: address, at: Instant(microseconds: 1), by: address),
  ]
  private static let answers = [
    GossipWire.welcome(address), GossipWire.registered,
    GossipWire.listPrefix + GossipWire.listEntries([address, address]),
  ]

  private static let peerLink = FuzzTarget("gossip-peer-link", samples: link) { input, random in
    var reader = PeerLinkReader()
    for part in FuzzTarget.cut(input, using: &random) { _ = reader.read(part) }
  }

  private static let seedLink = FuzzTarget("gossip-seed-link", samples: seed) { input, random in
    var reader = SeedLinkReader()
    for part in FuzzTarget.cut(input, using: &random) { _ = reader.read(part) }
    _ = reader.settle()
  }

  private static let seedAnswer = FuzzTarget("gossip-seed-answer", samples: answers) {
    input, random in
    var reader = SeedAnswerReader()
    for part in FuzzTarget.cut(input, using: &random) {
      if reader.read(part) != nil { _ = reader.list() }
      if random.next() % 4 == 0 {
        reader.expect([.welcome, .registered, .list, .nothing][Int(random.next() % 4)])
      }
    }
  }
}
