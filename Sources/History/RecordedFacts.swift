internal import Participants
internal import Topology

/// What certain events mean for the other tables: a statement for each kind, run when the event is
/// stored and in the same transaction. They use `:run`, `:node`, `:t` and `:data`.
///
/// The logs of a run are read in no fixed order among each other, so a statement must give the same
/// rows whatever came before it from another log: those of the supervisor's log and those of the
/// nodes' logs set different columns.
enum RecordedFacts {
  /// For events of the supervisor's own log, about the run and its nodes.
  static let ofSupervisor: [String: String] = [
    SupervisorEvents.runBegan.name: "UPDATE runs SET began_t = :t WHERE run = :run",
    SupervisorEvents.runStopping.name: "UPDATE runs SET stopping_t = :t WHERE run = :run",
    SupervisorEvents.runEnded.name: """
    UPDATE runs SET ended_t = :t, outcome = :data ->> 'outcome', reason = :data ->> 'reason'
    WHERE run = :run
    """,
    SupervisorEvents.runDigested.name:
      "UPDATE runs SET digest = :data ->> 'digest' WHERE run = :run",
    SupervisorEvents.nodeSpawned.name: """
    INSERT INTO nodes (run, node, pid, spawned_t)
    VALUES (:run, :data ->> 'node', :data ->> 'pid', :t)
    ON CONFLICT (run, node) DO UPDATE SET pid = excluded.pid, spawned_t = excluded.spawned_t,
      ended_t = NULL, exit_code = NULL, exit_signal = NULL, unexpected = NULL
    """,
    SupervisorEvents.nodeExited.name: """
    UPDATE nodes SET ended_t = :t, exit_code = :data ->> 'code', exit_signal = :data ->> 'signal',
      unexpected = :data ->> 'unexpected'
    WHERE run = :run AND node = :data ->> 'node'
    """,
    SupervisorEvents.programReady.name: """
    UPDATE nodes SET ready_t = :t, address = coalesce(:data ->> 'address', address)
    WHERE run = :run AND node = :data ->> 'node'
    """,
    SupervisorEvents.faultPlanned.name: """
    INSERT INTO faults (run, fault, action, node, at, lasting, one_way, loss, latency,
      bandwidth)
    VALUES (:run, :data ->> 'fault', :data ->> 'action', :data ->> 'node', :data ->> 'at',
      :data ->> 'lasting', :data ->> 'one_way', :data ->> 'loss', :data ->> 'latency',
      :data ->> 'bandwidth')
    """,
    SupervisorEvents.faultSides.name: """
    INSERT OR IGNORE INTO fault_sides (run, fault, node, side)
    SELECT :run, :data ->> 'fault', value, :data ->> 'side'
    FROM json_each('["' || replace(:data ->> 'nodes', ',', '","') || '"]')
    """,
    SupervisorEvents.faultApplied.name: fault("applied_t = :t"),
    SupervisorEvents.faultConfirmed.name: fault("confirmed_t = :t"),
    SupervisorEvents.faultHealed.name: fault("healed_t = :t"),
    SupervisorEvents.faultSkipped.name: fault("skipped = :data ->> 'reason'"),
    SupervisorEvents.nodeSampled.name: """
    INSERT OR REPLACE INTO node_usage (run, node, t, cpu, memory)
    VALUES (:run, :data ->> 'node', :t, :data ->> 'cpu', :data ->> 'memory')
    """,
    SupervisorEvents.usageSampled.name: """
    INSERT OR REPLACE INTO usage (run, t, host_busy, supervisor_cpu, memory_available, runnable,
      pressure, late, printed_late)
    VALUES (:run, :t, :data ->> 'host_busy', :data ->> 'supervisor_cpu',
      :data ->> 'memory_available', :data ->> 'runnable', :data ->> 'pressure', :data ->> 'late',
      :data ->> 'printed_late')
    """,
  ]

  /// For events of a program's log, about itself. The rest of it is the supervisor's to say.
  static let ofProgram: [String: String] = [
    ready: """
    UPDATE nodes SET options = coalesce(:data -> 'options', options)
    WHERE run = :run AND node = :node
    """
  ]

  /// For events of the log of a node of ours, about itself.
  static let ofNode: [String: String] = [
    ready: """
    UPDATE nodes SET ready_t = :t, address = :data ->> 'address', options = :data -> 'options',
      role = coalesce(role, :data ->> 'role')
    WHERE run = :run AND node = :node
    """,
    // A part in each second that it lasted, and no more of them than an hour has: the log may be
    // anybody's.
    NodeEvents.late.name: """
    WITH RECURSIVE
    late (from_t) AS (SELECT max(:t - (:data ->> 'late'), :t - 3600000000)),
    seconds (second) AS (
      SELECT from_t / 1000000 FROM late
      UNION ALL
      SELECT second + 1 FROM seconds WHERE second < :t / 1000000
    )
    INSERT INTO lateness (run, second, from_t, to_t, late, events)
    SELECT :run, second, max(from_t, second * 1000000), min(:t, (second + 1) * 1000000),
      :data ->> 'late', 1
    FROM seconds, late WHERE true
    ON CONFLICT (run, second) DO UPDATE SET from_t = min(from_t, excluded.from_t),
      to_t = max(to_t, excluded.to_t), late = max(late, excluded.late), events = events + 1
    """,
  ]

  /// The first line of every incarnation of a node of ours.
  static let ready = NodeEvents.ready.name
  /// The last line of a node that ended in order.
  static let stopped = NodeEvents.stopped.name

  private static func fault(_ assignment: String) -> String {
    "UPDATE faults SET \(assignment) WHERE run = :run AND fault = :data ->> 'fault'"
  }
}
