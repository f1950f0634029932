import Participants
import Simulator

/// Passes on the events of certain kinds alone; `n` counts those.
final class NeededEvents: EventSink {
  private let kinds: Set<String>
  private let next: any EventSink
  private var sequences: [String: UInt64] = [:]
  private var line: [UInt8] = []

  init(_ kinds: Set<String>, to next: any EventSink) {
    self.kinds = kinds
    self.next = next
  }

  func take(_ event: Event, line _: [UInt8], of node: String, at: Instant) {
    guard kinds.contains(event.kind) else { return }
    let sequence = sequences[node, default: 0] + 1
    sequences[node] = sequence
    line.removeAll(keepingCapacity: true)
    event.appendLine(time: at, sequence: sequence, to: &line)
    next.take(event, line: line, of: node, at: at)
  }
}
