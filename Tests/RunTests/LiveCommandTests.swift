import Foundation
import Glibc
import SeedbedTesting
import Testing

extension RunTests {
  /// A run that goes on until it is told to stop.
  fileprivate static let topology = """
    network: gossip
    groups:
      seed: { count: 1 }
      peer: { count: 4, after: seed, options: { join-delay: 50ms, liveness-interval: 100ms } }
    faults: [{ at: 59s, kill: peer-1 }]
    stop: { at: 60s }
    """

  @Suite("Commands on a run under way")
  struct LiveCommandTests {
    private func launch(_ workspace: Workspace) async throws -> String {
      let file = try workspace.write(RunTests.topology, to: "t.yaml")
      let run = try await workspace.run(
        ["run", file, "--seed", "7", "--no-checks", "--wait", "run.began"])
      try #require(run.status == 0, "\(run.output)\(run.errors)")
      return String(run.output.dropLast())
    }

    @Test("'run --wait' goes into the background; 'ps', 'wait', 'fault' and 'stop' speak to it")
    func commands() async throws {
      let workspace = try Workspace()
      let name = try await launch(workspace)
      let ps = try await workspace.run(["ps", "--format", "csv"])
      #expect(ps.output.contains("\(name),\(workspace.folder)/t.yaml,7,running,5,5,5,0,0/1,"))

      let linked = try await workspace.run(["wait", "last", "link.opened", "--node", "peer-3"])
      #expect(linked.status == 0, "\(linked.errors)")
      #expect(linked.output.contains("link.opened"))
      let killed = try await workspace.run(["fault", name, "kill", "peer-3"])
      #expect(killed.output.hasSuffix("s kill peer-3\n"), "\(killed.errors)")
      // It is dead when the command returns.
      #expect(!workspace.processes.contains { $0.contains("--name peer-3 ") })
      let state = "SELECT confirmed_t FROM faults WHERE node = 'peer-3'"
      #expect(try await workspace.run(["wait", name, state]).status == 0)
      let partition = try await workspace.run([
        "fault", name, "partition", "{ between: peer-1, and: [seed, peer] }", "--for", "100ms",
      ])
      #expect(partition.status == 0, "\(partition.errors)")
      let healed = "SELECT healed_t FROM faults WHERE action = 'partition'"
      #expect(try await workspace.run(["wait", name, healed]).status == 0)
      #expect(
        try workspace.integer("SELECT count(*) FROM fault_sides WHERE side = 'to'") == 5)
      let again = try await workspace.run(["fault", "last", "kill", "peer-3"])
      #expect(again.status == 64)
      #expect(again.errors == "seedbed: peer-3 has ended already\n")
      let late = try await workspace.run(["wait", "last", "run.ended", "--timeout", "50ms"])
      #expect(late.status == 1)
      #expect(late.errors == "seedbed: not within 50ms: run.ended\n")

