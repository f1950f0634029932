import Foundation
import Testing

extension NodeTests {
  /// What a person meets who names a file or folder that cannot be used.
  @Suite struct BadFiles {
    /// A folder with one of everything that is not the right file.
    private final class Shelf {
      let folder: URL

      init() throws {
        folder = try NodeProcess.makeFolder()
        let manager = FileManager.default
        try manager.createDirectory(
          at: folder.appending(path: "folder.pieces"), withIntermediateDirectories: false)
        for (name, text) in [
          ("empty", ""), ("noise", "noise"), ("good", "1234567890"), ("another", "123"),
        ] {
          for ending in ["", ".pieces", ".json"] {
            try text.write(
              to: folder.appending(path: name + ending), atomically: false, encoding: .utf8)
          }
        }
        // A terabyte that takes no place.
        for name in ["huge", "huge.pieces"] {
          let path = folder.appending(path: name).path
          try #require(manager.createFile(atPath: path, contents: nil))
          try #require(unsafe truncate(path, 1 << 40) == 0)
        }
        let hash = String(repeating: "ab", count: 32)
        let list = "seedbed-pieces 1\npiece-size 1048576\nsize 5\n\(hash)\n"
        for name in ["another", "fetched", "huge"] {
          try list.write(
            to: folder.appending(path: "\(name).pieces"), atomically: false, encoding: .utf8)
        }
        try #require(unsafe mkfifo(folder.appending(path: "pipe.pieces").path, 0o644) == 0)
        let chunk = String(repeating: "0", count: 40)
        try """
        {"fileName": "f", "chunkSize": 16384, "trackerUrl": "127.0.0.1:9", "fileSize": 5,
        "fileHash": "\(chunk)", "chunks": [{"orderNumber": 0, "hash": "\(chunk)"}]}
        """.write(to: folder.appending(path: "torrent.json"), atomically: false, encoding: .utf8)
      }

      deinit { try? FileManager.default.removeItem(at: folder) }

      func path(_ name: String) -> String { folder.appending(path: name).path }
    }

    /// The node ends at once, with code 64 and one line that names the file and what is wrong.
    private func expectRefusal(
      _ role: String, _ options: [String], naming path: String, _ complaint: String
    ) throws {
      let begin = Date()
      let (code, errors) = try NodeProcess(role, options).end()
      #expect(code == 64, "\(role) \(options): \(code), \(errors)")
      #expect(errors.contains(path) && errors.contains(complaint), "\(role) \(options): \(errors)")
      #expect(errors.hasPrefix("seedbed-node: ") && errors.split(separator: "\n").count == 1)
      #expect(-begin.timeIntervalSinceNow < Deadline.seconds, "\(role) \(options)")
    }

    @Test(
      "a file to share that is none",
      arguments: [
        ("nope", "No such file or directory"), ("folder.pieces", "Is a directory"),
        ("pipe.pieces", "Not a regular file"), ("huge", "more than 65536 pieces"),
        ("nope/nope", "No such file or directory"), ("good/nope", "Not a directory"),
      ])
    func shared(name: String, complaint: String) throws {
      let shelf = try Shelf()
      for once in ["true", "false"] {
        try expectRefusal(
          "pex-peer", ["--share", shelf.path(name), "--once", once], naming: name, complaint)
      }
    }

    @Test(
      "a hash list that is none, or of a file that cannot be fetched",
      arguments: [
        ("nope.pieces", "No such file or directory"), ("folder.pieces", "Is a directory"),
        ("pipe.pieces", "Not a regular file"), ("empty.pieces", "this is no hash list"),
        ("noise.pieces", "this is no hash list"), ("good", "the name of a hash list ends in"),
        ("another.pieces", "another is there, and it is another file"),
        ("huge.pieces", "huge is there, and it is another file"),
      ])
    func fetched(name: String, complaint: String) throws {
      let shelf = try Shelf()
      for once in ["true", "false"] {
        try expectRefusal(
          "pex-peer", ["--fetch", shelf.path(name), "--once", once], naming: name, complaint)
      }
    }

