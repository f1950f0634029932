internal import Glibc
internal import Participants
internal import Topology

/// Brings the logs of one run's folder into the history, every complete line exactly once.
///
/// Rows and the offsets up to which the logs were read are stored in one transaction, and the offsets
/// are read again inside it. So it may be killed anywhere, run twice, run years later or run beside
/// another collector on the same folder: the rows are the same.
///
/// Loop over ``step()`` while the run lives, then call ``finish()``. A collector belongs to one
/// thread.
@safe package struct Collector: ~Copyable {
  /// What one step did.
  package struct Progress: Sendable, Equatable {
    package var bytes = 0
    /// Lines that became events.
    package var lines = 0
    /// Rows of `rejected_lines`.
    package var rejected = 0
    /// Whether all that the logs held was taken; if not, the next step has more to do at once.
    package var isUpToDate = true

    package init() {}

    /// Both together; as up to date as the later.
    package static func + (a: Progress, b: Progress) -> Progress {
      var sum = b
      sum.bytes += a.bytes
      sum.lines += a.lines
      sum.rejected += a.rejected
      return sum
    }
  }

  /// The end of a log without a newline: it is kept for a later collector.
  package struct IncompleteLine: Sendable, Equatable {
    package var node: String
    package var bytes: Int
  }

  /// What ``finish()`` came to.
  package struct Ending: Sendable {
    package var progress = Progress()
    package var incomplete: [IncompleteLine] = []
    /// The lines of the logs against the rows; `nil` while the supervisor may still write.
    package var count: LineCount?

    package init() {}
  }

  /// How many lines a transaction takes, about: a step stops at the first read beyond it.
  static let linesPerTransaction = 10_000
  /// How much is read at a time, in bytes. A line always fits.
  package static let readSize = 512 * 1_024
  /// How much of a rejected line is kept, in bytes.
  static let longestRejection = 1_024

  package let run: Int64
  package let database: Database
  private var folder: LogFolder
  var writer: EventWriter
  let programs: CollectedPrograms
  var printedTimes = PrintedTimesFile()
  /// Whether the supervisor is gone, so that nothing is printed any more and no more times come.
  private var isFinal = false
  private let selectFile: Statement
  private let updateFile: Statement
  private let addNode: Statement
  private let buffer: UnsafeMutableRawBufferPointer
  private var logs: [Log]
  private var known: Set<String>
  /// Indices of logs that have grown, still to be read.
  private var backlog: [Int] = []

  /// What is known of a log between steps.
  private struct Log {
    var file: String
    var node: String
    /// The size up to which it was read or looked through.
    var seen: Int64 = 0
    /// The end of its last complete line.
    var readTo: Int64
    var isReported = false
  }

  /// What is stored of a log: where the next line begins and what came before it.
  struct Place {
    var readTo: Int64 = 0
    var lastSequence: Int64 = 0
    /// Whether the node said that it stopped.
    var ended = false
  }

  /// The reading of one log within one step.
  struct Reading {
    let node: String
    /// What makes events of the lines, where they are what a program printed.
    let printed: PrintedLines?
    var place: Place
    /// Whether the bytes at hand end with the file, and nobody writes to it any more.
    var isAtEnd = false
    /// Whether the next bytes belong to a line that was too long and is rejected already.
    var isInsideLongLine = false
    var progress = Progress()

    init(node: String, printed: PrintedLines?, place: Place) {
      self.node = node
      self.printed = printed
      self.place = place
    }

    var isSupervisor: Bool { node == RunFiles.supervisor }
  }

  /// Opens the folder and adds its run to the history if it is not there.
  ///
  /// - Throws: `HistoryError` or `DatabaseError` where the folder cannot be read or the history not
  ///   written.
  package init(folder: RunFolder, history file: String) throws {
    let database = try History.open(file)
    let run = try database.transaction { try Self.addRun(folder, to: database) }
    let logFolder = try LogFolder(folder.path)
    let writer = try EventWriter(database, run: run)
    let selectFile = try database.prepare(
      "SELECT read_to, last_n, ended FROM log_files WHERE run = ? AND node = ?")
    let updateFile = try database.prepare(
      """
      INSERT INTO log_files (run, node, file, read_to, last_n, ended) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (run, node) DO UPDATE
      SET read_to = excluded.read_to, last_n = excluded.last_n, ended = excluded.ended
      """)
    let addNode = try database.prepare("INSERT OR IGNORE INTO nodes (run, node) VALUES (?, ?)")
    let programs = try CollectedPrograms(folder.manifest)
    let logs = try Self.storedLogs(of: run, in: database)
    // A throwing initialiser must not leave a noncopyable value half made: first all, then each.
    self.run = run
    self.database = database
    self.folder = logFolder
    self.programs = programs
    self.writer = writer
    self.selectFile = selectFile
    self.updateFile = updateFile
    self.addNode = addNode
    self.logs = logs
    known = Set(logs.map(\.file))
    unsafe buffer = .allocate(byteCount: Self.readSize, alignment: 16)
  }

  deinit {
    unsafe buffer.deallocate()
  }

  /// Takes what the logs have gained, at most a transaction's worth. When nothing has changed it
  /// costs a look at each log's size.
  ///
  /// - Throws: the same as the initialiser. Nothing of the step is stored, then.
  package mutating func step() throws -> Progress {
    var progress = Progress()
    try database.checkPlace()
    if backlog.isEmpty {
      try printedTimes.update(from: folder)
      try look(&progress)
    }
    guard !backlog.isEmpty else { return progress }
    try database.execute("BEGIN IMMEDIATE")
    do {
      while let index = backlog.last, progress.lines < Self.linesPerTransaction {
        if try read(index, &progress) { backlog.removeLast() }
      }
      try database.execute("COMMIT")
    } catch {
      // After some errors (a full disk) SQLite has rolled back already.
      try? database.execute("ROLLBACK")
      writer.drop()
      backlog = []
      printedTimes = PrintedTimesFile()
      for index in logs.indices { logs[index].seen = 0 }
      throw error
    }
    try database.checkPlace()
    progress.isUpToDate = backlog.isEmpty
    return progress
  }

  /// Steps until everything is taken, and counts the lines of the logs against the rows.
  ///
  /// Of what programs printed the last line is taken without its end, once the supervisor is gone.
  ///
  /// - Parameter show: called after each step with what it did.
  package mutating func finish(_ show: (Progress) -> Void = { _ in }) throws -> Ending {
    isFinal = try !folder.isHeld(RunFiles.log(of: RunFiles.supervisor))
    // What was looked through and waits for its end is looked at again.
    for index in logs.indices { logs[index].seen = logs[index].readTo }
    var ending = Ending()
    var isOver = false
    while !isOver {
      // A backlog is from an earlier look, and the logs may have grown since: only a look that finds
      // nothing ends it. While others write there may be no such look.
      let looks = backlog.isEmpty
      let progress = try step()
      show(progress)
      ending.progress = ending.progress + progress
      isOver = progress.isUpToDate && (!isFinal || looks && progress.bytes == 0)
    }
    ending.incomplete = logs.filter { $0.seen > $0.readTo }.map {
      IncompleteLine(node: $0.node, bytes: Int($0.seen - $0.readTo))
    }
    if isFinal { ending.count = try countLines() }
    return ending
  }

  /// Reads the logs once more, from their first byte, for nothing but the number of their lines, and
  /// records whether the history has a row for each.
  private func countLines() throws -> LineCount {
    var count = LineCount()
    for log in logs {
      guard let file = try folder.open(log.file) else { continue }
      var end: Int64 = 0
      var last: UInt8 = 0x0A
      while true {
        let size = try unsafe file.read(at: end, into: buffer)
        guard size > 0 else { break }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<size])
        count.inLogs += unsafe Self.newlines(in: bytes)
        unsafe last = bytes[size - 1]
        end += Int64(size)
      }
      // A line without its end is a line once it was taken, or refused as too long.
      if last != 0x0A, log.readTo == end { count.inLogs += 1 }
    }
    try database.transaction {
      count.events = Int(
        try database.integer("SELECT count(*) FROM events WHERE run = \(run)") ?? 0)
      count.refused = Int(
        try database.integer(
          "SELECT count(*) FROM rejected_lines WHERE run = \(run) AND kind IN ('refused', 'torn')")
          ?? 0)
      try database.execute(
        "UPDATE runs SET complete = \(count.isComplete ? 1 : 0) WHERE run = \(run)")
    }
    return count
  }

  private static func newlines(in bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    var rest = unsafe bytes[...]
    while let base = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress,
      let found = unsafe memchr(base, 0x0A, rest.count)
    {
      count += 1
      unsafe rest = rest.dropFirst(UnsafeRawPointer(found) - base + 1)
    }
    return count
  }

  /// Finds the logs that have grown.
  private mutating func look(_ progress: inout Progress) throws {
    for name in try folder.listIfChanged() ?? [] where !known.contains(name) {
      guard let node = programs.node(ofLog: name) else { continue }
      known.insert(name)
      logs.append(Log(file: name, node: node, readTo: 0))
    }
    for index in logs.indices.reversed() {
      let log = logs[index]
      let size = try folder.size(of: log.file)
      if let size, size >= log.readTo {
        if min(size, end(of: log)) != log.seen { backlog.append(index) }
      } else if !log.isReported, log.readTo > 0 {
        // What it held is in the history; what it holds now may be anything.
        logs[index].isReported = true
        let reason =
          size.map { "the log shrank from \(log.readTo) to \($0) bytes: it is not read again" }
          ?? "the log was read up to here and has vanished"
        try writer.reject(
          node: log.node, offset: log.readTo, kind: .log, reason: reason, line: nil)
        progress.rejected += 1
      }
    }
    progress.isUpToDate = backlog.isEmpty
  }

  /// How far a log is read: what a program printed, only as far as it is known when.
  private func end(of log: Log) -> Int64 {
    isFinal || programs.printed[log.node] == nil ? .max : printedTimes.covered(log.node)
  }

  /// Reads a log to its end, or until the transaction has enough; true at its end.
  private mutating func read(_ index: Int, _ progress: inout Progress) throws -> Bool {
    let log = logs[index]
    guard let file = try folder.open(log.file) else { return true }
    var reading = Reading(
      node: log.node, printed: programs.printed[log.node], place: try storedPlace(of: log.node))
    let start = reading.place.readTo
    let end = end(of: log)
    try writer.begin(node: log.node)
    // The byte before the place tells whether it is inside a line that was too long.
    var context = start > 0 ? 1 : 0
    var reachedEnd = false
    while !reachedEnd, progress.lines + reading.progress.lines < Self.linesPerTransaction {
      let offset = reading.place.readTo
      let most = Int(clamping: end - offset) + context
      let count = min(try unsafe file.read(at: offset - Int64(context), into: buffer), most)
      if context > 0, count > 0 { reading.isInsideLongLine = unsafe buffer[0] != 0x0A }
      let bytes = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[context..<max(count, context)])
      context = 0
      reading.isAtEnd = try isFinal && offset + Int64(bytes.count) == folder.size(of: log.file)
      try unsafe take(bytes, &reading)
      logs[index].seen = offset + Int64(bytes.count)
      logs[index].readTo = reading.place.readTo
      reachedEnd = reading.place.readTo == offset
    }
    reading.progress.bytes = Int(reading.place.readTo - start)
    if reading.progress.bytes > 0 { try store(reading.place, of: log) }
    progress = progress + reading.progress
    return reachedEnd
  }

  private static func storedLogs(
    of run: Int64, in database: borrowing Database
  ) throws -> [Log] {
    let statement = try database.prepare(
      "SELECT file, node, read_to FROM log_files WHERE run = ?")
    try statement.bind(.integer(run))
    var logs: [Log] = []
    while try statement.step() {
      logs.append(
        Log(
          file: statement.text(at: 0) ?? "", node: statement.text(at: 1) ?? "",
          readTo: statement.integer(at: 2)))
    }
    return logs
  }

  private func storedPlace(of node: String) throws -> Place {
    try selectFile.bind(.integer(run), .text(node))
    defer { selectFile.reset() }
    guard try selectFile.step() else {
      if node != RunFiles.supervisor {
        try addNode.bind(.integer(run), .text(node))
        try addNode.run()
      }
      return Place()
    }
    return Place(
      readTo: selectFile.integer(at: 0), lastSequence: selectFile.integer(at: 1),
      ended: selectFile.integer(at: 2) != 0)
  }

  private func store(_ place: Place, of log: Log) throws {
    try updateFile.bind(
      .integer(run), .text(log.node), .text(log.file), .integer(place.readTo),
      .integer(place.lastSequence), .integer(place.ended ? 1 : 0))
    try updateFile.run()
  }
}
