import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite(
    "Nodes in networks of their own",
    .enabled(if: Namespaces.arePermitted, "namespaces are not permitted"))
  struct IsolationTests {
    private func topology(_ faults: String) -> String {
      """
      network: gossip
      isolation: namespace
      groups:
        seed: { count: 1 }
        peer:
          count: 6
          after: seed
          options: { join-delay: 50ms, gossip-delay: 50ms, gossip-interval: 50ms,
            gossip-count: 100000 }
      faults: [\(faults)]
      """
    }

    @Test("Every node has an address of its own, and the kernel carries the faults out")
    func faults() async throws {
      let workspace = try Workspace()
      let text = topology(
        """
        { at: 100ms, loss: { between: peer-3, and: peer-4, rate: 0.1 }, for: 1s },
        { at: 100ms, bandwidth: { between: peer-5, and: [peer, seed], limit: 5KB/s }, for: 1s },
        { at: 500ms, restart: peer-6 }
        """)
      try await workspace.part(
        ["peer-1", "peer-2"], from: ["peer-3", "peer-4", "peer-5", "peer-6", "seed"], in: text,
        until: "SELECT count(healed_t) = 4 FROM faults")
      #expect(
        try workspace.integer(
          "SELECT count(DISTINCT address) FROM nodes WHERE address LIKE '10.0.0.%'") == 7)
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM faults WHERE confirmed_t >= applied_t AND healed_t > applied_t")
          == 4)
    }

    @Test("A supervisor that is killed leaves no node, namespace, interface or mount")
    func killed() async throws {
      let workspace = try Workspace()
      let before = (try outside("/proc/net/dev"), try outside("/proc/self/mounts"))
      let run = try workspace.start([
        "run", workspace.write(topology("") + "\nstop: { at: 1h }\n", to: "t.yaml"), "--no-checks",
      ])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      let used = try Set(processes().filter { mentions(workspace.folder, $0) }.compactMap(network))
      #expect(used.count == 8, "seven nodes and the supervisor")
      run.signal(SIGKILL)
      await run.end()
      try await eventually("every node is gone") { workspace.processes.isEmpty }
      #expect(try used.isDisjoint(with: processes().compactMap(network)))
      #expect(try outside("/proc/net/dev") == before.0)
      #expect(try outside("/proc/self/mounts") == before.1)
      let next = try await workspace.run(["ps"])
      #expect(next.errors.contains("was killed: nothing of it is left; "), "\(next.errors)")
    }

    /// The numbers of all processes.
    private func processes() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
    }

    /// Whether a process has a folder on its command line.
    private func mentions(_ folder: String, _ pid: String) -> Bool {
      let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).contains(folder)
    }

    /// The network namespace of a process.
    private func network(_ pid: String) -> String? {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")
    }

    /// The names in a table of the system: each line's first two words, without numbers.
    private func outside(_ path: String) throws -> [String] {
      try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: " ").prefix(path.hasSuffix("dev") ? 1 : 2).joined(separator: " ")
      }
    }

    @Test("A fault that the kernel cannot carry out is refused before anything starts")
    func latency() async throws {
      let workspace = try Workspace()
      let latency = "{ at: 100ms, latency: { between: peer, and: seed, add: 50ms } }"
      let text = topology(latency) + "\nstop: { at: 1s }\n"
      let run = try await workspace.run(["run", workspace.write(text, to: "t.yaml"), "--no-checks"])
      if run.status == 0 {
        // This kernel has netem.
        #expect(try workspace.integer("SELECT count(*) FROM faults WHERE confirmed_t > 0") == 1)
        return
      }
      #expect(run.status == 64)
      #expect(
        run.errors.contains("fault 1 is a latency: this kernel has no netem: load its module"))
      #expect(workspace.processes.isEmpty && workspace.runs.isEmpty)
    }

    @Test("The same when it is asked for, and the run goes on")
    func askedLatency() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology("") + "\nstop: { at: 1h }\n", to: "t.yaml")
      let run = try await workspace.run(["run", file, "--no-checks", "--wait", "run.began"])
      try #require(run.status == 0, "\(run.output)\(run.errors)")
      let latency = try await workspace.run([
        "fault", "last", "latency", "{ between: peer, and: seed, add: 50ms }",
      ])
      #expect(
        latency.status == 0
          || latency.status == 64
            && latency.errors.hasPrefix("seedbed: this kernel has no netem: load its module")
      )
      let partition = try await workspace.run([
        "fault", "last", "partition", "{ between: peer, and: seed }",
      ])
      #expect(partition.status == 0, "\(partition.errors)")
      #expect(try await workspace.run(["stop", "last"]).output.hasSuffix("completed\n"))
    }
  }
}

private enum Namespaces {
  /// Whether this system lets the tests make network namespaces and has the programs.
  static let arePermitted: Bool = {
    let probe = Process()
    probe.executableURL = URL(filePath: "/bin/sh")
    probe.arguments = [
      "-c",
      "PATH=$PATH:/usr/sbin:/sbin; unshare -Urn ip link add x type bridge && nft -v && tc -V",
    ]
    (probe.standardOutput, probe.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    guard (try? probe.run()) != nil else { return false }
    probe.waitUntilExit()
    return probe.terminationStatus == 0
  }()
}
