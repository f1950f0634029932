import Foundation
import History
import Participants
import Topology

/// The logs of a gossip run as large as a benchmark wants it, the same every time.
struct EventLogs {
  let folder: String
  let nodes: [String]
  let lineCount: Int

  init(in parent: String, nodeCount: Int, linesPerNode: Int) throws {
    folder = "\(parent)/20261120-060000-gossip-0a1b"
    nodes = (1...nodeCount).map { "peer-\($0)" }
    lineCount = nodeCount * linesPerNode
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let plan = Plan(
      network: "gossip", seed: 1,
      nodes: nodes.map {
        PlannedNode(
          name: $0, group: "peer", role: "gossip-peer", options: [:], after: nil, delay: .zero,
          listen: nil)
      }, stopAt: .seconds(60))
    let manifest = RunManifest(
      name: "20261120-060000-gossip-0a1b", network: "gossip", driver: "live",
      topology: "gossip.yaml", version: "0", launched: Microseconds(Self.start), plan: plan)
    try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(folder)/plan.json"))
    for (index, node) in nodes.enumerated() {
      let log = Self.log(of: index, among: nodeCount, lines: linesPerNode)
      try Data(log).write(to: URL(filePath: file(of: node)))
    }
  }

  func file(of node: String) -> String { "\(folder)/\(node).ndjson" }

  private static let start: Int64 = 1_790_000_000_000_000

  /// A node's share of kinds: mostly gossip that arrives, some that leaves, and the rest.
  private static func log(of node: Int, among count: Int, lines: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(node))
    var time = Instant(microseconds: start)
    var bytes: [UInt8] = []
    for sequence in 1...lines {
      time = time + Microseconds(Int64.random(in: 100...20_000, using: &random))
      func address() -> Address {
        Address(host: "127.0.0.1", port: UInt16(32_768 + Int.random(in: 0..<count, using: &random)))
      }
      let peer = address()
      let origin = address()
      let moment = time.microseconds - Int64.random(in: 0...3_000_000, using: &random)
      let text = "message \(sequence % 10 + 1) from \(origin)"
      let message = "\(moment / 1_000_000).\(moment % 1_000_000):\(origin):\(text)"
      let event =
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<65: Event(received, peer: peer, ["message": message])
        case 65..<80: Event(sent, ["message": message])
        case 80..<86: Event(opened, peer: peer, ["direction": "dialled"])
        case 86..<92: Event(closed, peer: peer, ["reason": "reset"])
        case 92..<97: Event(missed, peer: peer, ["misses": 1])
        default: Event(reported, peer: peer, ["seed": origin.description])
        }
      event.appendLine(time: time, sequence: UInt64(sequence), to: &bytes)
    }
    return bytes
  }

  private static let received = EventKind("gossip.received", "")
  private static let sent = EventKind("gossip.sent", "")
  private static let opened = EventKind("link.opened", "")
  private static let closed = EventKind("link.closed", "")
  private static let missed = EventKind("liveness.missed", "")
  private static let reported = EventKind("dead.reported", "")
}