    @Test("one bad file of several ends the node too")
    func oneOfSeveral() throws {
      let shelf = try Shelf()
      try expectRefusal(
        "pex-peer", ["--share", "\(shelf.path("good")):\(shelf.path("nope"))"], naming: "nope",
        "No such file")
    }

    @Test(
      "a torrent that is none",
      arguments: [
        ("nope.json", "No such file or directory"), ("folder.pieces", "Is a directory"),
        ("pipe.pieces", "Not a regular file"), ("empty.json", "no JSON"), ("noise.json", "no JSON"),
        ("huge", "longer than"), ("../nope.json", "no plain name"),
      ])
    func torrents(name: String, complaint: String) throws {
      let shelf = try Shelf()
      try expectRefusal(
        "torrent-client", ["--torrent", name, "--data", shelf.folder.path], naming: name, complaint)
    }

    @Test("a data folder that is none, or that nothing can be written to")
    func dataFolders() throws {
      let shelf = try Shelf()
      let folders = [
        (shelf.path("good"), "Not a directory"), (shelf.path("nope/nope"), "No such file"),
        // Nobody can write there, root neither.
        ("/proc", "cannot write /proc/file.bin"),
      ]
      for (folder, complaint) in folders {
        for complete in ["true", "false"] {
          try expectRefusal(
            "torrent-client", ["--data", folder, "--complete", complete, "--size", "1000"],
            naming: folder, complaint)
        }
        try expectRefusal(
          "torrent-client", ["--data", folder, "--torrent", "t.json"], naming: folder, "cannot use")
      }
    }

    @Test("a file that cannot be written where it is to be fetched or shared")
    func unwritableTargets() throws {
      let shelf = try Shelf()
      try FileManager.default.createDirectory(
        atPath: shelf.path("fetched.part"), withIntermediateDirectories: false)
      try FileManager.default.createDirectory(
        atPath: shelf.path("good.pieces.part"), withIntermediateDirectories: false)
      try expectRefusal(
        "pex-peer", ["--fetch", shelf.path("fetched.pieces")], naming: "fetched", "Is a directory")
      try expectRefusal(
        "pex-peer", ["--share", shelf.path("good")], naming: "good", "Is a directory")
    }

    @Test("a seed list, a log or rules that are none")
    func commonOptions() throws {
      let shelf = try Shelf()
      for (name, complaint) in [
        ("folder.pieces", "Is a directory"), ("good/nope", "Not a directory"),
        ("nope/nope", "No such file"),
      ] {
        for role in ["gossip-seed", "gossip-peer"] {
          try expectRefusal(role, ["--config", shelf.path(name)], naming: name, complaint)
        }
        for role in ["gossip-seed", "kptp-peer", "pex-peer", "torrent-tracker", "hyperdht-node"] {
          let (code, errors) = try NodeProcess(role, log: URL(filePath: shelf.path(name))).end()
          #expect(code == 64 && errors.contains(name) && errors.contains(complaint), "\(errors)")
        }
      }
      for (name, complaint) in [
        ("folder.pieces", "Is a directory"), ("pipe.pieces", "Not a regular file"),
        ("huge", "longer than"), ("noise", ":1: this is no rule"),
      ] {
        try expectRefusal("pex-peer", ["--rules", shelf.path(name)], naming: name, complaint)
      }
      for role in ["gossip-seed", "gossip-peer"] {
        for (name, complaint) in [("pipe.pieces", "Not a regular file"), ("huge", "longer than")] {
          try expectRefusal(role, ["--config", shelf.path(name)], naming: name, complaint)
        }
      }
    }

    @Test("a good file, an empty one too, is shared")
    func goodFiles() throws {
      let shelf = try Shelf()
      for name in ["good", "empty"] {
        let node = try NodeProcess("pex-peer", ["--share", shelf.path(name)])
        #expect(try node.event("file.shared")["file"] as? String == shelf.path(name))
        #expect(node.isRunning)
      }
    }
  }
}
