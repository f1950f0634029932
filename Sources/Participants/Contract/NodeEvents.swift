/// The kinds of event that a driver logs, for a node of any network.
package enum NodeEvents {
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

  package static let printed = EventKind(
    "node.printed",
    "A program printed a line that no pattern of its group matches. One that is a JSON object is "
      + "kept as it is instead, under the kind that it names, or this one.",
    fields: [EventField("line", "the line")])

  package static let all = [ready, stopping, stopped, printed]

  /// What a node tells about itself when it is ready.
  package static func ready(
    at address: Address, role: String, version: String, pid: Int32, options: OptionValues
  ) -> Event {
    let options = options.all.map { option in
      let value: Event.Value =
        switch option.value {
        case .duration(let duration): .integer(duration.count)
        case .count(let count): .integer(count)
        case .flag(let flag): .flag(flag)
        case .choice, .text, .addresses: .text(option.value.description)
        }
      return (name: option.name, value: value)
    }
    return Event(
      ready,
      [
        "address": .text(address.description), "role": .text(role), "version": .text(version),
        "pid": .integer(Int64(pid)), "options": .object(options),
      ])
  }
}
