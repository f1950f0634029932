package import Participants

/// The kinds of event that the driver logs, for a node of any network.
package enum DriverEvents {
  package static let ready = EventKind(
    "node.ready",
    "The node is bound and has started. The first line of each of its lives.",
    fields: [
      EventField("address", "where it can be reached"),
      EventField("role", "`NETWORK-ROLE`"),
      EventField("version", "of the program"),
      EventField("pid", "its process"),
      EventField("options", "every option's value in effect; durations in microseconds"),
    ])
  package static let stopping = EventKind("node.stopping", "The node was asked to end.")
  package static let stopped = EventKind(
    "node.stopped", "The node ended in order. The last line of such a life.")

  package static let all = [ready, stopping, stopped]
}
