import Foundation
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("What commands say to mistakes")
  struct MessageTests {
    private let topology = """
      network: gossip
      groups: { seed: { count: 1 }, peer: { count: 2, after: seed } }
      stop: { at: 10s }
      """

    @Test("Where nothing ran yet every command says so, and how to begin there")
    func noRuns() async throws {
      let workspace = try Workspace()
      let history = "\(workspace.folder)/other.sqlite"
      for line in [
        "runs", "show last", "check", "query 1", "logs last peer-1", "wait last run.began",
        "compare 1 2", "export last", "rerun last",
      ] {
        let words = line.split(separator: " ").map(String.init)
        let refused = try await workspace.run(words + ["--history", history])
        #expect(refused.status == 64)
        #expect(
          refused.errors.hasPrefix(
            "seedbed: there are no runs yet: there is no \(history). 'seedbed run --logs "
              + "\(workspace.logs) --history \(history)' makes one, 'seedbed collect --logs "),
          "\(line): \(refused.errors)")
      }
    }

    @Test("A kind of event that does not exist is refused, and one that did not happen is said")
    func kinds() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      #expect(try await workspace.run(["simulate", file, "--no-checks"]).status == 0)
      for (line, message) in [
        ("logs last peer-1 --kind linkk", "no kind of event 'linkk' (did you mean 'link'?)"),
        (
          "logs last peer-1 --kind link --kind link.open",
          "no kind of event 'link.open' (did you mean 'link.opened'?)"
        ),
        ("wait last linkk.opened", "no kind of event 'linkk.opened' (did you mean 'link.opened'?)"),
        ("wait last link", "no kind of event 'link'"),
        ("wait last SELECT%20nope%20FROM%20events", "no such column: nope"),
      ] {
        let words = line.split(separator: " ").map { $0.replacingOccurrences(of: "%20", with: " ") }
        let refused = try await workspace.run(words)
        #expect(refused.status == 64, "\(refused.output)")
        #expect(refused.errors.contains(message), "\(refused.errors)")
      }
      let none = try await workspace.run(["logs", "last", "peer-1", "--kind", "entry"])
      #expect(none.status == 0)
      #expect(none.errors == "seedbed: peer-1 has logged no event of entry\n")
      let some = try await workspace.run(["logs", "last", "peer-1", "--kind", "link"])
      #expect(some.output.contains("link.opened"))
      #expect(some.errors == "")
    }
  }
}
