/// One step of the schema. Its SQL never changes once released: a later step alters what it made.
struct Migration: Sendable {
  /// What it does, in a few words, for the error message when it fails.
  var name: String
  var sql: String
}

package enum Schema {
  /// `PRAGMA application_id`: "Seed" in ASCII, so that another program's database is not touched.
  static let applicationID: Int64 = 0x5365_6564

  /// `PRAGMA user_version` is the number of steps that were taken.
  package static var version: Int64 { Int64(migrations.count) }

  static let migrations = [
    Migration(name: "record runs, nodes, events, faults, usage and checks", sql: firstTables),
    Migration(name: "record faults on the network", sql: networkFaults),
    Migration(
      name: "record the digests of simulations", sql: "ALTER TABLE runs ADD COLUMN digest TEXT"),
    Migration(
      name: "record faults that limit bandwidth",
      sql: "ALTER TABLE faults ADD COLUMN bandwidth INTEGER"),
    Migration(
      name: "record what nodes use",
      sql: """
        CREATE TABLE node_usage (
          run INTEGER NOT NULL,
          node TEXT NOT NULL,
          t INTEGER NOT NULL,
          cpu INTEGER NOT NULL,
          memory INTEGER NOT NULL,
          PRIMARY KEY (run, node, t)
        ) STRICT, WITHOUT ROWID
        """),
    Migration(
      name: "record whether every line of the logs is there",
      sql: """
        ALTER TABLE runs ADD COLUMN complete INTEGER;
        ALTER TABLE rejected_lines ADD COLUMN kind TEXT;
        UPDATE rejected_lines SET kind = CASE
          WHEN line IS NULL THEN 'log'
          WHEN reason LIKE '%lines are missing%' THEN 'gap'
          WHEN reason LIKE '%was kept)' THEN 'remark'
          ELSE 'refused' END
        """),
    Migration(
      name: "record who waited for a processor",
      sql: """
        ALTER TABLE usage ADD COLUMN runnable INTEGER;
        ALTER TABLE usage ADD COLUMN pressure INTEGER;
        ALTER TABLE usage ADD COLUMN late INTEGER;
        ALTER TABLE usage ADD COLUMN printed_late INTEGER;
        CREATE TABLE lateness (
          run INTEGER NOT NULL,
          second INTEGER NOT NULL,
          from_t INTEGER NOT NULL,
          to_t INTEGER NOT NULL,
          late INTEGER NOT NULL,
          events INTEGER NOT NULL,
          PRIMARY KEY (run, second)
        ) STRICT, WITHOUT ROWID
        """),
  ]

  private static let firstTables = """
    CREATE TABLE runs (
      run INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      folder TEXT NOT NULL,
      network TEXT NOT NULL,
      driver TEXT NOT NULL,
      topology TEXT NOT NULL,
      seed INTEGER NOT NULL,
      version TEXT NOT NULL,
      launched_t INTEGER NOT NULL,
      began_t INTEGER,
      stopping_t INTEGER,
      ended_t INTEGER,
      outcome TEXT,
      reason TEXT,
      plan TEXT NOT NULL
    ) STRICT;

    CREATE TABLE nodes (
      run INTEGER NOT NULL,
      node TEXT NOT NULL,
      node_group TEXT,
      role TEXT,
      address TEXT,
      options TEXT,
      pid INTEGER,
      spawned_t INTEGER,
      ready_t INTEGER,
      ended_t INTEGER,
      exit_code INTEGER,
      exit_signal INTEGER,
      unexpected INTEGER,
      PRIMARY KEY (run, node)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX nodes_by_address ON nodes (run, address);

    CREATE TABLE events (
      run INTEGER NOT NULL,
      node TEXT NOT NULL,
      n INTEGER NOT NULL,
      t INTEGER NOT NULL,
      kind TEXT NOT NULL,
      peer TEXT,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_kind ON events (run, kind);

    CREATE TABLE faults (
      run INTEGER NOT NULL,
      fault INTEGER NOT NULL,
      action TEXT NOT NULL,
      node TEXT NOT NULL,
      at INTEGER NOT NULL,
      lasting INTEGER,
      applied_t INTEGER,
      confirmed_t INTEGER,
      healed_t INTEGER,
      skipped TEXT,
      PRIMARY KEY (run, fault)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE usage (
      run INTEGER NOT NULL,
      t INTEGER NOT NULL,
      host_busy INTEGER,
      supervisor_cpu INTEGER,
      memory_available INTEGER,
      PRIMARY KEY (run, t)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checks (
      run INTEGER NOT NULL,
      name TEXT NOT NULL,
      promise TEXT NOT NULL,
      severity TEXT NOT NULL,
      verdict TEXT NOT NULL,
      violations INTEGER,
      witnesses INTEGER,
      least_witnesses INTEGER,
      reason TEXT,
      rows TEXT,
      judged_t INTEGER NOT NULL,
      PRIMARY KEY (run, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE rejected_lines (
      run INTEGER NOT NULL,
      node TEXT NOT NULL,
      line_offset INTEGER NOT NULL,
      reason TEXT NOT NULL,
      line TEXT,
      PRIMARY KEY (run, node, line_offset, reason)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE log_files (
      run INTEGER NOT NULL,
      node TEXT NOT NULL,
      file TEXT NOT NULL,
      read_to INTEGER NOT NULL,
      last_n INTEGER NOT NULL,
      ended INTEGER NOT NULL,
      PRIMARY KEY (run, node)
    ) STRICT, WITHOUT ROWID;
    """

  /// A fault on the network has no node. SQLite cannot take a NOT NULL away, nor rename a table that
  /// views read, so the rows wait in another table.
  private static let networkFaults = """
    CREATE TABLE waiting_faults AS SELECT * FROM faults;
    DROP TABLE faults;
    CREATE TABLE faults (
      run INTEGER NOT NULL,
      fault INTEGER NOT NULL,
      action TEXT NOT NULL,
      node TEXT,
      at INTEGER NOT NULL,
      lasting INTEGER,
      one_way INTEGER,
      loss INTEGER,
      latency INTEGER,
      applied_t INTEGER,
      confirmed_t INTEGER,
      healed_t INTEGER,
      skipped TEXT,
      PRIMARY KEY (run, fault)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO faults
      (run, fault, action, node, at, lasting, applied_t, confirmed_t, healed_t, skipped)
      SELECT run, fault, action, node, at, lasting, applied_t, confirmed_t, healed_t, skipped
      FROM waiting_faults;
    DROP TABLE waiting_faults;

    CREATE TABLE fault_sides (
      run INTEGER NOT NULL,
      fault INTEGER NOT NULL,
      node TEXT NOT NULL,
      side TEXT NOT NULL,
      PRIMARY KEY (run, fault, node, side)
    ) STRICT, WITHOUT ROWID;
    """
}
