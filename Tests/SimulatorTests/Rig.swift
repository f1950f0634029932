import Faults
import Participants
import Simulator
import Topology

/// A measuring network: senders that write streams and datagrams to one sink, which logs what came.
struct Rig {
  var plan: Plan

  init(
    senders: Int, seed: UInt64, model: NetworkModel = NetworkModel(), faults: [Fault] = [],
    startDelay: Microseconds = .zero, port: String = "any"
  ) {
    var nodes = [PlannedNode(name: "sink-1", group: "sink", role: "rig-sink")]
    nodes += (1...senders).map {
      PlannedNode(
        name: "sender-\($0)", group: "sender", role: "rig-sender",
        options: ["delay": startDelay.description, "port": port], addresses: ["sink": ["sink-1"]])
    }
    plan = Plan(
      network: "rig", seed: seed, nodes: nodes, faults: faults, stopAt: .seconds(200),
      networkModel: model)
  }

  func run() -> Recording {
    let recording = Recording()
    recording.outcomes = [
      Simulation(plan: plan, roles: [Sink.role, Sender.role], version: "test", sink: recording)
        .run()
    ]
    return recording
  }
}

final class Recording: EventSink {
  var events: [(event: Event, node: String, at: Instant)] = []
  var outcomes: [Simulation.Outcome] = []

  var outcome: Simulation.Outcome { outcomes[0] }

  func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
    events.append((event, node, at))
  }

  func logged(_ kind: String) -> [Event] { events.map(\.event).filter { $0.kind == kind } }

  func logged(_ kind: String, at: Bool) -> [Instant] {
    events.filter { $0.event.kind == kind }.map(\.at)
  }

  /// Of every datagram that arrived, in microseconds, ascending.
  var delays: [Int64] {
    logged("rig.datagram").compactMap {
      guard case .integer(let delay) = $0["delay"] else { return nil }
      return delay
    }.sorted()
  }
}

/// Takes streams and datagrams and says what came.
private struct Sink: Participant {
  static let heard = EventKind("rig.heard", "A stream ended.")
  static let datagram = EventKind("rig.datagram", "A datagram came.")
  static let accepted = EventKind("rig.accepted", "Somebody connected.")
  static let role = Role(
    network: "rig", name: "sink", summary: "takes", options: [], transports: .stream,
    seedList: .unused, make: { _ in Sink() })

  private struct Stream {
    var bytes = 0
    /// The longest that came at once, in bytes.
    var longest = 0
    var isIntact = true
    var since: Instant
  }

  private var streams: [ConnectionID: Stream] = [:]

  mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .accepted(let id, let from):
      turn.log(Self.accepted, peer: from)
      streams[id] = Stream(since: turn.now)
    case .received(let id, let bytes):
      guard var stream = streams[id] else { return }
      for byte in bytes {
        if byte != Sender.byte(at: stream.bytes) { stream.isIntact = false }
        stream.bytes += 1
      }
      stream.longest = max(stream.longest, bytes.count)
      streams[id] = stream
    case .closed(let id, _):
      guard let stream = streams.removeValue(forKey: id) else { return }
      turn.log(
        Self.heard,
        [
          "bytes": stream.bytes, "intact": stream.isIntact, "longest": stream.longest,
          "took": turn.now - stream.since,
        ])
    case .datagram(_, let bytes):
      let sent = bytes.reduce(Int64(0)) { $0 << 8 | Int64($1) }
      turn.log(Self.datagram, ["delay": turn.now.microseconds - sent])
    case .started, .connected, .timer, .drained, .file, .stopping:
      break
    }
  }
}

/// Writes a known stream in pieces, and datagrams that carry the time they were sent at.
struct Sender: Participant {
  private enum Timer: UInt8, TimerPurpose {
    case dial, datagram, write
  }

  static let writes = 400
  static let total = writes * (writes + 1) / 2
  static let datagrams = 2_000
  static let failed = EventKind("rig.failed", "A dial failed.")
  static let role = Role(
    network: "rig", name: "sender", summary: "sends",
    options: [
      OptionSpecification(
        "delay", .duration(.zero...(.seconds(10))), default: .duration(.zero), "before dialling"),
      OptionSpecification(
        "port", .choice(["any", "listening"]), default: .choice("any"), "to dial from"),
      OptionSpecification("sink", .addresses(atMost: 1), default: .addresses([]), "to send to"),
    ], transports: .stream, seedList: .unused, make: { Sender($0.options) })

  static let drained = EventKind("rig.drained", "All that was written has arrived.")

  let sink: Address
  let delay: Microseconds
  let port: LocalPort
  private var connection: ConnectionID?
  private var written = 0
  private var count = 0
  private var sent = 0

  init(_ options: OptionValues) {
    sink = options.addresses("sink")[0]
    delay = options.duration("delay")
    port = options.choice("port") == "any" ? .any : .listening
  }

  /// The byte at a position of every stream.
  static func byte(at position: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: position &* 31 &+ position / 251)
  }

  mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started:
      turn.setTimer(Timer.dial, at: turn.now + delay)
      turn.setTimer(Timer.datagram, at: turn.now + .milliseconds(1))
    case .timer(TimerKey(Timer.dial)):
      connection = turn.connect(to: sink, from: port)
    case .timer(TimerKey(Timer.datagram)):
      let stamp = (0..<8).map { UInt8(truncatingIfNeeded: turn.now.microseconds >> (56 - 8 * $0)) }
      turn.send(stamp, to: sink)
      sent += 1
      if sent < Self.datagrams {
        turn.setTimer(Timer.datagram, at: turn.now + .milliseconds(1))
      }
    case .connected:
      turn.setTimer(Timer.write, at: turn.now)
    case .timer:
      guard let connection, written < Self.writes else { return }
      written += 1
      turn.write((count..<count + written).map(Self.byte), to: connection)
      count += written
      if written < Self.writes {
        turn.setTimer(Timer.write, at: turn.now + .milliseconds(1))
      } else {
        turn.awaitDrain(of: connection)
      }
    case .drained(let id):
      turn.log(Self.drained)
      turn.close(id)
    case .closed(_, let reason):
      turn.log(Self.failed, ["reason": reason.rawValue])
    case .accepted, .received, .datagram, .file, .stopping:
      break
    }
  }
}
