/// The kinds of event that a driver logs, for a node of any network.
package enum NodeEvents {
  package static let ready = EventKind(
    "node.ready",
    "The node is bound and has started. The first line of each of its lives.",
    fields: [
      EventField("address", "where it can be reached"),
      EventField(
        "also", "a second address at which it listens, of the other family; absent: none"),
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

  package static let rulesApplied = EventKind(
    "rules.applied",
    "From now on the node goes by these rules: which faults on the network are on.",
    fields: [
      EventField("number", "which version of the rules, from 1 in a run"),
      EventField("faults", "those that the node is on a side of, with commas between them"),
      EventField(
        "lost", "datagrams that it has lost on purpose since the rules before; 0 simulated"),
      EventField(
        "held", "how often something had to wait on purpose since the rules before; 0 simulated"),
    ])

  package static let late = EventKind(
    "node.late",
    "The node slept, and woke up a tenth of a second or more after it wanted to: it waited for a "
      + "processor. At most one a second. What its own code takes its time for does not count, nor "
      + "does a pause. Never simulated.",
    fields: [EventField("late", "how late, in microseconds before this event")])

  package static let all = [ready, rulesApplied, late, stopping, stopped, printed]

  /// A node woke up so much later than it wanted to.
  package static func late(_ late: Microseconds) -> Event {
    Event(self.late, ["late": late])
  }

  /// A node goes by another version of the rules, from 1 in a run. `lost` and `held` count since
  /// the one before.
  package static func rulesApplied(
    _ number: Int, faults: [Int], lost: Int = 0, held: Int = 0
  ) -> Event {
    Event(rulesApplied, ["number": number, "faults": faults, "lost": lost, "held": held])
  }

  /// What a node tells about itself when it is ready.
  ///
  /// - Parameter other: the second host that it listens on.
  package static func ready(
    at address: Address, and other: String? = nil, role: String, version: String, pid: Int32,
    options: OptionValues
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
        "address": address, "also": other.map { Address(host: $0, port: address.port) },
        "role": role, "version": version, "pid": pid, "options": Event.Value.object(options),
      ])
  }
}
