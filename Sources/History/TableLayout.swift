/// The columns of a table: for people on a terminal, or in Markdown.
struct TableLayout {
  /// The least that is left of a text, or of a header above something shorter, before the rows are
  /// better shown as a list.
  private static let leastWidth = 8
  /// What has no letters and is not longer (a number, a date, an address) is not cut: half a number is
  /// another number.
  private static let longestWhole = 24

  private var widths: [Int]
  private var isNumber: [Bool]
  private let isMarkdown: Bool
  /// The most columns of a line, if there is a limit.
  private let width: Int?

  /// - Parameter width: the most columns of a line; `nil`: any number.
  /// - Returns: `nil` where that is too few to leave something of each column.
  init?(columns: [String], rows: [[SQLValue]], isMarkdown: Bool, width: Int?) {
    self.isMarkdown = isMarkdown
    self.width = isMarkdown ? nil : width
    widths = columns.map { $0.printable(inMarkdown: isMarkdown).terminalColumns }
    isNumber = columns.map { _ in !rows.isEmpty }
    var contents = columns.map { _ in 0 }
    var isWhole = columns.map { _ in true }
    for row in rows {
      for (column, value) in row.enumerated() {
        let cell = value.cell(inMarkdown: isMarkdown)
        contents[column] = max(contents[column], cell.terminalColumns)
        switch value {
        case .integer, .real, .null: break
        case .text, .blob:
          isNumber[column] = false
          if cell.contains(where: \.isLetter) { isWhole[column] = false }
        }
      }
    }
    let least = widths.indices.map { column in
      let header = min(widths[column], Self.leastWidth)
      let isWhole = isNumber[column] || isWhole[column] && contents[column] <= Self.longestWhole
      return max(header, isWhole ? contents[column] : min(contents[column], Self.leastWidth))
    }
    widths = zip(widths, contents).map { max($0, $1) }
    guard let width = self.width else { return }
    let room = width - 2 * (widths.count - 1)
    guard let fitting = Self.fit(widths, into: room, least: least) else { return nil }
    widths = fitting
  }

  /// Takes the widest columns down until all fit; `nil` where there is no room for the least.
  private static func fit(_ natural: [Int], into room: Int, least: [Int]) -> [Int]? {
    guard natural.reduce(0, +) > room else { return natural }
    let spare = room - least.reduce(0, +)
    guard spare >= 0 else { return nil }
    var widths = least
    for _ in 0..<spare {
      let growing = widths.indices.filter { widths[$0] < natural[$0] }
      guard let narrowest = growing.min(by: { widths[$0] < widths[$1] }) else { break }
      widths[narrowest] += 1
    }
    return widths
  }

  func header(_ columns: [String], _ style: (String) -> String) -> String {
    let names = columns.map { $0.printable(inMarkdown: isMarkdown) }
    let cells = fitted(names, isHeader: true).enumerated().map { style(padded($1, $0)) }
    let rule = widths.enumerated().map { column, width in
      guard isMarkdown else { return String(repeating: "-", count: width) }
      let dashes = String(repeating: "-", count: max(width, 3) - (isNumber[column] ? 1 : 0))
      return isNumber[column] ? dashes + ":" : dashes
    }
    return joined(cells) + joined(rule)
  }

  func line(_ row: [SQLValue]) -> String {
    let cells = fitted(row.map { $0.cell(inMarkdown: isMarkdown) })
    return joined(cells.enumerated().map { padded($1, $0) })
  }

  /// The cells of a line; where it would be too long, names and texts that are too wide are cut.
  private func fitted(_ cells: [String], isHeader: Bool = false) -> [String] {
    guard let width else { return cells }
    let needed = zip(cells, widths).map { max($0.terminalColumns, $1) }
    guard needed.reduce(2 * (widths.count - 1), +) > width else { return cells }
    return cells.enumerated().map { column, cell in
      isNumber[column] && !isHeader ? cell : cell.cut(to: widths[column])
    }
  }

  private func padded(_ cell: String, _ column: Int) -> String {
    let width = isMarkdown ? max(widths[column], 3) : widths[column]
    let padding = String(repeating: " ", count: max(0, width - cell.terminalColumns))
    return isNumber[column] ? padding + cell : cell + padding
  }

  private func joined(_ cells: [String]) -> String {
    if isMarkdown { return "| \(cells.joined(separator: " | ")) |\n" }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }
}

/// Cells in columns as wide as their widest, a line each: a table without a header.
///
/// - Parameter cells: as many in each row.
package func aligned(_ cells: [[String]]) -> [String] {
  let rows = cells.map { $0.map(SQLValue.text) }
  let names = (cells.first ?? []).map { _ in "" }
  guard let layout = TableLayout(columns: names, rows: rows, isMarkdown: false, width: nil) else {
    preconditionFailure("there is room for any table where lines may be of any length")
  }
  return rows.map { String(layout.line($0).dropLast()) }
}

extension SQLValue {
  /// As people read it, in one line: nothing for NULL.
  func cell(inMarkdown: Bool = false) -> String {
    self == .null ? "" : display.printable(inMarkdown: inMarkdown)
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

extension String {
  /// How many columns of a terminal it takes: two for each ideograph and emoji.
  var terminalColumns: Int { reduce(0) { $0 + $1.terminalColumns } }

  /// As much of it as fits, with `…` where something is missing.
  fileprivate func cut(to width: Int) -> String {
    guard terminalColumns > width else { return self }
    var room = width - 1
    let kept = prefix { character in
      room -= character.terminalColumns
      return room >= 0
    }
    return kept + "…"
  }
}

extension Character {
  /// By the blocks that are wide as a whole (Unicode Standard Annex 11), which is what terminals know.
  fileprivate var terminalColumns: Int {
    guard let scalar = unicodeScalars.first, scalar.value >= 0x1100 else { return 1 }
    if scalar.properties.isEmojiPresentation { return 2 }
    return switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
