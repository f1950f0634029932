import Foundation
import Testing

extension NodeTests {
  /// What a person meets who runs a node by hand.
  @Suite struct CommandLine {
    @Test("SIGTERM ends a node in order: its log closes with node.stopped, its code is 0")
    func orderlyEnd() throws {
      let node = try NodeProcess("gossip-seed")
      _ = try node.port()
      node.signal(SIGTERM)
      #expect(try node.end() == (0, ""))
      #expect(
        node.lines().map { $0["kind"] as? String } == [
          "node.ready", "node.stopping", "node.stopped",
        ])
      #expect(node.lines().map { $0["n"] as? Int } == [1, 2, 3])
    }

    @Test(
      "a log is continued: n goes on, and a torn line is ended first",
      arguments: [
        ("{\"t\":2,\"n\":42,\"ki", 42), (#"{"t":2,"n":42,"kind":"a.b","o":{"c":1}"#, 42),
        (#"{"t":2,"n":42,"kind":"a.b","o":{"c":"}{"}}"#, 43), ("", 42),
      ])
    func continuedLog(torn: String, next: Int) throws {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let log = folder.appending(path: "seed-1.ndjson")
      try #"{"t":1,"n":41,"kind":"node.ready"}"#.appending("\n" + torn)
        .write(to: log, atomically: true, encoding: .utf8)
      let node = try NodeProcess("gossip-seed", log: log)
      _ = try node.event("node.ready") { $0["pid"] != nil }
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == (torn.isEmpty ? 2 : 3))
      #expect(torn.isEmpty || lines[1] == torn)
      #expect(node.lines().last?["n"] as? Int == next, "only a whole line has used its number")
    }

    @Test("bad input has code 64 and a message that says what and where")
    func badInput() throws {
      let taken = try Listener()
      let cases: [(String, [String], String?, String)] = [
        ("gossip-pear", [], nil, "did you mean 'gossip-peer'?"),
        ("gossip-peer", ["--liveness-intervall", "1s"], "127.0.0.1:5000", "did you mean"),
        ("gossip-peer", ["--max-links", "0"], "127.0.0.1:5000", "a whole number from 1 to 1000"),
        ("gossip-peer", [], nil, "--config"),
        ("gossip-peer", [], "127.0.0.1:5000\nnonsense\n", "config.txt:2: found 'nonsense'"),
        ("gossip-peer", [], "", "no seed is listed"),
        ("gossip-peer", ["--config", "/nowhere/config.txt"], nil, "No such file"),
        ("gossip-seed", ["--listen", "127.0.0.1:\(taken.port)"], nil, "address already in use"),
        ("gossip-seed", ["--listen", "nowhere:1"], nil, "cannot listen on nowhere:1"),
      ]
      for (role, options, seedList, message) in cases {
        let (code, errors) = try NodeProcess(role, options, seedList: seedList).end()
        #expect(code == 64, "\(role) \(options): \(errors)")
        #expect(errors.contains(message), "\(errors)")
      }
      let nowhere = URL(filePath: "/nowhere/log.ndjson")
      let (code, errors) = try NodeProcess("gossip-seed", log: nowhere).end()
      #expect(code == 64)
      #expect(errors.contains("cannot open the log /nowhere/log.ndjson: No such file"))
    }

    @Test("a full disk ends a node with a message, not in silence")
    func fullDisk() throws {
      let node = try NodeProcess("gossip-seed", log: URL(filePath: "/dev/full"))
      let (code, errors) = try node.end()
      #expect(code == 3)
      #expect(errors.contains("cannot write the log /dev/full: No space left on device"))
    }
  }
}
