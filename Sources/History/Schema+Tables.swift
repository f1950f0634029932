/// A documented table of the history.
package struct Table: Sendable {
  package var name: String
  /// One sentence or two: what a row is.
  package var summary: String
  /// In the table's order.
  package var columns: [(name: String, summary: String)]
}

extension Schema {
  /// Every table, in the order of the documentation. All of them have a `run` column.
  package static let tables = [
    Table(
      name: "runs", summary: "One execution of a plan.",
      columns: [
        ("run", "the run's number"),
        ("name", "the name of its folder"),
        ("folder", "where its logs were when they were last collected"),
        ("network", "the protocol family, e.g. `gossip`"),
        ("driver", "what carried the participants' effects out: `live` or `simulated`"),
        ("topology", "the topology's path as it was given"),
        ("seed", "what every random choice derived from"),
        ("version", "the version of the seedbed that ran it"),
        ("launched_t", "when it was launched"),
        ("began_t", "when every planned node was ready: time zero of the views' seconds"),
        ("stopping_t", "when its nodes were told to stop"),
        ("ended_t", "when it was over; NULL while it runs, or when its supervisor died"),
        ("outcome", "`completed`, `interrupted` or `failed`"),
        ("reason", "why, in words"),
        ("plan", "the plan, as JSON"),
        ("digest", "what all events of a simulation sum up to; NULL for other runs"),
      ]),
    Table(
      name: "nodes", summary: "One participant of a run, in its last incarnation.",
      columns: [
        ("run", "the run's number"),
        ("node", "its name, e.g. `peer-7`"),
        ("node_group", "the group of the topology it belongs to"),
        ("role", "its role's full name, e.g. `gossip-peer`"),
        ("address", "where it listened, `HOST:PORT`"),
        ("options", "its options as they were in effect, as JSON; durations in microseconds"),
        ("pid", "its process"),
        ("spawned_t", "when its process was made"),
        ("ready_t", "when it said that it was ready"),
        ("ended_t", "when its process had ended"),
        ("exit_code", "its exit code; NULL when a signal ended it"),
        ("exit_signal", "the signal that ended it"),
        ("unexpected", "1 when nobody had asked it to end"),
      ]),
    Table(
      name: "events",
      summary: "One line of a log, exactly once. The supervisor's own events have the node "
        + "`supervisor`.",
      columns: [
        ("run", "the run's number"),
        ("node", "whose log it is in"),
        ("n", "its place in that log, from 1"),
        ("t", "when it happened, by the node's clock"),
        ("kind", "what happened, `area.verb`"),
        ("peer", "the other node's address, where the kind has one"),
        ("data", "the remaining fields, as a JSON object"),
      ]),
    Table(
      name: "faults", summary: "One thing done to the network on purpose.",
      columns: [
        ("run", "the run's number"),
        ("fault", "its number in the plan, from 1"),
        (
          "action",
          "`kill`, `stop`, `pause`, `restart`, `partition`, `loss`, `latency` or `bandwidth`"
        ),
        ("node", "the node it was done to; NULL where the network was disturbed: `fault_sides`"),
        ("at", "when it was planned, in microseconds after `began_t`"),
        ("lasting", "how long it was to last, in microseconds; NULL: to the end, or no time"),
        ("one_way", "1 when only what went from the first side to the second was disturbed"),
        ("loss", "how much was lost, in parts per million"),
        ("latency", "what was added to the latency of each way, in microseconds"),
        ("applied_t", "when it was done"),
        (
          "confirmed_t",
          "when its effect was seen: the exit, the stopped process, the new one ready; every living "
            + "node on a side said that it goes by it"
        ),
        (
          "healed_t",
          "when its effect had ended: the process continued, or ready again; every living node on a "
            + "side said so"
        ),
        ("skipped", "why it was not done; NULL when it was"),
        ("bandwidth", "the most between two nodes, each way, in bytes per second"),
      ]),
    Table(
      name: "fault_sides",
      summary: "A node on one side of a fault on the network: what is sent between the sides is "
        + "disturbed. A node can be on both.",
      columns: [
        ("run", "the run's number"),
        ("fault", "the fault's number in the plan"),
        ("node", "the node's name"),
        ("side", "`from` or `to`: of a one-way fault, the senders and those they send to"),
      ]),
    Table(
      name: "usage", summary: "What the machine and the supervisor used, every second.",
      columns: [
        ("run", "the run's number"),
        ("t", "when it was sampled"),
        ("host_busy", "the busy share of all cores since the last sample, in thousandths"),
        ("supervisor_cpu", "the processor time of the supervisor so far, in microseconds"),
        ("memory_available", "the memory that was still available, in KiB"),
        (
          "runnable",
          "tasks of the machine that ran or waited for a processor; NULL in older histories and in "
            + "simulations"
        ),
        (
          "pressure",
          "the share of the time since the last sample in which some task waited for a processor, in "
            + "thousandths; NULL where the system does not tell"
        ),
        (
          "late",
          "the latest that the supervisor woke up since the last sample, after it wanted to, in "
            + "microseconds; NULL as for `runnable`"
        ),
        (
          "printed_late",
          "how long before their time lines of programs may have been printed, at most, since the last "
            + "sample, in microseconds; NULL: none were"
        ),
      ]),
    Table(
      name: "lateness",
      summary:
        "A second in which nodes of ours woke up a tenth of a second late or more: `node.late`.",
      columns: [
        ("run", "the run's number"),
        ("second", "in seconds since the epoch"),
        ("from_t", "when, within the second, the first of them wanted to wake up"),
        ("to_t", "when, within the second, the last of them did"),
        (
          "late",
          "how late the latest was, in microseconds, of which some may lie outside the second"
        ),
        ("events", "how many nodes said so; one that was late for long in each of its seconds"),
      ]),
    Table(
      name: "node_usage",
      summary:
        "What a node's process used, every second; of more than a hundred, a hundred in turn.",
      columns: [
        ("run", "the run's number"),
        ("node", "the node's name"),
        ("t", "when it was sampled"),
        ("cpu", "the processor time of its process so far, in microseconds"),
        ("memory", "its resident memory, pages that it shares with others too, in KiB"),
      ]),
    Table(
      name: "checks", summary: "One check's last verdict on a run.",
      columns: [
        ("run", "the run's number"),
        ("name", "the check's name"),
        ("promise", "what it promises, in a sentence"),
        ("severity", "`error`, or `warning` when it cannot fail the run"),
        ("verdict", "`pass`, `fail`, `inconclusive` or `error`"),
        ("violations", "how many rows broke the promise"),
        ("witnesses", "how many rows there were to judge"),
        ("least_witnesses", "how many it needs to be conclusive"),
        ("reason", "the verdict in words"),
        ("rows", "the violations, as a JSON array of objects; the first of them if there are many"),
        ("judged_t", "when it was judged"),
      ]),
    Table(
      name: "rejected_lines",
      summary: "What is wrong with a log: a line that did not become an event, or one before which "
        + "lines are missing, or a log that shrank or vanished.",
      columns: [
        ("run", "the run's number"),
        ("node", "whose log it is"),
        ("line_offset", "where the line begins, in bytes from the start of the log"),
        ("reason", "what is wrong"),
        ("line", "the line, its first 1024 bytes; NULL when the log itself is at fault"),
      ]),
    Table(
      name: "log_files", summary: "How far a log was collected.",
      columns: [
        ("run", "the run's number"),
        ("node", "whose log it is"),
        ("file", "its name in the run's folder"),
        ("read_to", "the end of the last line that was taken, in bytes"),
        ("last_n", "the `n` of the last event"),
        ("ended", "1 when the node has said that it stopped"),
      ]),
  ]
}
