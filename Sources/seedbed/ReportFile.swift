import Arguments
import Checks
import Foundation

extension Option {
  static let report = Option(
    "report",
    ValueKind("FORMAT=FILE", allowed: ReportFile.allowed) { ReportFile(parsing: $0) != nil },
    "Also write the verdicts to a file: junit, tap, github or markdown.", .repeated)
}

/// A report that `--report` asks for.
struct ReportFile {
  static let allowed =
    "FORMAT=FILE, where FORMAT is "
    + Report.Format.allCases.map(\.rawValue).joined(separator: ", ")

  let format: Report.Format
  let path: String

  init?(parsing text: String) {
    guard let equals = text.firstIndex(of: "="),
      let format = Report.Format(rawValue: String(text[..<equals])),
      equals != text.indices.last
    else { return nil }
    self.format = format
    path = String(text[text.index(after: equals)...])
  }

  /// Makes sure, before anything starts, that the reports that are asked for can be written.
  static func check(_ arguments: ParsedArguments) throws(UsageError) {
    for file in arguments.all("report").compactMap({ ReportFile(parsing: $0) }) {
      let folder = URL(filePath: file.path).deletingLastPathComponent().path
      guard isFolder(folder) else {
        throw UsageError("--report \(file.path): there is no folder \(folder): make it first")
      }
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw UsageError("--report \(file.path): nothing may be written into \(folder)")
      }
      if isFolder(file.path) {
        throw UsageError("--report \(file.path): this is a folder; name a file")
      }
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    (try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey]))?
      .isDirectory ?? false
  }

  static func write(_ arguments: ParsedArguments, _ report: Report) throws {
    for file in arguments.all("report").compactMap({ ReportFile(parsing: $0) }) {
      do {
        try Data(report.text(file.format).utf8).write(
          to: URL(filePath: file.path), options: .atomic)
      } catch {
        throw ReportFileError(
          description: "cannot write the report \(file.path): \(words(of: error))")
      }
    }
  }
}

struct ReportFileError: ReportedError {
  var description: String

  var exitCode: ExitCode { .error }
}
