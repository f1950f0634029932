import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

/// A disk of so few bytes in a workspace, in memory, for as long as the value lives.
private final class SmallDisk {
  let path: String
  private let workspace: Workspace

  init(_ size: String, at path: String, of workspace: Workspace) async throws {
    self.path = path
    self.workspace = workspace
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try await command("mount -t tmpfs -o size=\(size) none '\(path)'")
  }

  deinit { unsafe umount2(path, CInt(MNT_DETACH)) }

  /// Writes until nothing more fits.
  func fill() async throws {
    try await command("cat /dev/zero > '\(path)/filler' 2> /dev/null || true")
  }

  /// Gives some of the room back, e.g. `256K`.
  func giveBack(_ size: String) async throws {
    try await command("truncate -s -\(size) '\(path)/filler'")
  }

  func empty() throws { try FileManager.default.removeItem(atPath: "\(path)/filler") }

  func makeReadOnly() async throws { try await command("mount -o remount,ro '\(path)'") }

  private func command(_ line: String) async throws {
    let shell = try Invocation("/bin/sh", ["-c", line], folder: workspace.folder)
    guard await shell.end() == 0 else { throw Impossible(description: "\(line): \(shell.errors)") }
  }

  struct Impossible: Error, CustomStringConvertible { var description: String }

  /// Whether disks can be made here.
  static func isPossible() async -> Bool {
    guard let workspace = try? Workspace() else { return false }
    return (try? await SmallDisk("64k", at: "\(workspace.folder)/disk", of: workspace)) != nil
  }
}

