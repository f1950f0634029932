import Foundation
import Testing

extension NodeTests {
  /// Real nodes behind NATs of the kernel's own, in network namespaces.
  @Suite struct NATProcessTests {
    private static let lab =
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "scripts/nat-lab.sh").path

    /// What keeps this machine from it; `nil`: nothing.
    static let obstacle: String? = {
      do {
        let (code, errors) = try run(["--check"])
        return code == 0 ? nil : errors.split(separator: "\n").last.map(String.init) ?? "no reason"
      } catch {
        return "\(error)"
      }
    }()

    private static func run(_ arguments: [String]) throws -> (code: Int32, errors: String) {
      let process = Process()
      let errors = Pipe()
      process.executableURL = URL(filePath: "/bin/bash")
      process.arguments = [lab] + arguments
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let text = try errors.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    /// Runs two peers behind such NATs. Returns the events of each.
    private func meet(
      _ asker: String, _ announcer: String
    ) throws -> (asker: [[String: Any]], announcer: [[String: Any]]) {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let (code, errors) = try Self.run(
        [NodeProcess.executable.path, folder.path, asker, announcer])
      try #require(code == 0, "\(errors)")
      func events(_ name: String) throws -> [[String: Any]] {
        try String(contentsOf: folder.appending(path: "\(name).ndjson"), encoding: .utf8)
          .split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
          }
      }
      return try (events("asker"), events("announcer"))
    }

    private func peer(_ kind: String, in events: [[String: Any]]) -> String? {
      events.first { $0["kind"] as? String == kind }?["peer"] as? String
    }

    @Test(
      "peers behind two home routers find each other by key and exchange datagrams directly",
      .enabled(if: obstacle == nil, "this machine has no such namespaces: \(obstacle ?? "")"))
    func homes() throws {
      let (asker, announcer) = try meet("masquerade", "masquerade")
      #expect(asker.first?["address"] as? String != nil)
      for (events, own) in [(asker, "192.168.1.2:"), (announcer, "192.168.2.2:")] {
        #expect((events.first?["address"] as? String)?.hasPrefix(own) == true)
      }
      // Each is heard from its NAT's address, not through anybody else.
      #expect(peer("holepunch.opened", in: asker)?.hasPrefix("10.0.2.2:") == true)
      #expect(peer("holepunch.asked", in: announcer)?.hasPrefix("10.0.1.2:") == true)
      #expect(
        peer("holepunch.heard", in: announcer) == peer("holepunch.asked", in: announcer))
      let finished = try #require(asker.last { $0["kind"] as? String == "holepunch.finished" })
      #expect(finished["sent"] as? Int == 3 && finished["answered"] as? Int == 3)
    }

    @Test(
      "a NAT that gives a port for each destination and one that restricts ports keep them apart",
      .enabled(if: obstacle == nil, "this machine has no such namespaces: \(obstacle ?? "")"))
    func apart() throws {
      let (asker, announcer) = try meet("masquerade fully-random", "masquerade")
      #expect(peer("holepunch.failed", in: asker)?.hasPrefix("10.0.2.2:") == true)
      #expect(peer("holepunch.opened", in: asker) == nil)
      #expect(peer("holepunch.asked", in: announcer)?.hasPrefix("10.0.1.2:") == true)
      #expect(peer("holepunch.heard", in: announcer) == nil)
    }
  }
}
