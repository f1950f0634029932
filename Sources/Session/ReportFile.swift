package import Checks
import Foundation
package import Messages

/// A file that is to have a report of the verdicts.
package struct ReportFile: Sendable {
  /// What ``init(parsing:)`` takes.
  package static let allowed =
    "FORMAT=FILE, where FORMAT is "
    + Report.Format.allCases.map(\.rawValue).joined(separator: ", ")

  let format: Report.Format
  let path: String

  /// Reads `FORMAT=FILE`.
  package init?(parsing text: String) {
    guard let equals = text.firstIndex(of: "="),
      let format = Report.Format(rawValue: String(text[..<equals])),
      equals != text.indices.last
    else { return nil }
    self.format = format
    path = String(text[text.index(after: equals)...])
  }

  /// Makes sure, before anything starts, that it can be written.
  ///
  /// - Throws: `UsageError` where its folder is missing or cannot be written, or it is a folder
  ///   itself.
  package func check() throws(UsageError) {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard Self.isFolder(folder) else {
      throw UsageError("the report \(path): there is no folder \(folder): make it first")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw UsageError("the report \(path): nothing may be written into \(folder)")
    }
    if Self.isFolder(path) {
      throw UsageError("the report \(path): this is a folder; name a file")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    (try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey]))?
      .isDirectory ?? false
  }

  /// Writes it, whole or not at all.
  ///
  /// - Throws: ``ReportFileError`` with the system's reason.
  package func write(_ report: Report) throws(ReportFileError) {
    do {
      try Data(report.text(format).utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw ReportFileError(description: "cannot write the report \(path): \(words(of: error))")
    }
  }
}

/// A report that could not be written.
package struct ReportFileError: ReportedError {
  package var description: String

  package var exitCode: ExitCode { .error }
}
