import Foundation
import Glibc
import SeedbedTesting
import Testing

extension RunTests {
  /// What a person sees, by `script`, which makes a terminal.
  @Suite("On a terminal", .enabled(if: hasTerminals, "there is no script"))
  struct TerminalTests {
    private let topology = """
      network: gossip
      groups: { seed: { count: 1 }, peer: { count: 4, after: seed } }
      faults: [{ at: 1s, kill: peer-1 }]
      stop: { at: 2s }
      """

    /// Runs `seedbed` on a terminal of 80 columns. Returns all that was written to it.
    private func screen(
      _ workspace: Workspace, _ arguments: String, environment: String = "-u NO_COLOR TERM=xterm"
    ) async throws -> String {
      let command =
        "stty cols 80 rows 24; exec env \(environment) \(workspace.executable) \(arguments)"
      let run = try Invocation(
        "/usr/bin/script", ["-qec", command, "/dev/null"], folder: workspace.folder)
      await run.end()
      #expect(!run.output.isEmpty && run.errors.isEmpty, "\(run.errors)")
      return run.output
    }

    private static let over = "\r\u{1b}[K"

    @Test("the story scrolls above the line that changes", arguments: ["run", "simulate"])
    func story(command: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let seen = try await screen(
        workspace, "\(command) \(file) --no-checks --seed 7 --logs \(workspace.logs)")
      #expect(seen.contains("█") || seen.contains("░"))
      // What is left of a line that is written over is what it says last.
      let lines = seen.split(separator: "\r\n").map { line in
        line.components(separatedBy: Self.over).last ?? ""
      }
      for words in ["launching 5 nodes", "kill peer-1", "stopping (planned)"] {
        #expect(lines.contains { $0.wholeMatch(of: /\d+\.\d\ds (.*)/)?.1 == words[...] }, "\(seen)")
      }
      #expect(lines.contains("completed"))
    }

    @Test(
      "a dumb one, or one that nobody knows, gets plain lines",
      arguments: ["TERM=dumb", "TERM=", "-u TERM"])
    func dumb(environment: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let logs = "--logs \(workspace.logs)"
      for arguments in [
        "simulate \(file) --no-checks \(logs)", "runs \(logs)", "show \(logs)",
        "explore \(file) --seeds 1..2",
      ] {
        let seen = try await screen(workspace, arguments, environment: environment)
        #expect(!seen.contains("\u{1b}"), "\(seen)")
        #expect(seen.replacing("\r\n", with: "").contains("\r") == false, "\(seen)")
      }
    }

    @Test("a run goes on to its end while it is stopped (Ctrl-S), and says then what it had to say")
    func stopped() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
      defer { close(terminal) }
      // pts(4): TIOCSPTLCK and TIOCGPTN.
      var lock: CInt = 0
      var number: CInt = 0
      try #require(unsafe ioctl(terminal, 0x4004_5431, &lock) == 0)
      try #require(unsafe ioctl(terminal, 0x8004_5430, &number) == 0)
      let other = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      try #require(tcflow(other, TCOOFF) == 0)
      let run = Process()
      run.executableURL = URL(filePath: workspace.executable)
      run.arguments = ["run", file, "--no-checks", "--logs", workspace.logs]
      run.environment = ["TERM": "xterm"]
      run.standardOutput = FileHandle(fileDescriptor: other)
      try run.run()
      try await eventually("the run is recorded") {
        FileManager.default.fileExists(atPath: workspace.history)
          && (try? workspace.integer("SELECT complete FROM runs WHERE outcome = 'completed'")) == 1
      }
      #expect(run.isRunning)
      #expect(tcflow(other, TCOON) == 0)
      close(other)
      var seen: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 4_096)
      while true {
        let count = unsafe read(terminal, &piece, piece.count)
        // The other side's end is an error here.
        guard count > 0 else { break }
        seen += piece[..<count]
      }
      run.waitUntilExit()
      #expect(run.terminationStatus == 0)
      let text = String(decoding: seen, as: UTF8.self)
      for words in ["launching 5 nodes", "kill peer-1", "completed\r\n", "events\r\n"] {
        #expect(text.contains(words), "\(text)")
      }
    }

    @Test("tables fit it, and with NO_COLOR they have no colours")
    func tables() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      _ = try await workspace.run(["simulate", file, "--seed", "7"])
      func screen(_ arguments: String, _ environment: String) async throws -> String {
        try await self.screen(
          workspace, "\(arguments) --logs \(workspace.logs)", environment: environment)
      }
      let events = "query 'SELECT kind, peer, data FROM events'"
      for arguments in ["runs", "show", "query 'SELECT * FROM faults'", events] {
        let seen = try await screen(arguments, "TERM=xterm NO_COLOR=1")
        let lines = seen.split(separator: "\r\n")
        // But the facts of a run, which are whole.
        let fitting = lines.filter { !$0.contains(workspace.folder) }
        #expect(fitting.count > 1 && fitting.allSatisfy { $0.count <= 80 }, "\(seen)")
        #expect(!seen.contains("\u{1b}"))
      }
      let seen = try await screen(events, "-u NO_COLOR TERM=xterm")
      #expect(seen.contains("\u{1b}[1mkind") && seen.contains("…"), "\(seen)")
    }
  }
}

/// Whether there are terminals for tests.
private let hasTerminals = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")
