import Foundation
import SeedbedTesting
import Testing

/// What commands print in the documentation: a block of commands and output after a mark.
///
/// - `<!-- Recorded -->`: the output is the commands' own, letter for letter but for the run's name, and
///   `make docs` writes it anew. A line `…` stands for what is left out; as many lines as are shown before
///   and after it are kept.
/// - `<!-- Live -->`: real processes were timed. The same topology and seed, simulated, must give the same
///   lines but for the numbers.
struct RecordedBlock {
  static let recorded = "<!-- Recorded -->"
  static let live = "<!-- Live -->"
  static let console = "```console"
  private static let elision = "…"

  let page: String
  /// The line after its opening fence, from 0.
  let start: Int
  let isRecorded: Bool
  var commands: [(text: String, output: [String])] = []

  /// The blocks of a page's lines, marked as they are; `nil` for one that has no mark.
  static func all(on page: String, _ lines: [String]) -> [(block: RecordedBlock?, place: Int)] {
    lines.indices.filter { lines[$0] == console }.map { fence in
      let mark = fence > 0 ? lines[fence - 1] : ""
      let end = lines[fence...].firstIndex(of: "```") ?? lines.endIndex
      guard [recorded, live].contains(mark) else { return (nil, fence) }
      var block = RecordedBlock(page: page, start: fence + 1, isRecorded: mark == recorded)
      var isOpen = false
      for line in lines[(fence + 1)..<end] {
        if line.hasPrefix("$ ") {
          block.commands.append((String(line.dropFirst(2)), []))
        } else if isOpen {
          block.commands[block.commands.count - 1].text += "\n\(line)"
        } else {
          block.commands[block.commands.count - 1].output.append(line)
        }
        // A command goes on until its quotes are closed.
        if line.hasPrefix("$ ") || isOpen {
          let quotes = line.replacing("\\\"", with: "").count { $0 == "\"" }
          isOpen = isOpen != (quotes % 2 == 1)
        }
      }
      return (block, fence)
    }
  }

  /// A block's lines again.
  var lines: [String] {
    commands.flatMap { "$ \($0.text)".split(separator: "\n").map(String.init) + $0.output }
  }

  /// What is shown of an output, in the manner of what was shown before.
  static func shown(_ output: [String], like before: [String]) -> [String] {
    let name = before.lazy.compactMap(runName).first
    let named = output.map { line in
      guard let name, let own = runName(line) else { return line }
      return line.replacing(own, with: name)
    }
    guard let gap = before.firstIndex(of: elision) else { return named }
    let tail = before.count - gap - 1
    guard named.count > gap + tail else { return named }
    return Array(named[..<gap]) + [elision] + Array(named[(named.count - tail)...])
  }

  private static func runName(_ line: String) -> String? {
    line.firstMatch(of: /\d{8}-\d{6}-[a-z]+-[0-9a-f]{4}/).map { String($0.0) }
  }

  /// A line without what differs from one execution to the next.
  static func shape(_ line: String) -> String {
    let line = line.hasPrefix("simulated run") ? String(line.dropFirst("simulated ".count)) : line
    return line.replacing(runName(line) ?? "\n", with: "NAME")
      .replacing(/(^|[ (])-?[0-9][0-9.,]*/) { "\($0.output.1)#" }
      .replacing(/[ ] +/, with: "  ")
  }
}

extension RunTests {
  @Suite("Outputs in the documentation")
  struct RecordedOutputTests {
    private static let isRecording = ProcessInfo.processInfo.environment["SEEDBED_RECORD"] == "1"

    private static let pages: [String] =
      ["README.md"] + names("docs").filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
      + names("networks").map { "networks/\($0)/README.md" }
      .filter { FileManager.default.fileExists(atPath: "\(Page.root)/\($0)") }

    private static func names(_ folder: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(Page.root)/\(folder)")) ?? [])
        .sorted()
    }

    private static func lines(_ page: String) throws -> [String] {
      try Page.text(page).split(separator: "\n", omittingEmptySubsequences: false)
        .map(String.init)
    }

    private func output(of command: String, in workspace: Workspace) async throws -> [String] {
      let run = try workspace.startHere("{ \(command)\n} 2>&1 || true")
      await run.end()
      let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
      return lines.dropLast().map(String.init)
    }

    @Test("Every block of a simulation is recorded, and every block of a live run is compared")
    func marked() throws {
      var recorded = 0
      var live = 0
      for page in Self.pages {
        let lines = try Self.lines(page)
        for (block, place) in RecordedBlock.all(on: page, lines) {
          let command = lines[place + 1]
          if command.hasPrefix("$ seedbed ") {
            #expect(block != nil, "\(page):\(place + 1) has no mark")
            let isLive = command.hasPrefix("$ seedbed run")
            #expect(block?.isRecorded != isLive, "\(page):\(place + 1) has the other mark")
          }
          guard let block else { continue }
          if block.isRecorded { recorded += 1 } else { live += 1 }
        }
      }
      #expect(recorded >= 4 && live >= 2)
    }

    @Test("Those that are recorded are what the commands print", arguments: pages)
    func outputs(page: String) async throws {
      var lines = try Self.lines(page)
      for block in RecordedBlock.all(on: page, lines).compactMap(\.block).reversed()
      where block.isRecorded {
        let workspace = try Workspace.ofTheRepository()
        var made = block
        for index in block.commands.indices {
          let output = try await output(of: block.commands[index].text, in: workspace)
          made.commands[index].output = RecordedBlock.shown(
            output, like: block.commands[index].output)
        }
        if Self.isRecording {
          lines.replaceSubrange(block.start..<(block.start + block.lines.count), with: made.lines)
        } else {
          #expect(
            made.lines == block.lines, "\(page):\(block.start + 1) is out of date: run 'make docs'")
        }
      }
      if Self.isRecording {
        try lines.joined(separator: "\n")
          .write(toFile: "\(Page.root)/\(page)", atomically: true, encoding: .utf8)
      }
    }

    @Test("Those of live runs tell what the same plan gives when it is simulated", arguments: pages)
    func shapes(page: String) async throws {
      for block in RecordedBlock.all(on: page, try Self.lines(page)).compactMap(\.block)
      where !block.isRecorded {
        let workspace = try Workspace.ofTheRepository()
        for command in block.commands {
          if command.text.hasPrefix("seedbed run") {
            let seed = try #require(command.output.first?.firstMatch(of: /seed (\d+)/)).1
            let output = try await output(
              of: command.text.replacing("seedbed run", with: "seedbed simulate")
                .replacing(/[ ]--seed \d+/, with: "") + " --seed \(seed)", in: workspace)
            #expect(
              command.output.map(RecordedBlock.shape).sorted()
                == output.filter { !$0.hasPrefix("digest") }.map(RecordedBlock.shape).sorted(),
              "\(page):\(block.start + 1)")
          } else {
            // A table: the names of its columns.
            let output = try await output(of: command.text, in: workspace)
            #expect(
              command.output.first?.split(separator: " ") == output.first?.split(separator: " "),
              "\(page):\(block.start + 1)")
          }
        }
      }
    }
  }
}
