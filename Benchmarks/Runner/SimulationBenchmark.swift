import Arguments
import Foundation
import History
import Networks
import Participants
import Simulator
import Topology

/// How fast a gossip network runs in virtual time, and what its history costs.
enum SimulationBenchmark: Benchmark {
  static let name = "simulation"
  static let summary = "\(peers) gossip peers for \(virtualSeconds) virtual seconds"

  private static let peers = 1_000
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
    for round in 1...rounds {
      announce("\(name): round \(round) of \(rounds)")
      // As few texts as 'seedbed spawn' has, and as many as keep the network busy.
      let quiet = try plan(speakers: 20, texts: 3)
      speed.append(Double(virtualSeconds) / seconds { _ = simulate(quiet, into: Nowhere()) })
      let busy = try plan(speakers: 20, texts: 50)
      var happenings = 0
      let took = seconds { happenings = simulate(busy, into: Nowhere()).happenings }
      rate.append(Double(happenings) / took)
      let (withHistory, collecting) = try withTemporaryFolder { try record(busy, in: $0) }
      recorded.append(withHistory)
      ceiling.append(collecting)
      say("\(name): round \(round): \(Int(rate[round - 1])) happenings/s")
    }
    return [
      Measurement(
        subject: "virtual to real time, few texts", value: median(speed), unit: "times",
        target: .atLeast(50)),
      Measurement(
        subject: "without history, busy", value: median(rate), unit: "happenings/s",
        target: .atLeast(1_000_000)),
      Measurement(
        subject: "with history, busy", value: median(recorded), unit: "events/s",
        comparisons: [
          .init(
            with: "the collector alone", ratio: median(recorded) / median(ceiling),
            target: .atLeast(0.5))
        ]),
    ]
  }

  private static func plan(speakers: Int, texts: Int) throws -> Plan {
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

  /// Events per second: simulated into logs and collected, and collected alone.
  private static func record(_ plan: Plan, in folder: String) throws -> (Double, Double) {
    let manifest = RunManifest(
      name: "20260101-000000-gossip-0000", network: plan.network, driver: "simulated",
      topology: "benchmark", version: Version.current,
      launched: Microseconds(Simulation.launch.microseconds), plan: plan)
    let run = "\(folder)/\(manifest.name)"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(run)/plan.json"))
    var lines = 0
    let both = try seconds {
      let logs = LogFiles(folder: run)
      lines = simulate(plan, into: logs).lines
      logs.flush()
      try collect(run, into: "\(folder)/first.sqlite")
    }
    let alone = try seconds { try collect(run, into: "\(folder)/second.sqlite") }
    return (Double(lines) / both, Double(lines) / alone)
  }

  private static func collect(_ run: String, into history: String) throws {
    var collector = try Collector(folder: RunFolder(run), history: history)
    _ = try collector.finish()
  }
}