extension RunTests {
  @Suite("Runs whose disk or history fails them")
  struct StorageTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 1 }
        peer:
          count: 4
          after: seed
          options: { gossip-count: 10000, gossip-interval: 10ms, gossip-delay: 10ms }
      stop: { at: 60s }
      """

    private func started(
      _ workspace: Workspace, _ more: [String] = []
    ) async throws -> Invocation {
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(["run", file, "--seed", "1"] + more)
      try await eventually("the run begins: \(run.errors)") {
        run.output.contains("all nodes are ready")
      }
      return run
    }

    @Test(
      "A full disk ends the run, which is recorded as failed, not judged, and said to be the disk's fault",
      .enabled("disks can be made", SmallDisk.isPossible))
    func fullDisk() async throws {
      let workspace = try Workspace()
      let disk = try await SmallDisk("4m", at: workspace.logs, of: workspace)
      let history = "\(workspace.folder)/history.sqlite"
      let run = try await started(workspace, ["--history", history])
      try await disk.fill()
      #expect(await run.end() == 3)
      #expect(run.errors.contains("No space left on device"), "\(run.output)\(run.errors)")
      #expect(!run.errors.contains("ended unasked"), "\(run.errors)")
      #expect(workspace.processes.isEmpty)
      let database = try Database(opening: history, mode: .readOnly)
      #expect(try database.text("SELECT outcome FROM runs") == "failed")
      #expect(
        try database.text("SELECT reason FROM runs")?.contains("No space left on device") == true)
      #expect(try database.integer("SELECT count(*) FROM checks") == 0)
      // Room for the end was set aside, and given back.
      let log = "\(try #require(workspace.runs.first))/supervisor.ndjson"
      var status = stat()
      #expect(unsafe stat(log, &status) == 0)
      #expect(Int(status.st_blocks) * 512 < Int(status.st_size) + 8_192)
      withExtendedLifetime(disk) {}
    }

    @Test(
      "A disk that is full at the start refuses the run, and nothing is left of it",
      .enabled("disks can be made", SmallDisk.isPossible))
    func fullFromTheStart() async throws {
      let workspace = try Workspace()
      let disk = try await SmallDisk("256k", at: workspace.logs, of: workspace)
      try await disk.fill()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try await workspace.run([
        "run", file, "--history", "\(workspace.folder)/history.sqlite",
      ])
      #expect(run.status == 64, "\(run.output)\(run.errors)")
      #expect(run.errors.contains("No space left on device"), "\(run.errors)")
      #expect(workspace.runs.map { $0.split(separator: "/").last } == ["filler"])
      withExtendedLifetime(disk) {}
    }

    @Test(
      "A history that is removed or replaced ends the run, and 'collect' finds all in the logs",
      arguments: [false, true])
    func movedHistory(isReplaced: Bool) async throws {
      let workspace = try Workspace()
      let other = try Workspace()
      let simulated = try await other.run([
        "simulate", try other.write(topology, to: "t.yaml"), "--set", "stop.at=1s", "--no-checks",
      ])
      try #require(simulated.status == 0, "\(simulated.errors)")
      let run = try await started(workspace)
      let history = workspace.history
      if isReplaced {
        // As mv does.
        #expect(unsafe rename(other.history, history) == 0)
      } else {
        for end in ["", "-wal", "-shm"] { unsafe unlink(history + end) }
      }
      #expect(await run.end() == 3)
      #expect(
        run.errors.contains("\(history): this file was removed or replaced meanwhile"),
        "\(run.errors)")
      let folder = try #require(workspace.runs.first)
      #expect(
        run.errors.contains("'seedbed collect \(folder) --logs \(workspace.logs)'"), "\(run.errors)"
      )
      #expect(workspace.processes.isEmpty)

      // What the file that is gone was to get, the one that is there must not.
      #expect(!FileManager.default.fileExists(atPath: "\(history)-wal"))
      let collected = try await workspace.run(["collect", folder])
      #expect(collected.status == 0, "\(collected.errors)")
      #expect(
        try workspace.integer("SELECT count(*) FROM runs") == (isReplaced ? 2 : 1))
      #expect(
        try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'failed'") == 1)
      #expect(
        try Database(opening: history, mode: .readOnly).text("PRAGMA integrity_check") == "ok")
    }

    @Test("A damaged history is refused by name, before anything starts or is written")
    func damagedHistory() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let simulated = try await workspace.run([
        "simulate", file, "--set", "stop.at=1s", "--no-checks",
      ])
      try #require(simulated.status == 0, "\(simulated.errors)")
      let runs = workspace.runs
      let handle = try #require(FileHandle(forUpdatingAtPath: workspace.history))
      // Everything but the first page, which says whose file it is.
      let size = try handle.seekToEnd()
      try handle.seek(toOffset: 8_192)
      try handle.write(contentsOf: Data(repeating: 0x5a, count: Int(size) - 8_192))
      try handle.close()
      for command in [["run", file], ["collect", runs[0]], ["simulate", file]] {
        let refused = try await workspace.run(command)
        #expect(refused.status == 3, "\(command): \(refused.output)\(refused.errors)")
        #expect(
          refused.errors.contains(workspace.history)
            && refused.errors.contains("the file is damaged"), "\(refused.errors)")
      }
      #expect(workspace.runs == runs)
      for command in [["runs"], ["show", "last"], ["check", "last"], ["query", "SELECT 1"]] {
        let refused = try await workspace.run(command)
        #expect(refused.status == 3, "\(refused.output)")
        #expect(refused.errors.contains("\(workspace.history): "), "\(refused.errors)")
      }
    }

    @Test(
      "An import whose history cannot be written leaves nothing, and works when it can be",
      .enabled("disks can be made", SmallDisk.isPossible))
    func failedImport() async throws {
      let here = try Workspace()
      let file = try here.write(topology, to: "t.yaml")
      for seed in ["1", "2"] {
        let run = try await here.run([
          "simulate", file, "--seed", seed, "--set", "stop.at=8s", "--no-checks",
        ])
        try #require(run.status == 0, "\(run.errors)")
      }
      let archives = ["\(here.folder)/1.tar.gz", "\(here.folder)/2.tar.gz"]
      for (number, archive) in zip(["1", "2"], archives) {
        #expect(try await here.run(["export", number, "--output", archive]).status == 0)
      }
      let there = try Workspace()
      let disk = try await SmallDisk("64m", at: "\(there.folder)/disk", of: there)
      let history = ["--history", "\(disk.path)/history.sqlite"]
      #expect(try await there.run(["import", archives[0]] + history).status == 0)
      try await disk.fill()
      // Not enough to open the history, nor to take the run in.
      for room in ["0", "256K"] {
        try await disk.giveBack(room)
        let failed = try await there.run(["import", archives[1]] + history)
        #expect([3, 64].contains(failed.status), "\(failed.output)\(failed.errors)")
        #expect(failed.errors.contains("free some space"), "\(failed.errors)")
        #expect(there.runs.count == 1)
      }
      try disk.empty()
      let again = try await there.run(["import", archives[1]] + history)
      #expect(again.status == 0, "\(again.errors)")
      #expect(there.runs.count == 2)
      let database = try Database(opening: history[1], mode: .readOnly)
      #expect(try database.integer("SELECT count(DISTINCT run) FROM events") == 2)
    }

    @Test(
      "Verdicts that cannot be stored stand, with a word of it",
      .enabled("disks can be made", SmallDisk.isPossible))
    func readOnlyHistory() async throws {
      let workspace = try Workspace()
      let disk = try await SmallDisk("64m", at: workspace.logs, of: workspace)
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try await workspace.run(["simulate", file, "--set", "stop.at=2s"])
      try await disk.makeReadOnly()
      let check = try await workspace.run(["check", "last"])
      #expect(check.status == run.status, "\(check.output)\(check.errors)")
      #expect(check.output.contains("gossip-reaches-every-live-peer"), "\(check.errors)")
      #expect(check.errors.contains("the verdicts are not stored: "), "\(check.errors)")
    }
  }
}
