import Foundation
import Glibc
import SeedbedTesting
import Testing

extension RunTests {
  /// Programs that know nothing of faults, with a relay between them.
  @Suite("A relay between programs", .enabled(if: hasPython, "there is no Python"))
  struct RelayRunTests {
    /// Sends numbered lines to all that it is told of, by TCP and UDP, and has each sent back. It
    /// prints what comes, how long that took, and whose host it came from if that is not the sender's.
    private static let program = """
      import socket, sys, threading, time
      own, port = sys.argv[1], int(sys.argv[2])
      others = [other for other in sys.argv[3].split(",") if other]
      listener = socket.create_server(("127.0.0.1", port))
      datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      datagrams.bind(("127.0.0.1", port))

      def heard(kind, line, host):
          word, sender, number, sent = line.split()[:4]
          answer = f"echo {own} {number} {sent}\\n".encode()
          if word == "line" and host != sender.split(":")[0]: say(f"stranger {host}")
          say(f"{word} {kind} {sender} {number} {sent} {int(time.time() * 1e6)}")
          return answer

      def say(text):
          sys.stdout.write(text + "\\n")
          sys.stdout.flush()

      def serve(conn, host):
          for line in conn.makefile():
              try: conn.sendall(heard("tcp", line, host))
              except OSError: return

      def read(conn):
          try:
              for line in conn.makefile(): heard("tcp", line, "")
          except OSError: pass

      def accept():
          while True:
              conn, (host, _) = listener.accept()
              threading.Thread(target=serve, args=(conn, host), daemon=True).start()

      def receive():
          while True:
              data, source = datagrams.recvfrom(2000)
              line = data.decode()
              answer = heard("udp", line, source[0])
              if line.startswith("line"): datagrams.sendto(answer, source)

      def send(other):
          host, port = other.split(":")
          number = 0
          while True:
              try:
                  conn = socket.create_connection((host, int(port)))
                  threading.Thread(target=read, args=(conn,), daemon=True).start()
                  while True:
                      number += 1
                      line = f"line {own} {number} {int(time.time() * 1e6)} {'x' * 300}\\n".encode()
                      conn.sendall(line)
                      datagrams.sendto(line, (host, int(port)))
                      time.sleep(0.01)
              except OSError:
                  say(f"again {other}")
                  time.sleep(0.01)

      say("up")
      for work, *words in [(accept,), (receive,)] + [(send, other) for other in others]:
          threading.Thread(target=work, args=words, daemon=True).start()
      threading.Event().wait()
      """

    private static let events = """
      events: [{ match: '^(?<word>line|echo) (?<by>\\w+) (?<from>\\S+) (?<number>\\d+) (?<sent>\\d+) \
      (?<got>\\d+)$', kind: line.received, numbers: [number, sent, got] }, \
      { match: '^stranger (?<host>.*)$', kind: line.strange }, \
      { match: '^again (?<to>.*)$', kind: dial.repeated }]
      """

    private static let topology = """
      network: theirs
      isolation: relay
      groups:
        server:
          count: 2
          command: [python3, node.py, '{address}', '{port}', '']
          files: [node.py]
          ready: { log: ^up }
          \(events)
        client:
          count: 8
          after: server
          command: [python3, node.py, '{address}', '{port}', '{address:server}']
          files: [node.py]
          ready: { log: ^up }
          \(events)
      """

    private func write(_ rest: String, to workspace: Workspace) throws -> String {
      _ = try workspace.write(Self.program, to: "node.py")
      return try workspace.write("\(Self.topology)\n\(rest)\nchecks: []\n", to: "t.yaml")
    }

    /// The relay of a run, by its process ID.
    private func relay(of supervisor: Int32) -> Int32? {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return names.lazy.compactMap { Int32($0) }.first { id in
        commandLine(of: id).contains("relay")
          && (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8))?
            .contains("\nPPid:\t\(supervisor)\n") == true
      }
    }

