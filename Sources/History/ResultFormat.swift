internal import Participants

/// How the rows of a query are written.
package enum ResultFormat: String, CaseIterable, Sendable {
  /// Aligned columns for people.
  case table
  /// A line for each column of a row, for people.
  case list
  /// Fields with commas, quotes or line breaks are quoted; lines end in LF, as shells expect. NULL is an
  /// empty field, and an empty text a quoted one.
  case csv
  /// The same with lines that end in CR LF: RFC 4180.
  case csvCRLF = "csv-crlf"
  /// One array of objects.
  case json
  /// One object per line.
  case ndjson
  /// A table as GitHub shows it.
  case markdown
}

/// How people see rows.
package struct ResultLook {
  /// The most columns of a line of a table; `nil` where lines may be of any length.
  package var width: Int?
  /// Whether a table and CSV begin with the columns' names.
  package var hasHeader: Bool
  /// Gives a header, or a part of one, its looks.
  package var header: (String) -> String

  package init(
    width: Int? = nil, hasHeader: Bool = true, header: @escaping (String) -> String = { $0 }
  ) {
    self.width = width
    self.hasHeader = hasHeader
    self.header = header
  }
}

/// Writes rows as they come. Only `table` and `markdown` hold rows back: the first thousand, whose
/// contents decide the columns' widths and which of them hold numbers.
package struct ResultWriter<Output: TextOutputStream> {
  /// How many rows decide the layout of a table.
  package static var layoutRows: Int { 1_000 }

  /// `list` instead of a table whose columns the width has no room for.
  private var format: ResultFormat
  private let columns: [String]
  private let look: ResultLook
  private var output: Output
  private var held: [[SQLValue]] = []
  private var layout: TableLayout?
  package private(set) var rowCount = 0

  package init(
    _ format: ResultFormat, columns: [String], to output: Output, look: ResultLook = ResultLook()
  ) {
    self.format = format
    self.columns = format == .json || format == .ndjson ? Self.distinct(columns) : columns
    self.look = look
    self.output = output
  }

  /// Writes the rows of a statement, and gives the output back.
  ///
  /// - Throws: ``DatabaseError`` from the statement's next row; the rows before it were written.
  package static func write(
    _ statement: borrowing Statement, as format: ResultFormat, to output: Output,
    look: ResultLook = ResultLook()
  ) throws(DatabaseError) -> Output {
    var writer = ResultWriter(format, columns: statement.columnNames, to: output, look: look)
    while try statement.step() {
      writer.add((0..<statement.columnCount).map { statement.value(at: $0) })
    }
    return writer.finish()
  }

  /// Takes a row, with a value for each column.
  package mutating func add(_ row: [SQLValue]) {
    rowCount += 1
    switch format {
    case .table, .markdown:
      if let layout { return output.write(layout.line(row)) }
      held.append(row)
      if held.count == Self.layoutRows { writeHeld() }
    case .list: writeList(row)
    case .csv, .csvCRLF:
      if rowCount == 1 { writeCSVHeader() }
      writeCSV(row.map(CSVText.field))
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
    case .csv, .csvCRLF: if rowCount == 0 { writeCSVHeader() }
    case .json: output.write(rowCount == 0 ? "[]\n" : "\n]\n")
    case .list, .ndjson: break
    }
    return output
  }

  private mutating func writeCSVHeader() {
    if look.hasHeader { writeCSV(columns.map(CSVText.quoted)) }
  }

  private mutating func writeCSV(_ fields: [String]) {
    output.write(fields.joined(separator: ",") + (format == .csvCRLF ? "\r\n" : "\n"))
  }

  /// An empty line stands between two rows.
  private mutating func writeList(_ row: [SQLValue], isFirst: Bool = false) {
    let names = columns.map { $0.printable() }
    let width = names.map(\.terminalColumns).max() ?? 0
    if rowCount > 1, !isFirst { output.write("\n") }
    for (name, value) in zip(names, row) {
      let cell = value.cell()
      output.write(look.header(name))
      if !cell.isEmpty {
        output.write(String(repeating: " ", count: width - name.terminalColumns + 2) + cell)
      }
      output.write("\n")
    }
  }

  private mutating func writeHeld() {
    let layout = TableLayout(
      columns: columns, rows: held, isMarkdown: format == .markdown, width: look.width)
    if let layout {
      self.layout = layout
      if look.hasHeader { output.write(layout.header(columns, look.header)) }
      for row in held { output.write(layout.line(row)) }
    } else {
      format = .list
      for (index, row) in held.enumerated() { writeList(row, isFirst: index == 0) }
    }
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
      JSONText.append(name, to: &bytes, atMost: .max)
      bytes.append(UInt8(ascii: ":"))
      switch value {
      case .null: bytes.append(contentsOf: "null".utf8)
      case .integer, .real: bytes.append(contentsOf: value.display.utf8)
      case .text, .blob: JSONText.append(value.display, to: &bytes, atMost: .max)
      }
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension SQLValue {
  /// As SQL has it: `NULL`, numbers in their shortest exact form, blobs in SQL's notation.
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
