internal import Messages
internal import Participants
internal import Topology

/// One node's log, for people.
extension ReadOnlyHistory {
  /// Gives the lines of a node's log, each with its newline: from the run's folder as the node wrote
  /// them, or made from the events when its file is gone. With kinds, only events of these kinds
  /// (`link.opened`) or areas (`link`). The history must be limited to a run.
  ///
  /// - Throws: ``HistoryError`` where there is no such node, or its log cannot be read.
  package func forEachLogLine(
    of node: String, kinds: [String] = [], _ body: ([UInt8]) -> Void
  ) throws {
    try check(node)
    let folder = try database.text("SELECT folder FROM runs") ?? ""
    let name = RunFiles.log(of: node)
    // A folder that is gone is not an error here: the events are in the history too.
    if let folder = try? LogFolder(folder), let file = try folder.open(name) {
      try Self.forEachLine(of: file) { line in
        if kinds.isEmpty || Self.isEvent(line, of: kinds) { body(line) }
      }
    } else {
      try forEachStoredLine(of: node) { line in
        if kinds.isEmpty || Self.isEvent(line, of: kinds) { body(line) }
      }
    }
  }

  /// Whether there is an event of a kind, or of a kind of an area.
  ///
  /// - Throws: ``DatabaseError`` where the history cannot be read.
  package func hasEvents(of kind: String) throws -> Bool {
    let statement = try database.prepare(
      "SELECT 1 FROM events WHERE kind = ?1 OR substr(kind, 1, length(?1) + 1) = ?1 || '.' LIMIT 1")
    try statement.bind(.text(kind))
    return try statement.step()
  }

  private func check(_ node: String) throws {
    var nodes = [RunFiles.supervisor]
    let statement = try database.prepare("SELECT node FROM nodes ORDER BY node")
    while try statement.step() { nodes.append(statement.text(at: 0) ?? "") }
    guard !nodes.contains(node) else { return }
    let guess = nearestWord(to: node, among: nodes).map { " (did you mean '\($0)'?)" } ?? ""
    throw HistoryError("this run has no node '\(node)'\(guess): 'seedbed show' lists its groups")
  }

  private static func forEachLine(of file: borrowing LogFile, _ body: ([UInt8]) -> Void) throws {
    var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
    var offset: Int64 = 0
    var line: [UInt8] = []
    while true {
      let count = try unsafe chunk.withUnsafeMutableBytes {
        try unsafe file.read(at: offset, into: $0)
      }
      guard count > 0 else { break }
      offset += Int64(count)
      for byte in chunk[..<count] {
        line.append(byte)
        guard byte == 0x0A else { continue }
        body(line)
        line.removeAll(keepingCapacity: true)
      }
    }
    if !line.isEmpty { body(line + [0x0A]) }
  }

  /// Gives a node's lines as the history can make them again, each with its newline.
  ///
  /// - Throws: ``DatabaseError`` where the history cannot be read.
  package func forEachStoredLine(of node: String, _ body: ([UInt8]) -> Void) throws {
    let statement = try database.prepare(
      """
      SELECT '{"t":' || t || ',"n":' || n || ',"kind":' || json_quote(kind)
        || iif(peer IS NULL, '', ',"peer":' || json_quote(peer))
        || iif(data = '{}', '}', ',' || substr(data, 2)) || char(10)
      FROM events WHERE node = ? ORDER BY n
      """)
    try statement.bind(.text(node))
    while try statement.step() { body(Array((statement.text(at: 0) ?? "").utf8)) }
  }

  private static func isEvent(_ line: [UInt8], of kinds: [String]) -> Bool {
    guard let event = try? EventLine(line.span.extracting(droppingLast: 1)) else { return false }
    let kind = line[event.kind]
    return kinds.contains { wanted in
      kind.elementsEqual(wanted.utf8) || kind.starts(with: "\(wanted).".utf8)
    }
  }
}
