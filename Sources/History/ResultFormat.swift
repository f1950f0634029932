/// How the rows of a query are written.
package enum ResultFormat: String, CaseIterable, Sendable {
  /// Aligned columns for people.
  case table
  /// RFC 4180: fields with commas, quotes or line breaks are quoted; lines end in CR LF. NULL is an
  /// empty field, and an empty text a quoted one.
  case csv
  /// One array of objects.
  case json
  /// One object per line.
  case ndjson
  /// A table as GitHub shows it.
  case markdown
}

/// Writes rows as they come. Only `table` and `markdown` hold rows back: the first thousand, whose
/// contents decide the columns' widths and which of them hold numbers.
package struct ResultWriter<Output: TextOutputStream> {
  /// How many rows decide the layout of a table.
  package static var layoutRows: Int { 1_000 }

  private let format: ResultFormat
  private let columns: [String]
  /// Gives a table's NULL and its header their looks.
  private let style: (String, ResultStyle) -> String
  private var output: Output
  private var held: [[SQLValue]] = []
  private var layout: TableLayout?
  package private(set) var rowCount = 0

  package init(
    _ format: ResultFormat, columns: [String], to output: Output,
    style: @escaping (String, ResultStyle) -> String = { text, _ in text }
  ) {
    self.format = format
    self.columns = format == .json || format == .ndjson ? Self.distinct(columns) : columns
    self.style = style
    self.output = output
  }

  /// Writes the rows of a statement, and gives the output back.
  package static func write(
    _ statement: borrowing Statement, as format: ResultFormat, to output: Output,
    style: @escaping (String, ResultStyle) -> String = { text, _ in text }
  ) throws(DatabaseError) -> Output {
    var writer = ResultWriter(format, columns: statement.columnNames, to: output, style: style)
    while try statement.step() {
      writer.add((0..<statement.columnCount).map { statement.value(at: $0) })
    }
    return writer.finish()
  }

  package mutating func add(_ row: [SQLValue]) {
    rowCount += 1
    switch format {
    case .table, .markdown:
      if let layout { return output.write(layout.line(row, style)) }
      held.append(row)
      if held.count == Self.layoutRows { writeHeld() }
    case .csv:
      if rowCount == 1 { writeCSVHeader() }
      output.write(row.map(CSVText.field).joined(separator: ",") + "\r\n")
    case .json:
      output.write((rowCount == 1 ? "[\n" : ",\n") + JSONResult.object(columns, row))
    case .ndjson:
      output.write(JSONResult.object(columns, row) + "\n")
    }
  }

  /// Writes what is left, and gives the output back.
  package consuming func finish() -> Output {
    switch format {
    case .table, .markdown: if layout == nil { writeHeld() }
    case .csv: if rowCount == 0 { writeCSVHeader() }
    case .json: output.write(rowCount == 0 ? "[]\n" : "\n]\n")
    case .ndjson: break
    }
    return output
  }

  private mutating func writeCSVHeader() {
    output.write(columns.map(CSVText.quoted).joined(separator: ",") + "\r\n")
  }

  private mutating func writeHeld() {
    let layout = TableLayout(columns: columns, rows: held, isMarkdown: format == .markdown)
    self.layout = layout
    output.write(layout.header(columns, style))
    for row in held { output.write(layout.line(row, style)) }
    held = []
  }

  /// Members of one object need names of their own: `a`, `a:2`, `a:3`.
  private static func distinct(_ names: [String]) -> [String] {
    var uses: [String: Int] = [:]
    return names.map { name in
      uses[name, default: 0] += 1
      return uses[name].flatMap { $0 > 1 ? "\(name):\($0)" : nil } ?? name
    }
  }
}

/// What a part of a table is, for whoever gives it a look.
package enum ResultStyle: Sendable {
  case header
  case null
}

/// The columns of a table: for people on a terminal, or in Markdown.
private struct TableLayout {
  private var widths: [Int]
  private var isNumber: [Bool]
  private let isMarkdown: Bool

  init(columns: [String], rows: [[SQLValue]], isMarkdown: Bool) {
    self.isMarkdown = isMarkdown
    widths = columns.map { $0.printable(inMarkdown: isMarkdown).count }
    isNumber = columns.map { _ in !rows.isEmpty }
    for row in rows {
      for (column, value) in row.enumerated() {
        widths[column] = max(widths[column], value.display.printable(inMarkdown: isMarkdown).count)
        switch value {
        case .integer, .real, .null: break
        case .text, .blob: isNumber[column] = false
        }
      }
    }
  }

  func header(_ columns: [String], _ style: (String, ResultStyle) -> String) -> String {
    let cells = columns.enumerated().map { column, name in
      style(padded(name.printable(inMarkdown: isMarkdown), column), .header)
    }
    let rule = widths.enumerated().map { column, width in
      guard isMarkdown else { return String(repeating: "-", count: width) }
      let dashes = String(repeating: "-", count: max(width, 3) - (isNumber[column] ? 1 : 0))
      return isNumber[column] ? dashes + ":" : dashes
    }
    return joined(cells) + joined(rule)
  }

  func line(_ row: [SQLValue], _ style: (String, ResultStyle) -> String) -> String {
    joined(
      row.enumerated().map { column, value in
        let cell = padded(value.display.printable(inMarkdown: isMarkdown), column)
        return value == .null ? style(cell, .null) : cell
      })
  }

  private func padded(_ cell: String, _ column: Int) -> String {
    let width = isMarkdown ? max(widths[column], 3) : widths[column]
    let padding = String(repeating: " ", count: max(0, width - cell.count))
    return isNumber[column] ? padding + cell : cell + padding
  }

  private func joined(_ cells: [String]) -> String {
    if isMarkdown { return "| \(cells.joined(separator: " | ")) |\n" }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }
}

extension String {
  /// The text in one line, without the control characters that a terminal might obey: much of what
  /// is printed came from a stranger.
  package func printable(inMarkdown: Bool = false) -> String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": result += inMarkdown ? "<br>" : "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "|" where inMarkdown: result += "\\|"
      case "\u{0}"..<" ", "\u{7f}"..<"\u{a0}": result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

private enum CSVText {
  static func field(_ value: SQLValue) -> String {
    switch value {
    case .null: ""
    case .text(""): "\"\""
    case .integer, .real, .text, .blob: quoted(value.display)
    }
  }

  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: false
      default: true
      }
    }
    return isPlain
      ? text
      : "\""
        + text.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
  }
}

private enum JSONResult {
  static func object(_ names: [String], _ row: [SQLValue]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (name, value) in zip(names, row) {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      append(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      switch value {
      case .null: bytes.append(contentsOf: "null".utf8)
      case .integer, .real: bytes.append(contentsOf: value.display.utf8)
      case .text, .blob: append(value.display, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes.append(contentsOf: "\\u\(digits.count == 1 ? "000" : "00")\(digits)".utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension SQLValue {
  /// As people read it: `NULL`, numbers in their shortest exact form, blobs in SQL's notation.
  package var display: String {
    switch self {
    case .null: "NULL"
    case .integer(let integer): String(integer)
    // No JSON number is infinite, but every reader takes this for an infinity, SQLite as well.
    case .real(let real): real.isInfinite ? (real < 0 ? "-9e999" : "9e999") : real.description
    case .text(let text): text
    case .blob(let bytes):
      "X'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
    }
  }
}
