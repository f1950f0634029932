import Foundation
import History
import Messages
import Networks
import Participants
import Simulator
import Topology

/// How fast a gossip network runs in virtual time, what its history costs, and how the cost grows
/// with the network. In processor time, of one thread: what else the machine does matters less.
enum SimulationBenchmark: Benchmark {
  static let name = "simulation"
  static let summary = "\(peers) gossip peers for \(virtualSeconds) virtual seconds"

  private static let peers = 1_000
  private static let sizes = [100, 1_000, 10_000]
  private static let virtualSeconds = 60
  private static let rounds = 3

  /// Takes events and keeps none.
  private final class Nowhere: EventSink {
    func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {}
  }

  static func run() throws -> [Measurement] {
    var speed: [Double] = []
    var rate: [Double] = []
    var recorded: [Double] = []
    var ceiling: [Double] = []
    var addition: [Double] = []
    for round in 1...rounds {
      announce("\(name): round \(round) of \(rounds)")
      // As few texts as 'seedbed spawn' has, and as many as keep the network busy.
      let quiet = try plan(speakers: 20, texts: 3)
      speed.append(
        Double(virtualSeconds) / processorSeconds { _ = simulate(quiet, into: Nowhere()) })
      let busy = try plan(speakers: 20, texts: 50)
      var outcome: Simulation.Outcome?
      let alone = processorSeconds { outcome = simulate(busy, into: Nowhere()) }
      let (lines, happenings) = (Double(outcome?.lines ?? 0), Double(outcome?.happenings ?? 0))
      rate.append(happenings / alone)
      let (both, collecting) = try withTemporaryFolder { try record(busy, in: $0) }
      recorded.append(lines / both)
      ceiling.append(lines / collecting)
      addition.append((alone + collecting) / both)
      say("\(name): round \(round): \(Int(rate[round - 1])) happenings/s")
    }
    return [
      Measurement(
        subject: "virtual to processor time, few texts", value: median(speed), unit: "times",
        target: .atLeast(50)),
      Measurement(
        subject: "without history, busy", value: median(rate), unit: "happenings/s",
        target: .atLeast(1_000_000)),
      Measurement(
        subject: "with history, busy", value: median(recorded), unit: "events/s",
        comparisons: [
          .init(
            with: "the collector alone", ratio: median(recorded) / median(ceiling),
            target: .atLeast(0.5)),
          .init(
            with: "simulating, then collecting, each alone", ratio: median(addition), target: nil),
        ]),
    ] + (try sizes.map(cost))
  }

  /// What a happening costs in a network of so many peers, with few texts.
  private static func cost(peers: Int) throws -> Measurement {
    announce("\(name): \(peers) peers")
    let plan = try plan(peers: peers, speakers: 10, texts: 2)
    var happenings = 0
    let took = processorSeconds { happenings = simulate(plan, into: Nowhere()).happenings }
    return Measurement(
      subject: "a happening among \(peers) peers", value: took / Double(happenings) * 1e6,
      unit: "µs")
  }

  private static func plan(
    peers: Int = peers, speakers: Int, texts: Int
  ) throws -> Plan {
    let text = """
      network: gossip
      groups:
        seed: { count: 5, options: { max-listed: 64 } }
        peer:
          count: \(peers)
          after: seed
          options: { gossip-count: 0 }
          variants: [{ count: \(speakers), options: { gossip-count: \(texts), gossip-interval: 1s } }]
      stop: { at: \(virtualSeconds)s }
      """
    let topology = try Topology(
      TopologyFile(path: "benchmark", text: text), overrides: [], roles: Networks.roles, checks: nil
    )
    return topology.plan(seed: 1)
  }

  private static func simulate(_ plan: Plan, into sink: any EventSink) -> Simulation.Outcome {
    Simulation(plan: plan, roles: Networks.roles, version: Version.current, sink: sink).run()
  }

  /// The seconds it takes to simulate into logs and collect them, and to collect them alone.
  private static func record(_ plan: Plan, in folder: String) throws -> (Double, Double) {
    let manifest = RunManifest(
      name: "20260101-000000-gossip-0000", network: plan.network, driver: "simulated",
      topology: "benchmark", version: Version.current,
      launched: Microseconds(Simulation.launch.microseconds), plan: plan)
    let run = "\(folder)/\(manifest.name)"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(run)/plan.json"))
    let both = try processorSeconds {
      let logs = LogFiles(folder: run)
      _ = simulate(plan, into: logs)
      logs.flush()
      try collect(run, into: "\(folder)/first.sqlite")
    }
    return (both, try processorSeconds { try collect(run, into: "\(folder)/second.sqlite") })
  }

  private static func collect(_ run: String, into history: String) throws {
    var collector = try Collector(folder: RunFolder(run), history: history)
    _ = try collector.finish()
  }
}
