import Participants
import Simulator

/// Passes on the lines of certain kinds alone; `n` counts those.
final class NeededEvents: EventSink {
  private let kinds: Set<[UInt8]>
  private let next: any EventSink
  private var sequences: [String: UInt64] = [:]
  private var kept: [UInt8] = []

  init(_ kinds: Set<String>, to next: any EventSink) {
    self.kinds = Set(kinds.map { Array($0.utf8) })
    self.next = next
  }

  /// A line begins with `{"t":NUMBER,"n":NUMBER,"kind":"KIND"`.
  func take(_ line: [UInt8], of node: String) {
    let comma = UInt8(ascii: ",")
    guard let timeEnd = line.firstIndex(of: comma),
      let sequenceEnd = line[(timeEnd + 1)...].firstIndex(of: comma)
    else { return }
    let kindStart = sequenceEnd + ",\"kind\":\"".utf8.count
    guard kinds.contains(Array(line[kindStart...].prefix { $0 != UInt8(ascii: "\"") })) else {
      return
    }
    let sequence = sequences[node, default: 0] + 1
    sequences[node] = sequence
    kept.removeAll(keepingCapacity: true)
    kept += line[..<timeEnd]
    kept += ",\"n\":\(sequence)".utf8
    kept += line[sequenceEnd...]
    next.take(kept, of: node)
  }
}
