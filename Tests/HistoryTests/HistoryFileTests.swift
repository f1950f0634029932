import Foundation
import History
import Synchronization
import Testing

@Suite struct HistoryFileTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = "\(folder.path)/history.sqlite"
  }

  /// What opening says, for writing and for reading.
  private func refusals() -> [String] {
    [message { _ = try History.open(file) }, message { _ = try ReadOnlyHistory(file) }]
  }

  @Test("a new file gets every table and the current version")
  func newFile() throws {
    let database = try History.open(file)
    #expect(try database.integer("PRAGMA user_version") == Schema.version)
    #expect(try database.text("PRAGMA journal_mode") == "wal")
    #expect(
      try database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        == Schema.tables.map(\.name).sorted())
    #expect(
      try database.rows("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
        == Views().all.map(\.name).sorted())
  }

  @Test("a history of the first version keeps its faults, and gets views that read the new ones")
  func firstVersion() throws {
    let database = try History.open(file)
    // A column that a view reads cannot be dropped.
    for view in try Views().all { try database.execute("DROP VIEW \(view.name)") }
    try database.execute(
      """
      ALTER TABLE runs DROP COLUMN digest; ALTER TABLE runs DROP COLUMN complete;
      ALTER TABLE rejected_lines DROP COLUMN kind;
      ALTER TABLE usage DROP COLUMN runnable; ALTER TABLE usage DROP COLUMN pressure;
      ALTER TABLE usage DROP COLUMN late; ALTER TABLE usage DROP COLUMN printed_late;
      DROP TABLE lateness;
      DROP TABLE node_usage; DROP TABLE fault_sides; DROP TABLE faults;
      CREATE TABLE faults (run INTEGER NOT NULL, fault INTEGER NOT NULL, action TEXT NOT NULL,
        node TEXT NOT NULL, at INTEGER NOT NULL, lasting INTEGER, applied_t INTEGER,
        confirmed_t INTEGER, healed_t INTEGER, skipped TEXT, PRIMARY KEY (run, fault))
        STRICT, WITHOUT ROWID;
      INSERT INTO faults VALUES (1, 2, 'pause', 'peer-3', 4, 5, 6, 7, 8, 'why');
      PRAGMA user_version = 1
      """)
    let migrated = try History.open(file)
    #expect(
      try migrated.rows(
        "SELECT run, fault, action, node, at, lasting, applied_t, confirmed_t, healed_t, skipped, "
          + "one_way, loss, latency, bandwidth FROM faults") == [
          "1|2|pause|peer-3|4|5|6|7|8|why||||"
        ])
    #expect(try migrated.integer("PRAGMA user_version") == Schema.version)
    #expect(try migrated.rows("SELECT fault FROM separations") == [])
  }

  @Test("a file is opened again as it is, and its views are those of this executable")
  func openedAgain() throws {
    try History.open(file).execute(
      "INSERT INTO usage (run, t) VALUES (1, 2); CREATE VIEW stale AS SELECT 1 AS one")
    let database = try History.open(file)
    #expect(try database.rows("SELECT run, t FROM usage") == ["1|2"])
    #expect(
      try database.rows("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
        == Views().all.map(\.name).sorted())
  }

  @Test("many processes may create the same history at once")
  func createdAtOnce() {
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { [file] _ in
      let failure = message { _ = try History.open(file) }
      failures.withLock { $0.append(failure) }
    }
    #expect(failures.withLock(\.self) == Array(repeating: "no error", count: 8))
  }

  @Test("a history of a newer version is refused and left alone")
  func newerVersion() throws {
    try History.open(file).execute("PRAGMA user_version = 99")
    let refusal =
      "\(file): this history has schema version 99, and this seedbed reads up to \(Schema.version): "
      + "use a newer seedbed, or choose another file"
    #expect(refusals() == [refusal, refusal])
  }

  @Test("another program's database is refused and left alone")
  func otherProgram() throws {
    let database = try Database(opening: file, mode: .readWrite)
    try database.execute("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
    let refusal =
      "\(file): this is another program's SQLite database, not a history: choose another file"
    #expect(refusals() == [refusal, refusal])
    #expect(try database.rows("SELECT name FROM sqlite_schema") == ["theirs"])
    #expect(try database.text("PRAGMA journal_mode") == "delete")
  }

  @Test("a file that is not a database is refused and left alone")
  func notADatabase() throws {
    let text = String(repeating: "this is not a database\n", count: 100)
    try Data(text.utf8).write(to: URL(filePath: file))
    let refusal =
      "\(file): file is not a database: move this one away, or choose another file"
    #expect(refusals() == [refusal, refusal])
    #expect(try String(contentsOf: URL(filePath: file), encoding: .utf8) == text)
  }

  @Test("a missing folder, a folder in its place and a missing file are named")
  func missingPlaces() throws {
    #expect(
      message { _ = try History.open("\(folder.path)/no/h.sqlite") }
        == "\(folder.path)/no/h.sqlite: there is no folder '\(folder.path)/no': create it or choose "
        + "another file")
    #expect(
      message { _ = try History.open(folder.path) }
        == "\(folder.path): this is not a file: choose another one")
    #expect(
      message { _ = try ReadOnlyHistory(file) }
        == "there are no runs yet: there is no \(file). 'seedbed run' makes one, 'seedbed collect' "
        + "rebuilds it")
    try Data().write(to: URL(filePath: file))
    #expect(
      message { _ = try ReadOnlyHistory(file) }
        == "\(file): this history is empty: 'seedbed run' or 'seedbed collect' fills it")
  }

  @Test("a damaged file is reported with what to do")
  func damagedFile() throws {
    try History.open(file).execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
    let handle = try FileHandle(forWritingTo: URL(filePath: file))
    try handle.seek(toOffset: 100)
    try handle.write(contentsOf: Data(repeating: 0xFF, count: 4_000))
    try handle.close()
    for refusal in refusals() {
      #expect(
        refusal
          == "\(file): database disk image is malformed; the file is damaged: move it away and "
          + "rebuild it with 'seedbed collect' on each run's folder")
    }
  }

  @Test("what is described is what there is")
  func descriptionsMatch() throws {
    let database = try History.open(file)
    let described =
      try Schema.tables.map { ($0.name, $0.columns.map(\.name)) }
      + Views().all.map { ($0.name, $0.columns.map(\.name)) }
    for (name, columns) in described {
      #expect(try database.rows("SELECT name FROM pragma_table_info('\(name)')") == columns)
      #expect(columns.first == "run")
    }
  }

  @Test("docs/SCHEMA.md is what the code says")
  func documentIsCurrent() throws {
    let document = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/SCHEMA.md").standardizedFileURL
    if ProcessInfo.processInfo.environment["SEEDBED_RECORD"] == "1" {
      try Data(SchemaDocument.text().utf8).write(to: document)
    }
    let stored = try String(contentsOf: document, encoding: .utf8)
    #expect(
      try stored == SchemaDocument.text(),
      "record it anew: SEEDBED_RECORD=1 swift test --filter HistoryTests")
  }
}
