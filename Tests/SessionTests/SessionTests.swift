import Checks
import Foundation
import History
import Messages
import Participants
import Session
import Testing

@Suite struct SessionTests {
  @Test(
    "a command that is advised can be pasted into a shell",
    arguments: [
      (["seedbed", "show", "last", "--logs", "/tmp/logs"], "seedbed show last --logs /tmp/logs"),
      (["a b", "", "it's", "$HOME"], #"'a b' '' 'it'\''s' '$HOME'"#),
    ])
  func shellLines(words: [String], line: String) {
    #expect(shellLine(words) == line)
  }

  @Test("a report is a format and a file, and is refused where it cannot be written")
  func reports() throws {
    for text in ["junit", "junit=", "=x", "pdf=x"] { #expect(ReportFile(parsing: text) == nil) }
    let folder = FileManager.default.temporaryDirectory.appending(path: "seedbed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let refusals = [
      "x.xml": nil, "none/x.xml": "there is no folder \(folder.path)/none: make it first",
      "": "this is a folder; name a file",
    ]
    for (name, refusal) in refusals {
      let path = name.isEmpty ? folder.path : "\(folder.path)/\(name)"
      let file = try #require(ReportFile(parsing: "junit=\(path)"))
      do {
        try file.check()
        #expect(refusal == nil)
      } catch {
        #expect(error.description == "the report \(path): \(refusal ?? "")")
      }
    }
  }

  @Test("nothing is removed where a rule names no run, and without a history there is none")
  func pruningNothing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "seedbed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let places = RunPlaces(logs: folder.path, history: "\(folder.path)/history.sqlite")
    _ = try History.open(places.history)
    let pruning = try Pruning(in: places, keeping: 0, olderThan: .zero)
    #expect(pruning.words().lines == [])
    #expect(pruning.words().sum == "0 runs, 0.0 MB")
    try pruning.apply()
    #expect(History.exists(places.history))
  }
}
