import Foundation
import Glibc
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("What is refused before anything starts")
  struct RefusalTests {
    private let topology = """
      network: gossip
      groups: { seed: { count: 1 }, peer: { count: 2, after: seed } }
      stop: { at: 300ms }

      """

    /// The command lines have T for the topology and F for the workspace's folder.
    @Test(
      "Nothing is left of a run that is refused, and the message says why",
      arguments: [
        ("run T --bound-to 2147483647", "there is no process 2147483647"),
        ("run T --history T", "file is not a database"),
        ("run T --history F/none/h.sqlite", "there is no folder"),
        ("run T --report junit=F/none/r.xml", "there is no folder F/none: make it first"),
        ("run T --report junit=F", "this is a folder; name a file"),
        ("simulate T --report tap=F/none/r.tap", "there is no folder F/none: make it first"),
        ("run T --no-checks --report junit=F/r.xml", "leave one out"),
        ("run T --timeout 3s", "--timeout belongs to --wait, which is not given"),
        ("run T --wait runbegan", "no kind of event 'runbegan' (did you mean 'run.began'?)"),
        ("run T --wait run.began --wait link.opend", "(did you mean 'link.opened'?)"),
        ("run T --wait SELECT%20nope", "no such column: nope"),
        ("run T --wait SELECT%201;%20SELECT%202", "more than one statement"),
        ("run T --wait DELETE%20FROM%20runs", "open for reading only"),
        ("run T --wait run.began --set stop.at=6", "found '6' (did you mean '6s'?)"),
        ("run T --config F/far.txt", "8.8.8.8:4000 is no address of this machine"),
        ("run T --config F/named.txt", "'localhost:4000': give the host as a number"),
        ("spawn kademlia --kill 31", "'31' is no value for --kill; allowed: at most 30"),
        (
          "spawn gossip --peers 20000",
          "networks/gossip/spawn.yaml:6:12: 20005 nodes in all; 20000 at most"
        ),
        ("spawn gossip --for 20", "'20' is no value for --for (did you mean '20s'?)"),
      ])
    func refusals(line: String, message: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      _ = try workspace.write("8.8.8.8:4000\n", to: "far.txt")
      _ = try workspace.write("localhost:4000\n", to: "named.txt")
      func filled(_ text: some StringProtocol) -> String {
        String(text).replacing(/\bT\b/, with: file).replacing(/\bF\b/, with: workspace.folder)
          .replacing("%20", with: " ")
      }
      let refused = try await workspace.run(line.split(separator: " ").map { filled($0) })
      #expect(refused.status == 64, "\(refused.output)\(refused.errors)")
      #expect(refused.errors.contains(filled(message)), "\(refused.errors)")
      #expect(workspace.runs.isEmpty)
      let left = try? FileManager.default.contentsOfDirectory(atPath: workspace.logs)
      #expect((left ?? []).filter { !$0.hasPrefix("history") }.isEmpty)
      for command in ["ps", "runs"] {
        let listed = try await workspace.run([command])
        #expect(listed.errors.isEmpty || listed.errors.contains("there are no runs yet"))
      }
    }

    private static let hasPython = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")

    /// Lets no process of what follows open a pidfd: system call 434 everywhere.
    private let withoutPidfds = """
      import ctypes, os, struct, sys
      libc = ctypes.CDLL(None, use_errno=True)
      code = b''.join(struct.pack('HBBI', *line) for line in [
        (0x20, 0, 0, 0), (0x15, 0, 1, 434), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)])
      buffer = ctypes.create_string_buffer(code)
      program = struct.pack('HP', 4, ctypes.addressof(buffer))
      assert libc.prctl(38, 1, 0, 0, 0) == 0
      assert libc.prctl(22, 2, program, 0, 0) == 0
      os.execv(sys.argv[1], sys.argv[1:])
      """

    @Test(
      "Where processes cannot be watched, the run is refused with the reason",
      .enabled(if: hasPython, "there is no /usr/bin/python3"))
    func noPidfd() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try Invocation(
        "/usr/bin/python3",
        ["-c", withoutPidfds, workspace.executable, "run", file, "--logs", workspace.logs],
        folder: workspace.folder)
      #expect(await run.end() == 3, "\(run.output)\(run.errors)")
      #expect(
        run.errors.contains("cannot watch processes with pidfd_open (Operation not permitted)"),
        "\(run.errors)")
      #expect(workspace.runs.isEmpty)
    }

    /// Starts `seedbed` where the system has no more of something to give.
    private static func start(
      _ arguments: [String], without limit: String, _ workspace: Workspace
    ) throws -> Invocation {
      let line = "echo 0 > /proc/sys/user/max_\(limit) && exec \"$0\" \"$@\""
      return try Invocation(
        "/usr/bin/unshare",
        ["-Ur", "/bin/sh", "-c", line, workspace.executable] + arguments
          + ["--logs", workspace.logs], folder: workspace.folder)
    }

    private static func canLimit() async -> Bool {
      guard let workspace = try? Workspace(),
        let run = try? start(["ps"], without: "inotify_instances", workspace)
      else { return false }
      return await run.end() == 0
    }

    @Test(
      "Where there may be no namespaces, a run in them is refused, and leaves nothing",
      .enabled("a user namespace can have limits", canLimit))
    func noNamespaces() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology + "isolation: namespace\n", to: "t.yaml")
      let run = try Self.start(["run", file], without: "net_namespaces", workspace)
      #expect(await run.end() == 64, "\(run.output)\(run.errors)")
      #expect(run.errors.contains("isolation: namespace"), "\(run.errors)")
      #expect(workspace.runs.isEmpty)
    }

    @Test(
      "Where the system has no more inotify watches, the run goes on without",
      .enabled("a user namespace can have limits", canLimit),
      arguments: ["instances", "watches"])
    func noInotify(kind: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups:
          seed: { count: 1 }
          peer: { count: 2, after: seed }
          talker:
            count: 1
            command: [/bin/sh, -c, "echo up; sleep 0.2; echo more; exec sleep 1000"]
            ready: { log: up }
        faults: [{ at: 100ms, restart: peer-1 }]
        stop: { at: 600ms }
        """, to: "t.yaml")
      let run = try Self.start(
        ["run", file, "--no-checks"], without: "inotify_\(kind)", workspace)
      #expect(await run.end() == 0, "\(run.output)\(run.errors)")
      #expect(run.output.contains("restart peer-1: back"), "\(run.output)")
      #expect(
        try workspace.integer(
          "SELECT count(DISTINCT t) FROM events WHERE node = 'talker-1' AND kind LIKE 'node.%'")
          == 2)
    }
  }
}