    /// Nothing of a process that has ended.
    private func commandLine(of id: Int32) -> [String] {
      let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      return line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Every kind of fault, planned and asked for, is confirmed, and seen by the programs")
    func everyKind() async throws {
      let workspace = try Workspace()
      let file = try write(
        """
        faults:
          - { at: 300ms, partition: { between: client-1, and: server-1 }, for: 2s }
          - { at: 310ms, partition: { between: server-1, and: client-2, one-way: true }, for: 2s }
          - { at: 320ms, loss: { between: client-3, and: server-1, rate: 0.5 }, for: 2s }
          - { at: 330ms, latency: { between: client-4, and: server-1, add: 60ms }, for: 2s }
          - { at: 340ms, bandwidth: { between: client-5, and: server-1, limit: 5KB/s }, for: 2s }
          - { at: 400ms, kill: client-7 }
          - { at: 500ms, restart: client-8 }
          - { at: 600ms, restart: server-2 }
        stop: { at: 60s }
        """, to: workspace)
      let run = try await workspace.run(["run", file, "--seed", "7", "--wait", "run.began"])
      try #require(run.status == 0, "\(run.output)\(run.errors)")
      let asked = try await workspace.run([
        "fault", "last", "partition", "{ between: client-6, and: server-1 }", "--for", "2s",
      ])
      #expect(asked.status == 0, "\(asked.errors)")
      // What was sent after each fault has come, and so has what was held back before.
      let done = """
        SELECT 1 WHERE 7 * 7 = (SELECT count(*) FROM (
          SELECT DISTINCT f.fault, c.node FROM events e JOIN faults f USING (run)
            JOIN nodes c ON c.run = e.run AND c.address = e.data ->> 'from'
          WHERE e.node = iif(f.action = 'restart', 'server-2', 'server-1')
            AND e.kind = 'line.received' AND e.data ->> 'by' = 'tcp'
            AND e.data ->> 'sent' > f.healed_t AND f.fault <> 7 AND c.node <> 'client-7'))
        """
      let wait = try await workspace.run(["wait", "last", done, "--timeout", "2m"])
      #expect(wait.status == 0, "\(wait.errors)")
      let stop = try await workspace.run(["stop", "last"])
      #expect(stop.status == 0, "\(stop.output)\(stop.errors)")
      // The last is the run's own process, which has said all and ends.
      try await eventually("nothing is left") { workspace.processes.isEmpty }

      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE confirmed_t > 0") == 9)
      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE healed_t > 0") == 8)
      #expect(try workspace.integer("SELECT count(*) FROM events WHERE kind = 'line.strange'") == 0)
      try await seen(in: workspace)
    }

    /// What the programs printed, of each fault.
    private func seen(in workspace: Workspace) async throws {
      /// Counts lines that a node received from another while a fault was on, or at any time.
      func lines(
        _ what: String = "count(*)", at node: String = "server-1", from sender: String,
        by transport: String = "tcp", fault: Int? = nil, _ condition: String = "1"
      ) throws -> Int64 {
        // In the ledger a fault is healed a little after it has been.
        let during = "sent > f.confirmed_t AND got < f.healed_t - 100000"
        let sql = """
          WITH lines AS (
            SELECT run, data ->> 'number' AS number, data ->> 'sent' AS sent,
              data ->> 'got' AS got
            FROM events e JOIN nodes c USING (run)
            WHERE e.node = '\(node)' AND e.kind = 'line.received'
              AND c.node = '\(sender)' AND e.data ->> 'from' = c.address
              AND e.data ->> 'by' = '\(transport)')
          SELECT \(what) FROM lines LEFT JOIN faults f USING (run)
          WHERE f.fault = \(fault ?? 1) AND (\(fault == nil ? "1" : during)) AND (\(condition))
          """
        return try #require(try workspace.integer(sql))
      }
      // In a partition nothing comes, either way; afterwards all of the stream does, and no datagram.
      for (fault, client) in [(1, "client-1"), (9, "client-6")] {
        for transport in ["tcp", "udp"] {
          #expect(try lines(from: client, by: transport, fault: fault) == 0)
          #expect(try lines(at: client, from: "server-1", by: transport, fault: fault) == 0)
        }
        #expect(try lines("max(number) - count(*)", from: client, by: "udp") > 5)
      }
      // One way: what the client sends comes, the echoes don't.
      for transport in ["tcp", "udp"] {
        #expect(try lines(from: "client-2", by: transport, fault: 2) > 5)
        #expect(try lines(at: "client-2", from: "server-1", by: transport, fault: 2) == 0)
      }
      // A loss takes some datagrams, each way; what is slow is late.
      let missing = try lines("max(number) - count(*)", from: "client-3", by: "udp")
      #expect(missing > 0)
      for transport in ["tcp", "udp"] {
        #expect(try lines("min(got - sent)", from: "client-4", by: transport, fault: 4) >= 60_000)
      }
      #expect(try lines("max(got - sent)", from: "client-5", fault: 5) >= 50_000)
      // Streams lose nothing, whatever happens.
      for client in (1...6).map({ "client-\($0)" }) {
        #expect(try lines("max(number) - count(DISTINCT number)", from: client) == 0)
      }
      // One has died, one has begun again, and one was dialled again.
      #expect(try lines(from: "client-7", fault: 6) == 0)
      #expect(try lines(from: "client-8", "number = 1") == 2)
      #expect(
        try workspace.integer("SELECT count(*) FROM events WHERE kind = 'dial.repeated'") ?? 0 > 0)
      // The relay says what it did, and knew everybody.
      let counts = "FROM events WHERE node = 'supervisor' AND kind = 'relay.applied'"
      #expect(try workspace.integer("SELECT sum(data ->> 'lost') \(counts)") ?? 0 > 20)
      #expect(try workspace.integer("SELECT sum(data ->> 'held') \(counts)") ?? 0 > 20)
      #expect(try workspace.integer("SELECT sum(data ->> 'unknown') \(counts)") == 0)
    }

    @Test("If the relay dies, the run fails and says so")
    func killedRelay() async throws {
      let workspace = try Workspace()
      let run = try workspace.start(["run", write("stop: { at: 60s }", to: workspace)])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      kill(try #require(relay(of: run.pid)), SIGKILL)
      #expect(await run.end() == 1)
      #expect(
        (run.output + run.errors).contains(
          "the relay between the nodes: it has ended, or does not answer"),
        "\(run.output)\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }

    @Test(
      "Neither the relay nor a program outlives the supervisor",
      arguments: [SIGINT, SIGTERM, SIGKILL])
    func killedSupervisor(signal: Int32) async throws {
      let workspace = try Workspace()
      let run = try workspace.start(["run", write("stop: { at: 60s }", to: workspace)])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      let relay = try #require(self.relay(of: run.pid))
      run.signal(signal)
      await run.end()
      try await eventually("all have ended") {
        workspace.processes.isEmpty && commandLine(of: relay).isEmpty
      }
    }

    @Test("A program that listens everywhere leaves no address for the relay, and is told how to")
    func everywhere() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: theirs
        isolation: relay
        groups:
          node:
            count: 1
            command: [python3, -m, http.server, '{port}']
            ready: tcp
        stop: { at: 60s }
        checks: []
        """, to: "t.yaml")
      let run = try await workspace.run(["run", file])
      #expect(run.status == 1)
      #expect(
        (run.output + run.errors).contains("let node-1 listen at {host} alone"),
        "\(run.output)\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }
  }
}
