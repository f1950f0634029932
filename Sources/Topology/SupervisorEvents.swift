package import Participants

/// What the supervisor writes to `supervisor.ndjson`: its own facts, from which the history's
/// `runs`, `nodes`, `faults` and `usage` rows are made.
package enum SupervisorEvents {
  package static let all: [EventKind] = [
    runLaunched, nodeSpawned, programReady, runBegan, faultPlanned, faultSides, faultApplied,
    faultConfirmed, faultHealed, faultSkipped, relayApplied, nodeExited, natMapped, usageSampled,
    nodeSampled, runContinued, runStopping, runEnded, runDigested,
  ]

  package static let runLaunched = EventKind(
    "run.launched", "The supervisor starts the first nodes.",
    fields: [EventField("nodes", "how many nodes the plan has")])

  package static let nodeSpawned = EventKind(
    "node.spawned", "A node's process was started, for the first time or again.",
    fields: [node, EventField("pid", "the process ID")])

  package static let programReady = EventKind(
    "program.ready",
    "A program was seen to be ready, in the way that its group says. (Our own nodes say so in their "
      + "logs: `node.ready`.)",
    fields: [node, EventField("address", "where it listens; absent where nothing says so")])

  package static let runBegan = EventKind(
    "run.began",
    "Every node but the late joiners is ready: time zero for the faults and for the views' `s`.")

  package static let faultPlanned = EventKind(
    "fault.planned",
    "A fault of the plan, written right after `run.launched`; or one that was asked for since then.",
    fields: [
      fault,
      EventField(
        "action",
        "`kill`, `stop`, `pause`, `restart`, `partition`, `loss`, `latency` or `bandwidth`"),
      EventField("node", "the node's name; absent where the network is disturbed"),
      EventField("at", "when, in microseconds after `run.began`"),
      EventField("lasting", "how long it lasts, in microseconds; absent: to the end, or no time"),
      EventField(
        "from", "of a disturbance: the nodes of one side, at most five by name; `plan.json` has all"
      ),
      EventField("to", "the nodes of the other side"),
      EventField("one_way", "whether only what goes from the first to the second is disturbed"),
      EventField("loss", "how much is lost, in parts per million"),
      EventField("latency", "what is added to the latency of each way, in microseconds"),
      EventField("bandwidth", "the most between two nodes, each way, in bytes per second"),
    ])

  package static let faultSides = EventKind(
    "fault.sides",
    "Nodes on one side of a disturbance that was asked for while the run went on: `plan.json` does not "
      + "have it. Several where one line does not hold all.",
    fields: [
      fault, EventField("side", "`from` or `to`"),
      EventField("nodes", "their names, with commas between them"),
    ])

  package static let faultApplied = EventKind(
    "fault.applied", "The supervisor carries the fault out now.", fields: [fault])

  package static let faultConfirmed = EventKind(
    "fault.confirmed",
    "The fault was seen to have happened: the process was reaped (kill, stop), is in state T "
      + "(pause), or said `node.ready` again (restart); or every living node on a side of a disturbance "
      + "said `rules.applied`, or, with isolation, the relay or the kernel has taken the rules.",
    fields: [fault])

  package static let faultHealed = EventKind(
    "fault.healed",
    "The node is back: continued and no longer in state T (pause), or ready again (restart); or "
      + "every living node on a side said that the disturbance is off, or the relay or the kernel has "
      + "taken it off.",
    fields: [fault])

  package static let faultSkipped = EventKind(
    "fault.skipped", "The fault could not be applied, and never will be.",
    fields: [fault, EventField("reason", "why, in words")])

  package static let relayApplied = EventKind(
    "relay.applied",
    "From now on the relay between the nodes goes by these rules: which faults on the network are on. "
      + "Its counts are of the time since the rules before.",
    fields: [
      EventField("number", "which version of the rules, from 1 in a run"),
      EventField("lost", "datagrams that it has lost on purpose"),
      EventField(
        "held",
        "how often something that came had to wait on purpose; in a partition nothing more is read from "
          + "connections that there are"),
      EventField(
        "unknown",
        "connections and datagrams that it let pass while a fault was on, because nobody could say "
          + "which node they came from"),
    ])

  package static let nodeExited = EventKind(
    "node.exited", "A node's process ended and was reaped.",
    fields: [
      node, EventField("pid", "the process ID"),
      EventField("code", "the exit code, where the process exited"),
      EventField("signal", "the signal's number, where a signal ended the process"),
      EventField("unexpected", "whether it ended other than the supervisor had asked it to"),
    ])

  package static let natMapped = EventKind(
    "nat.mapped",
    "A simulated NAT gave a node behind it a port outside, for some datagrams at least.",
    fields: [node, EventField("address", "how it seems from outside")])

  package static let usageSampled = EventKind(
    "usage.sampled", "What the run costs the machine, once a second.",
    fields: [
      EventField(
        "host_busy", "how busy all cores together were since the last sample, in permille"),
      EventField(
        "supervisor_cpu",
        "processor time of the whole supervisor process so far, in microseconds"),
      EventField("memory_available", "memory the machine can still give, in KiB"),
      EventField("runnable", "tasks of the machine that run or wait for a processor"),
      EventField(
        "pressure",
        "the share of the time since the last sample in which some task waited for a processor, in "
          + "permille; absent where the system does not tell (`/proc/pressure/cpu`)"),
      EventField(
        "late",
        "the latest that the supervisor woke up since the last sample, after it wanted to, in "
          + "microseconds"),
      EventField(
        "printed_late",
        "how long before they were seen lines of programs may have been printed, at most, since the "
          + "last sample, in microseconds; absent where none were"),
    ])

  package static let nodeSampled = EventKind(
    "node.sampled",
    "What a node costs the machine, once a second; of more than a hundred, a hundred in turn.",
    fields: [
      node, EventField("cpu", "processor time of its process so far, in microseconds"),
      EventField("memory", "its resident memory, shared pages too, in KiB"),
    ])

  package static let runContinued = EventKind(
    "run.continued",
    "The supervisor was stopped (Ctrl-Z, SIGSTOP) and goes on. The nodes ran meanwhile, and what was to "
      + "be done to them comes late.",
    fields: [
      EventField(
        "idle",
        "how long it has done nothing, in microseconds: as long as it was stopped and up to two seconds"
      )
    ])

  package static let runStopping = EventKind(
    "run.stopping", "The nodes are told to end.",
    fields: [EventField("reason", "`planned`, `asked` (by a person), `interrupted` or `failed`")])

  package static let runEnded = EventKind(
    "run.ended", "Every node has ended. The last line of a live run's log.",
    fields: [
      EventField("outcome", "`completed`, `interrupted` or `failed`"),
      EventField("reason", "why, in words; empty for a run that went as planned"),
    ])

  package static let runDigested = EventKind(
    "run.digested", "Of a simulation that came to its end: what all events before it sum up to.",
    fields: [
      EventField(
        "digest", "SHA-256 over each event's node, a zero byte and its line, in hexadecimal digits")
    ])

  private static let node = EventField("node", "the node's name")
  private static let fault = EventField("fault", "the fault's number")
}
