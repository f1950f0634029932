import Faults
import KPTP
import ParticipantTesting
import Participants
import Testing
import Topology

/// Whole kPTP networks in virtual time: what the network promises, under many seeds.
@Suite("A kPTP network") struct NetworkTests {
  @Test("every bucket gets the closest peer that belongs into it", arguments: 0..<8)
  func converges(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed, peers: 40, lasting: .seconds(8))
    #expect(network.ids.count == 40)
    #expect(network.faults() == [])
  }

  @Test("wider buckets hold the closest too, though messages cannot list all", arguments: 0..<3)
  func wideBuckets(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, peers: 60, options: ["bucket-size": "8"], lasting: .seconds(8))
    #expect(network.faults() == [])
    #expect(network.tables.values.contains { $0.count > KPTPMessage.mostPeers })
  }

  @Test(
    "a third that dies at once leaves every table, and the rest find one another", arguments: 0..<8)
  func massacre(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "victims")
    let gone = Set((1...45).map { "peer-\($0)" }.shuffled(using: &random).prefix(15))
    let network = SimulatedNetwork(
      seed: seed, peers: 45,
      faults: gone.sorted().map { Fault(.kill, $0, at: .seconds(5)) },
      lasting: .seconds(15))
    #expect(network.faults(gone: gone) == [])
  }

  @Test("both parts of a network grow together again after a partition", arguments: 0..<5)
  func partitionsHeal(seed: UInt64) {
    let (inside, outside) = ((2...8).map { "peer-\($0)" }, (9...24).map { "peer-\($0)" })
    let cut = Fault(
      id: 1, action: .partition, between: inside, and: outside + ["peer-1"], at: .seconds(4),
      lasting: .seconds(6))
    let network = SimulatedNetwork(seed: seed, peers: 24, faults: [cut], lasting: .seconds(30))
    let removals = network.logged(KPTPEvents.entryRemoved)
    #expect(removals.contains { $0.at < .seconds(10) })
    #expect(network.faults() == [])
  }

  @Test(
    "the first peer is found again when it starts anew, though it knows nobody", arguments: 0..<5)
  func firstRestarts(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, peers: 12,
      faults: [
        Fault(.kill, "peer-1", at: .seconds(4)),
        Fault(.restart, "peer-1", at: .seconds(8)),
      ], lasting: .seconds(25))
    #expect(network.faults() == [])
    #expect(!(network.tables["peer-1"] ?? []).isEmpty)
  }

  @Test(
    "a peer frozen for less than the patience is not removed, for longer it is", arguments: 0..<4)
  func freezes(seed: UInt64) {
    for (lasting, isRemoved) in [(Microseconds.milliseconds(900), false), (.seconds(4), true)] {
      let pause = Fault(.pause, "peer-5", at: .seconds(5), lasting: lasting)
      let network = SimulatedNetwork(seed: seed, peers: 12, faults: [pause], lasting: .seconds(15))
      let removals = network.logged(KPTPEvents.entryRemoved)
      #expect(removals.allSatisfy { network.name($0.event.peer) == "peer-5" })
      #expect(removals.isEmpty != isRemoved)
      #expect(network.faults() == [], "it is back in every table")
    }
  }

  @Test(
    "values are found by whoever wants them, though a third of their keepers dies", arguments: 0..<4
  )
  func values(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, peers: 24,
      options: ["put-count": "2", "get-count": "100", "value-interval": "1s"],
      faults: (2...9).map { Fault(.kill, "peer-\($0)", at: .seconds(8)) },
      lasting: .seconds(20))
    let found = network.logged(KPTPEvents.valueFound)
    #expect(found.count > 150)
    #expect(found.allSatisfy { $0.event["intact"] == .flag(true) })
    let missed = network.logged(KPTPEvents.valueMissing).map(\.at)
    #expect(missed.allSatisfy { $0 < .seconds(3) || (.seconds(8)...(.seconds(12))).contains($0) })
  }

  @Test("heartbeats alone lead to the closest peers, without looking up", arguments: 0..<3)
  func heartbeatsAlone(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, peers: 20, options: ["hello-retries": "0", "lookup-steps": "1"],
      lasting: .seconds(10))
    #expect(network.faults() == [])
  }

  @Test("the same seed gives the same events, another seed others")
  func determinism() {
    func digest(_ seed: UInt64) -> String {
      let kill = Fault(.kill, "peer-5", at: .seconds(3))
      return SimulatedNetwork(seed: seed, peers: 10, faults: [kill], lasting: .seconds(6)).digest
    }
    #expect(digest(7) == digest(7))
    #expect(digest(7) != digest(8))
  }

  @Test("every event has a documented kind and only documented fields")
  func documentedEvents() throws {
    let network = SimulatedNetwork(
      seed: 3, peers: 12, options: ["put-count": "1", "get-count": "9", "value-interval": "1s"],
      faults: [
        Fault(.kill, "peer-2", at: .seconds(4)),
        Fault(.pause, "peer-3", at: .seconds(4)),
      ], lasting: .seconds(10))
    let told = network.described(by: KPTPEvents.all + CommonEvents.all)
    #expect(told.count > 1_000)
    #expect(Set(told.map(\.event.kind)).count >= 18)
    for (event, kind) in told {
      let kind = try #require(kind, "\(event.kind) is not documented")
      #expect((event.peer != nil) == (kind.peer != nil) || event.kind == "lookup.ended")
      let (found, documented) = (Set(event.fields.map(\.name)), Set(kind.fields.map(\.name)))
      // A tally's field is absent where it was once.
      #expect(found == documented || found == documented.subtracting(["times"]), "\(event.kind)")
    }
  }
}
