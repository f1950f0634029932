import Checks
import Exploration
import Faults
import Foundation
import HTTPTorrent
import Networks
import Participants
import Simulator
import Supervisor
import Testing
import Topology

/// Whole networks in virtual time, judged by the network's checks.
@Suite struct TorrentNetworkTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The verdicts on a topology of the repository by the checks that it names: `NAME: VERDICT`.
  private func verdicts(
    _ name: String, seed: UInt64, set overrides: [String] = []
  ) throws -> [String] {
    let file = Self.root.appending(path: "topologies/\(name).yaml")
    let topology = try Topology(
      TopologyFile(path: file.path, text: String(contentsOf: file, encoding: .utf8)),
      overrides: overrides, roles: Networks.roles, checks: nil)
    let plan = topology.plan(seed: seed)
    let checks = try CheckLibrary()
      .checks(plan.checks, network: "torrent")
    let trial = try Laboratory(roles: Networks.roles, checks: checks).examine(plan)
    #expect(trial.conclusion.outcome == .completed)
    return trial.judgements.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test(
    "every topology keeps its promises, whatever the seed",
    arguments: [
      "torrent", "torrent-tracker-killed", "torrent-seeder-killed", "torrent-dht-only",
      "torrent-corrupter", "torrent-flash-crowd",
    ], [2, 3])
  func keepsItsPromises(topology: String, seed: UInt64) throws {
    let verdicts = try verdicts(topology, seed: seed)
    #expect(verdicts.allSatisfy { $0.hasSuffix(": pass") } && verdicts.count > 1, "\(verdicts)")
  }

  @Test(
    "a network that breaks one promise fails that check alone",
    arguments: [
      ("torrent", ["seeder.options.announce=nowhere"], "every-download-completes"),
      ("torrent-corrupter", ["client.options.verify=false"], "downloaded-bytes-match"),
      ("torrent", ["tracker.options.forgets=false"], "the-dead-leave-the-tracker"),
      ("torrent", ["tracker.options.ping-timeout=3ms"], "only-the-dead-leave-the-tracker"),
      ("torrent-seeder-killed", ["client.options.announce=nowhere"], "what-is-held-spreads"),
      (
        "torrent-dht-only",
        ["client.options.announce=tracker", "seeder.options.announce=tracker"],
        "the-dht-carries-on-without-the-tracker"
      ),
    ])
  func breaksOne(topology: String, changes: [String], check: String) throws {
    let verdicts = try verdicts(topology, seed: 1, set: changes.map { "groups.\($0)" })
    #expect(verdicts.filter { !$0.hasSuffix(": pass") } == ["\(check): fail"])
  }

  @Test("where nothing died and nothing was fetched, nothing is judged")
  func nothingGiven() throws {
    let verdicts = try verdicts(
      "torrent", seed: 1, set: ["stop.at=5s", "faults=[]", "groups.seeder.options.complete=false"])
    #expect(
      verdicts == [
        "every-download-completes: notAsked", "downloaded-bytes-match: notAsked",
        "the-dead-leave-the-tracker: notAsked", "only-the-dead-leave-the-tracker: pass",
      ])
  }

  // MARK: - Resuming

  /// What one client logged, life by life, and the bytes of what it fetched.
  private final class Diary: EventSink {
    var lives: [(held: Int64, received: Int)] = []
    var isIntact: Bool?
    private var due: Event.Value?

    func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
      guard node == "client-1" else { return }
      switch event.kind {
      case TorrentEvents.downloadStarted.name:
        due = event["hash"]
        if case .integer(let held) = event["held"] { lives.append((held, 0)) }
      case TorrentEvents.chunkReceived.name: lives[lives.count - 1].received += 1
      case TorrentEvents.downloadCompleted.name: isIntact = event["hash"] == due
      default: break
      }
    }
  }

  @Test("a client that is killed at any moment goes on with what is on its disk")
  func resumes() {
    var random = SeededGenerator(seed: 11)
    var resumed = 0
    for _ in 0..<20 {
      let moment = Microseconds(Int64.random(in: 0...4_000_000, using: &random))
      let shared = ["size": "1048576", "chunk-timeout": "2s", "avoid-for": "1s"]
      let nodes = [
        PlannedNode(name: "tracker-1", group: "tracker", role: "torrent-tracker"),
        PlannedNode(
          name: "seeder-1", group: "seeder", role: "torrent-client",
          options: shared.merging(["complete": "true"]) { $1 },
          addresses: ["tracker": ["tracker-1"]]),
        PlannedNode(
          name: "client-1", group: "client", role: "torrent-client",
          options: shared.merging(["pace": "50ms"]) { $1 },
          addresses: ["tracker": ["tracker-1"]]),
      ]
      let plan = Plan(
        network: "torrent", seed: random.next(), nodes: nodes,
        faults: [
          Fault(id: 1, action: .kill, node: "client-1", at: moment),
          Fault(id: 2, action: .restart, node: "client-1", at: moment + .milliseconds(200)),
        ], stopAt: .seconds(15))
      let diary = Diary()
      _ = Simulation(plan: plan, roles: TorrentRoles.all, version: "test", sink: diary).run()
      #expect(diary.isIntact == true, "killed after \(moment)")
      #expect(diary.lives.count == 2)
      guard diary.lives.count == 2 else { continue }
      let (first, second) = (diary.lives[0], diary.lives[1])
      // What was said to be there is there; one may be written and not said yet.
      #expect((first.received...first.received + 1).contains(Int(second.held)))
      #expect(Int(second.held) + second.received == 64)
      if second.held > 0, second.held < 64 { resumed += 1 }
    }
    #expect(resumed > 10, "most of them were in the middle")
  }
}
