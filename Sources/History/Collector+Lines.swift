internal import Glibc
internal import JSONReading
internal import Participants

/// From bytes to rows.
extension Collector {
  /// Takes the complete lines in `bytes`, which lie at the reading's place, and moves the place behind
  /// them.
  mutating func take(
    _ bytes: UnsafeMutableRawBufferPointer, _ reading: inout Reading
  ) throws {
    guard let base = bytes.baseAddress else { return }
    let start = reading.place.readTo
    var position = 0
    while position < bytes.count {
      let rest = bytes.count - position
      let newline = unsafe memchr(base + position, 0x0A, rest)
      let end = unsafe newline.map { unsafe $0 - base + 1 }
      if reading.isInsideLongLine {
        reading.isInsideLongLine = end == nil
        position = end ?? bytes.count
        continue
      }
      // A line without its end waits for more, as long as it may still be short enough. What a
      // program printed last has no end to come.
      let isLast = reading.isAtEnd && reading.printed != nil
      guard end != nil || rest >= Event.longestLine || isLast else { break }
      let next = end ?? bytes.count
      let offset = start + Int64(position)
      if end != nil || isLast, next - position <= Event.longestLine {
        let text = position..<(end == nil ? next : next - 1)
        let line = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[text])
        if let printed = reading.printed {
          let line = UnsafeRawBufferPointer(line)
          try unsafe take(printed, line, at: offset, endingAt: start + Int64(next), &reading)
        } else {
          try unsafe take(line: line, at: offset, &reading)
        }
      } else {
        // It counts as one of the lines that were printed.
        if reading.printed != nil { reading.place.lastSequence += 1 }
        let line = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<next])
        let reason = "longer than \(Event.longestLine) bytes"
        try unsafe reject(line, at: offset, .refused, reason, &reading)
        reading.isInsideLongLine = end == nil
      }
      position = next
    }
    // The next read overwrites the texts.
    try writer.flush()
    reading.place.readTo = start + Int64(position)
  }

  /// Takes one line, without its newline.
  private mutating func take(
    line: UnsafeMutableRawBufferPointer, at offset: Int64, _ reading: inout Reading
  ) throws {
    let text = UnsafeRawBufferPointer(line)
    let event: EventLine
    do {
      event = try unsafe EventLine(line.assumingMemoryBound(to: UInt8.self).span)
    } catch {
      // A log writes a line from its first byte on: one that begins well and lacks its end was cut.
      let isTorn = unsafe text.starts(with: "{\"t\":".utf8) && text.last != UInt8(ascii: "}")
      return try unsafe reject(
        text, at: offset, isTorn ? .torn : .refused, error.description, &reading)
    }
    let last = reading.place.lastSequence
    guard event.sequence > last else {
      return try unsafe reject(
        text, at: offset, .refused, "n = \(event.sequence) after \(last)", &reading)
    }
    if event.sequence != last + 1 {
      let reason = "n = \(event.sequence) after \(last): lines are missing (this one was kept)"
      try unsafe reject(text, at: offset, .gap, reason, &reading)
    }
    reading.place.lastSequence = event.sequence
    let kind = unsafe UnsafeRawBufferPointer(rebasing: text[event.kind])
    // The few kinds that mean more than themselves.
    let name: String? =
      if unsafe reading.isSupervisor || kind.starts(with: "node.".utf8) {
        unsafe String(decoding: kind, as: UTF8.self)
      } else {
        nil
      }
    if !reading.isSupervisor {
      guard !reading.place.ended || name == RecordedFacts.ready else {
        return try unsafe reject(
          text, at: offset, .refused, "after the node's node.stopped", &reading)
      }
      reading.place.ended = name == RecordedFacts.stopped
    }
    let data = unsafe Self.data(of: event, in: line)
    try unsafe writer.add(
      EventWriter.Row(
        sequence: event.sequence, time: event.time, kind: kind,
        peer: event.peer.map { unsafe UnsafeRawBufferPointer(rebasing: text[$0]) }, data: data))
    reading.progress.lines += 1
    let facts =
      reading.isSupervisor
      ? RecordedFacts.ofSupervisor
      : programs.nodes.contains(reading.node) ? RecordedFacts.ofProgram : RecordedFacts.ofNode
    if let name, let sql = facts[name] {
      let text = unsafe String(decoding: data, as: UTF8.self)
      let problem = try record(sql, time: event.time, data: text, of: reading.node)
      if let problem { try unsafe reject(data, at: offset, .remark, problem, &reading) }
    }
  }

  /// Takes a line that a program printed: an event in any case.
  private mutating func take(
    _ printed: PrintedLines, _ line: UnsafeRawBufferPointer, at offset: Int64,
    endingAt end: Int64, _ reading: inout Reading
  ) throws {
    let row = unsafe printed.row(line)
    let seen = printedTimes.time(of: reading.node, endingAt: end) ?? programs.launched
    reading.place.lastSequence += 1
    reading.progress.lines += 1
    try writer.add(
      sequence: reading.place.lastSequence, time: row.time ?? seen, kind: row.kind,
      peer: row.peer, data: row.data)
    if let sql = RecordedFacts.ofProgram[row.kind] {
      _ = try record(sql, time: seen, data: row.data, of: reading.node)
    }
    if let remark = row.remark { try unsafe reject(line, at: offset, .remark, remark, &reading) }
  }

  /// The fields after `kind` and `peer` as an object of their own, in place: the comma before the
  /// first becomes its opening brace.
  private static func data(
    of event: EventLine, in line: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    guard let fields = event.fields else { return unsafe noFields }
    unsafe line[fields] = UInt8(ascii: "{")
    return unsafe UnsafeRawBufferPointer(rebasing: line[fields..<event.end])
  }

  private static var noFields: UnsafeRawBufferPointer {
    let text: StaticString = "{}"
    return unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// Runs what an event means for the other tables; gives what did not fit there.
  private func record(
    _ sql: String, time: Int64, data: String, of node: String
  ) throws(DatabaseError) -> String? {
    let statement = try database.prepare(sql)
    try statement.bind([
      ":run": .integer(run), ":node": .text(node), ":t": .integer(time),
      ":data": .text(data),
    ])
    do {
      try statement.run()
      return nil
    } catch  where error.isConstraint {
      return "\(error.message) (the event itself was kept)"
    }
  }

  /// Records why a line did not become an event, or not without a remark.
  private func reject(
    _ line: UnsafeRawBufferPointer, at offset: Int64, _ kind: RejectedLine, _ reason: String,
    _ reading: inout Reading
  ) throws {
    let text = unsafe String(decoding: line.prefix(Self.longestRejection), as: UTF8.self)
    try writer.reject(node: reading.node, offset: offset, kind: kind, reason: reason, line: text)
    reading.progress.rejected += 1
  }
}
