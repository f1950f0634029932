package import Participants

/// Where the events of a simulation go.
package protocol EventSink: AnyObject {
  /// Takes one event of a node, or of the supervisor.
  /// - Parameters:
  ///   - line: the event as it stands in a log, its newline included.
  ///   - at: the node's own time.
  func take(_ event: Event, line: [UInt8], of node: String, at: Instant)
}
