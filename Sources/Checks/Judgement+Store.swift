internal import FoundationEssentials
package import History
internal import Participants

extension [Judgement] {
  /// Puts the verdicts on a run into the history, over those that are there of the same checks.
  package func store(run: Int64, history file: String) throws {
    let database = try History.open(file)
    let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
    try database.transaction {
      let statement = try database.prepare(
        """
        INSERT OR REPLACE INTO checks (run, name, promise, severity, verdict, violations, witnesses,
          least_witnesses, reason, rows, judged_t)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
      for judgement in self {
        let check = judgement.check
        try statement.bind(
          .integer(run), .text(check.name), .text(check.promise), .text(check.severity.rawValue),
          .text(judgement.verdict.rawValue), .count(judgement.violations),
          .count(judgement.witnesses), .integer(Int64(check.leastWitnesses)),
          .text(judgement.reason), .text(judgement.rowsAsJSON), .integer(now))
        try statement.run()
      }
    }
  }

  /// All of it as one JSON array, for programs.
  package var json: String {
    var text: [UInt8] = []
    text.appendList("[", self, "]\n") { judgement, text in
      let check = judgement.check
      let fields: [(String, SQLValue)] = [
        ("check", .text(check.name)), ("promise", .text(check.promise)),
        ("severity", .text(check.severity.rawValue)),
        ("verdict", .text(judgement.verdict.rawValue)), ("reason", .text(judgement.reason)),
        ("violations", .count(judgement.violations)), ("witnesses", .count(judgement.witnesses)),
        ("least_witnesses", .integer(Int64(check.leastWitnesses))), ("file", .text(check.file)),
      ]
      text.appendObject(fields)
      text.removeLast()
      text += Array(",\"rows\":".utf8) + Array(judgement.rowsAsJSON.utf8) + Array("}".utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension Judgement {
  /// The kept violations: an array of objects by column.
  var rowsAsJSON: String {
    var text: [UInt8] = []
    text.appendList("[", rows, "]") { row, text in text.appendObject(Array(zip(columns, row))) }
    return String(decoding: text, as: UTF8.self)
  }
}

extension SQLValue {
  fileprivate static func count(_ number: Int?) -> SQLValue {
    number.map { .integer(Int64($0)) } ?? .null
  }
}

extension [UInt8] {
  mutating func appendList<Item>(
    _ opening: String, _ items: [Item], _ closing: String,
    _ append: (Item, inout [UInt8]) -> Void
  ) {
    self += Array(opening.utf8)
    for (index, item) in items.enumerated() {
      if index > 0 { self.append(UInt8(ascii: ",")) }
      append(item, &self)
    }
    self += Array(closing.utf8)
  }

  fileprivate mutating func appendObject(_ fields: [(String, SQLValue)]) {
    appendList("{", fields, "}") { field, text in
      JSONText.append(field.0, to: &text)
      text.append(UInt8(ascii: ":"))
      switch field.1 {
      case .null: text += Array("null".utf8)
      case .integer(let value): text += Array(String(value).utf8)
      case .real(let value): text += Array((value.isFinite ? String(value) : "null").utf8)
      case .text(let value): JSONText.append(value, to: &text)
      case .blob(let bytes): JSONText.append("\(bytes.count) bytes", to: &text)
      }
    }
  }
}