      let waiting = try workspace.start(["wait", name, "run.digested", "--timeout", "1h"])
      let stop = try await workspace.run(["stop", "last"])
      #expect(stop.status == 0, "\(stop.errors)")
      #expect(stop.output == "\(name): completed\n")
      #expect(await waiting.end() == 2)
      #expect(
        waiting.errors
          == "seedbed: the run has ended without: run.digested (\(name): completed)\n")
      #expect(workspace.processes.isEmpty)
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM faults WHERE fault = 2 AND confirmed_t > 0 AND at > 0") == 1)
      let nobody = try await workspace.run(["fault", "last", "kill", "peer-1"])
      #expect(nobody.status == 64)
      #expect(nobody.errors.contains("no run is under way in \(workspace.logs)"))
    }

    @Test("A run that cannot start says why instead of waiting")
    func noStart() async throws {
      let workspace = try Workspace()
      let file = try workspace.write("network: gosip", to: "t.yaml")
      let run = try await workspace.run(["run", file, "--wait", "run.began"])
      #expect(run.status == 64)
      #expect(run.errors.contains("unknown network 'gosip'"), "\(run.errors)")
      let left = try? FileManager.default.contentsOfDirectory(atPath: workspace.logs)
      #expect(left ?? [] == [])
    }

    @Test("A run is ended when what it waits for does not come")
    func noEvent() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(RunTests.topology, to: "t.yaml")
      let run = try await workspace.run(
        ["run", file, "--wait", "run.digested", "--timeout", "300ms"])
      #expect(run.status == 1)
      #expect(run.errors.contains("not within 300ms: run.digested"), "\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }

    @Test("A run that is bound to a process ends when that is killed, and leaves nothing")
    func boundTo() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(RunTests.topology, to: "t.yaml")
      let owner = try Invocation("/bin/sleep", ["600"], folder: workspace.folder)
      let run = try workspace.start(["run", file, "--no-checks", "--bound-to", "\(owner.pid)"])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      owner.signal(SIGKILL)
      #expect(await run.end() == 1)
      #expect(
        run.errors.contains("process \(owner.pid), which the run was bound to, has ended"),
        "\(run.errors)")
      #expect(workspace.processes.isEmpty)
      let late = try await workspace.run(["run", file, "--bound-to", "\(owner.pid)"])
      #expect(late.status == 64, "\(late.output)")
    }

    @Test("Clients that say nothing, too much, nonsense, or do not listen delay nobody")
    func hostileClients() async throws {
      let workspace = try Workspace()
      let name = try await launch(workspace)
      let folder = "\(workspace.logs)/\(name)"
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/control.sock")
      #expect(attributes[.posixPermissions] as? Int == 0o600)

      let silent = try (0..<40).map { _ in try Client(folder) }
      let asking = try Client(folder)
      asking.send("{\"ask\":\"status\"")
      let nonsense = ["\n", "{}\n", "[[[[\n", "{\"ask\":\"rule\"}\n", "\u{0}\n", "x\ny\n"]
      for text in nonsense {
        let client = try Client(folder)
        client.send(text)
        let answer = client.receive()
        #expect(answer.contains("this is no request"), "\(text): \(answer)")
      }
      let long = try Client(folder)
      long.send(String(repeating: " ", count: 100_000))
      #expect(long.receive() == "")
      // A fault without words, one with too deep ones.
      for target in ["", String(repeating: "[", count: 3_000)] {
        let client = try Client(folder)
        client.send("{\"ask\":\"fault\",\"action\":\"kill\",\"target\":\"\(target)\"}\n")
        #expect(client.receive().contains("refusal"))
      }
      let talkative = try Client(folder)
      talkative.send("{\"ask\":\"stop\"}{\"ask\":\"stop\"}\n")
      #expect(talkative.receive().contains("this is no request"))
      // Among forty who say nothing, those who ask are heard; whoever waits is not cut off.
      asking.send("}\n")
      #expect(asking.receive().contains("\"running\""))
      let fault = try await workspace.run(["fault", name, "kill", "peer-2"])
      #expect(fault.status == 0, "\(fault.errors)")
      withExtendedLifetime(silent) {}
      #expect(try await workspace.run(["stop", name]).status == 0)
    }
  }
}

/// A program that speaks to the supervisor as it likes.
private final class Client {
  private let descriptor: CInt

  init(_ folder: String) throws {
    descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    let place = unsafe open(folder, O_RDONLY | O_DIRECTORY)
    defer { close(place) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) {
      unsafe $0.copyBytes(from: Array("/proc/self/fd/\(place)/control.sock".utf8))
    }
    let descriptor = descriptor
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
    }
  }

  /// What comes until the connection ends.
  func receive() -> String {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while case let count = unsafe recv(descriptor, &chunk, chunk.count, 0), count > 0 {
      all += chunk.prefix(count)
    }
    return String(decoding: all, as: UTF8.self)
  }
}
