import Gossip
import ParticipantTesting
import Participants
import Testing

/// The texts that a peer originates, takes, passes on and remembers.
@Suite struct GossipTextTests {
  typealias Peer = GossipPeerTests

  @Test("a new neighbour gets the recent texts, oldest first, one for each acknowledgement")
  func catchUp() {
    var stage = Peer.peer(["liveness-interval": .duration(.seconds(3_600))])
    let source = Peer.neighbour(7_000, of: &stage)
    let texts = (1...4).map { Array("1795148528.5:127.0.0.1:7000:text \($0)".utf8) }
    stage.say(GossipWire.gossip(texts[0]), on: source)
    stage.wait(.seconds(70))
    for text in texts[1...] {
      stage.say(GossipWire.gossip(text), on: source)
      stage.wait(.seconds(1))
    }
    let late = Peer.neighbour(7_001, of: &stage)
    stage.wait(.seconds(1))
    for text in texts[1...] {
      #expect(stage.heard(on: late) == GossipWire.gossip(text))
      stage.say(GossipWire.acknowledgementFrame, on: late)
    }
    #expect(stage.heard(on: late).isEmpty, "the first is too old")
  }

  @Test("as many texts are remembered as allowed, the oldest is forgotten first")
  func forgetting() {
    var stage = Peer.peer(["max-remembered": .count(3), "catch-up-window": .duration(.zero)])
    let source = Peer.neighbour(7_000, of: &stage)
    for round in 0..<3 {
      for number in 0..<4 {
        let text = Array("1795148528.5:127.0.0.1:7000:text \(round) \(number)".utf8)
        for _ in 0..<2 { stage.say(GossipWire.gossip(text), on: source) }
      }
    }
    #expect(stage.logged(GossipEvents.gossipReceived).count == 12)
    for number in [1, 2, 3, 0] {
      let text = Array("1795148528.5:127.0.0.1:7000:text 2 \(number)".utf8)
      stage.say(GossipWire.gossip(text), on: source)
    }
    #expect(stage.logged(GossipEvents.gossipReceived).count == 13, "only the oldest is new again")
  }

  @Test("a neighbour is not sent back its own text, nor a peer its own, however often it comes")
  func noEcho() throws {
    var stage = Peer.peer(["gossip-count": .count(1)])
    let id = Peer.neighbour(7_000, of: &stage)
    stage.wait(.seconds(1))
    let own = stage.heard(on: id)
    #expect(own.starts(with: GossipWire.gossipPrefix))
    stage.say(own, on: id)
    stage.say(GossipWire.gossip(Array("1.5:127.0.0.1:7000:hello".utf8)), on: id)
    #expect(
      stage.heard(on: id) == GossipWire.acknowledgementFrame + GossipWire.acknowledgementFrame)
    #expect(stage.logged(GossipEvents.gossipReceived).count == 1)
  }

  @Test("a peer originates as many texts as it is told to, while it has a link, in its own words")
  func ownTexts() throws {
    for (words, pattern) in [("unique", 26), ("original", 9)] {
      var stage = Peer.peer([
        "gossip-count": .count(3), "texts": .choice(words),
        "liveness-interval": .duration(.seconds(3_600)),
      ])
      let first = Peer.neighbour(7_000, of: &stage)
      stage.wait(.seconds(1))
      #expect(stage.logged(GossipEvents.gossipSent).count == 1)
      stage.handle(.closed(first, .ended))
      stage.handle(.closed(try #require(stage.dial(to: Peer.at(7_000))), .failed))
      stage.wait(.seconds(20))
      #expect(stage.logged(GossipEvents.gossipSent).count == 1, "nobody would hear it")
      _ = Peer.neighbour(7_000, of: &stage)
      stage.wait(.seconds(60))
      let sent = stage.logged(GossipEvents.gossipSent).compactMap { event -> Substring? in
        guard case .text(let message)? = event["message"] else { return nil }
        return message.split(separator: ":", maxSplits: 3).last
      }
      #expect(sent.count == 3)
      for (number, text) in zip(1...3, sent) {
        #expect(text.hasPrefix("message \(number)"))
        #expect(text.utf8.count == pattern)
      }
      #expect(Set(sent).count == 3)
    }
  }
}
