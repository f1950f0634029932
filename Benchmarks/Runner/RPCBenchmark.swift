import BenchmarkReferences
import Foundation
import HyperDHT
import LiveDriver
import Participants

/// How many remote procedure calls a HyperDHT node makes: pings of a real `seedbed-node`, against two
/// plain C programs that send datagrams of the same size to and fro.
enum RPCBenchmark: Benchmark {
  static let name = "rpc"
  static let summary = "round trips of one HyperDHT node, \(atOnce) under way at once"

  private static let atOnce = 64
  private static let seconds = 3
  private static let rounds = 5
  /// Of a ping with an ID.
  private static let bytes = 43
  private static let patience = Duration.seconds(30)

  static func run() throws -> [Measurement] {
    var plain: [Double] = []
    var pings: [Double] = []
    for round in 1...rounds {
      announce("\(name): round \(round) of \(rounds)")
      let rate = echo_round_trips(CInt(atOnce), bytes, Double(seconds))
      guard rate > 0 else { throw BenchmarkError.system(CInt(-rate), "the C pair failed") }
      plain.append(rate)
      pings.append(try withTemporaryFolder(ping))
      say("\(name): round \(round): \(Int(pings[round - 1]))/s; the C pair \(Int(rate))/s")
    }
    return [
      Measurement(
        subject: "pings, node to node", value: median(pings), unit: "/s",
        comparisons: [
          Measurement.Comparison(
            with: "a C pair on libuv", ratio: median(zip(pings, plain).map { $0 / $1 }),
            target: .atLeast(0.6))
        ]),
      Measurement(subject: "a C pair on libuv", value: median(plain), unit: "/s"),
    ]
  }

  /// Pings of a node in a process of its own, answered per second.
  private static func ping(in folder: String) throws -> Double {
    let log = "\(folder)/node.ndjson"
    let node = try Program(
      [
        Program.beside("seedbed-node"), "hyperdht-bootstrap", "--listen", "127.0.0.1:0", "--log",
        log,
      ], output: "\(folder)/node.out")
    defer { node.end() }
    let answered = Tally()
    let driver = try LiveDriver(
      Asker(of: try address(in: folder), counting: answered),
      identity: LiveDriver.Identity(role: "asker", version: "", options: OptionValues([])),
      random: SeededGenerator(seed: 1), log: EventLog(path: "\(folder)/asker.ndjson"))
    let own = try driver.listen(on: Address(host: "127.0.0.1", port: 0), transports: .datagram)
    try driver.run(at: own)
    return Double(answered.count) / Double(seconds)
  }

  private static func address(in folder: String) throws -> Address {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      let ready = try SeedbedRun.lines(of: "node", in: folder).first?.address
      if let address = ready.flatMap({ Address(parsing: $0) }) { return address }
      Thread.sleep(forTimeInterval: 0.01)
    }
    throw BenchmarkError(description: "the node does not say where it listens; see \(folder)")
  }

  private final class Tally {
    var count = 0
  }

  /// Keeps so many pings of one node under way.
  private struct Asker: Participant {
    private enum Timer: UInt8, TimerPurpose {
      case end
    }

    private let node: Address
    private let answered: Tally
    private var rpc = DHTRPC(
      settings: DHTRPC.Settings(), bootstrap: [],
      secret: [UInt8](repeating: 1, count: ParticipantSettings.secretSize))

    init(of node: Address, counting answered: Tally) {
      self.node = node
      self.answered = answered
    }

    mutating func handle(_ input: Input, _ turn: inout Turn) {
      switch input {
      case .started:
        rpc.start(&turn)
        turn.setTimer(Timer.end, at: turn.now + .seconds(Int64(seconds)))
        for _ in 0..<atOnce { _ = rpc.ping(node, &turn) }
      case .datagram(let address, let bytes):
        _ = try? rpc.receive(bytes, from: address, &turn)
      case .timer(let key):
        rpc.fire(key, &turn)
        if Timer(key) == .end { turn.finish() }
      case .accepted, .connected, .received, .closed, .drained, .file, .stopping:
        break
      }
      for outcome in rpc.takeOutcomes() {
        switch outcome {
        case .pinged:
          answered.count += 1
          _ = rpc.ping(node, &turn)
        case .silent:
          _ = rpc.ping(node, &turn)
        case .joined, .value, .introduced, .stranger, .finished:
          break
        }
      }
    }
  }
}
