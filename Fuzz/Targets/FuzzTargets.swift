import History
import JSONReading
import Networks
package import Participants
import Topology

/// Everything that takes bytes from outside.
package enum FuzzTargets {
  package static let all =
    [topology, eventLine, printedLine] + relay
    + Networks.all.flatMap { $0.samples().targets } + Networks.roles.map(node)

  // MARK: Files

  private static let topology = FuzzTarget(
    "topology",
    samples: [
      """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 8
          after: seed
          every: 20ms
          options: { liveness-interval: 1s, texts: unique, report-dead: true }
      faults:
        - { at: 4s, kill: { group: peer, count: 2 } }
        - { at: 5s, churn: { group: peer, every: 500ms, down-for: 2s }, for: 8s }
        - { at: 6s, partition: { split: { group: peer, count: 4 } }, for: 10s }
      stop: { at: 25s, within: 5s }
      checks: [dead-nodes-are-reported, ./own.sql]
      """,
      """
      network: pex
      network-model:
        latency: { uniform: [1ms, 20ms] }
        streams: { cut: random, stall: { rate: 0.001, for: 200ms }, reset-rate: 0.0005 }
        clock-skew: 20ms
      groups:
        owner: { role: peer, count: 1, options: { have: 75, gives: once } }
        peer: { count: 3, joins: 1s, options: { bootstrap: [owner, "[::1]:8100"], want: 75 } }
      faults: [{ at: 1s, restart: owner-1 }]
      stop: { at: 2s }
      """,
    ].map { Array($0.utf8) }
  ) { input, random in
    let file = TopologyFile(path: "fuzz.yaml", text: String(decoding: input, as: UTF8.self))
    if let topology = try? Topology(file, roles: Networks.roles, checks: nil) {
      // Only as many nodes as a plan is made of quickly.
      guard topology.groups.allSatisfy({ $0.count <= 1_000 }) else { return }
      _ = topology.plan(seed: random.next())
    }
  }

  private static let eventLine = FuzzTarget(
    "event-line",
    samples: [
      #"{"t":1795157021729376,"n":1,"kind":"node.ready","address":"127.0.0.1:1","x":[1,-2.5e3]}"#,
      #"{"t":1795157022734102,"n":9,"kind":"link.opened","peer":"[::1]:1","a":{"b":"\u00e9\n"}}"#,
    ].map { Array($0.utf8) }
  ) { input, _ in
    let line = try? EventLine(input.span)
    if let line { precondition(line.end <= input.count && line.kind.upperBound <= line.end) }
  }

  private static let printedLine = FuzzTarget(
    "printed-line",
    samples: [
      "1795157021.729376 got hello from 127.0.0.1:1 after 3", "got", "up at 127.0.0.1:7",
      #"{"kind":"door.opened","t":17,"peer":"a:1","wide":18446744073709551615,"w":"\u00e9"}"#,
    ].map { Array($0.utf8) }
  ) { input, _ in
    let program = Program(
      command: ["x"], ready: .log(#"^up at (?<address>\S+)"#),
      events: [
        Program.EventPattern(
          match: #"(?<time>[0-9.]+) got (?<what>.*) from (?<peer>.*) after (?<hops>.*)"#,
          kind: "text.received", numbers: ["hops"]),
        Program.EventPattern(match: "^(?:(?:[a-z0-9]+)*[ .]?)*$", kind: "text.costly"),
      ])
    guard let lines = try? PrintedLines(program) else { preconditionFailure("patterns") }
    let row = unsafe input.withUnsafeBytes { unsafe lines.row($0) }
    // What was made of it goes into SQL's JSON functions.
    let data = Array(row.data.utf8)
    guard (try? JSONScanner.validate(data.span)) != nil else { preconditionFailure(row.data) }
  }

  // MARK: Nodes

  /// The network of a role.
  static func samples(of role: Role) -> NetworkSamples {
    guard let network = Networks.all.first(where: { $0.name == role.network }) else {
      preconditionFailure("no network \(role.network) is registered")
    }
    return network.samples()
  }

  /// A whole node: what comes on connections of both directions, as datagrams, and the time between.
  private static func node(_ role: Role) -> FuzzTarget {
    FuzzTarget("node-\(role.fullName)", samples: samples(of: role).messages) { input, random in
      var node = FuzzedNode(role)
      for part in FuzzTarget.cut(input, using: &random) { node.take(part, using: &random) }
    }
  }
}
