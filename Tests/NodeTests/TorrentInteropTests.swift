import Foundation
import Testing

/// Programs that speak as the original torrent's do on the wire (Python's http.server: HTTP/1.0, no
/// lengths, a connection for each request), in a process of their own.
private final class PlainTorrent {
  private static let program = """
    import base64, hashlib, json, sys, threading, time, urllib.request
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    role, *rest = sys.argv[1:]
    owners = {}
    held = {}

    def ask(method, address, path, value):
        request = urllib.request.Request(
            f"http://{address}{path}", json.dumps(value).encode(), method=method)
        return urllib.request.urlopen(request, timeout=10).read()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, text, status=200):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def body(self):
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *words):
            pass

        def do_GET(self):
            self.answer("pong" if role == "client" and self.path == "/ping" else "[]")

        def do_PUT(self):
            told = self.body()
            for chunk in told["hashes"]:
                owner = (told["client_host"], told["client_port"])
                if owner not in owners.setdefault(chunk, []):
                    owners[chunk].append(owner)
            self.answer("Ok")

        def do_POST(self):
            asked = self.body()
            if role == "client":
                if any(chunk not in held for chunk in asked):
                    return self.answer("400 Bad Request: Invalid request. I dont have your chunks :(", 400)
                return self.answer(json.dumps(
                    [{"hash": c, "content": base64.b64encode(held[c]).decode()} for c in asked]))
            for chunk in asked:
                if chunk not in owners:
                    return self.answer(
                        "Could not parse chunk request. "
                        f"Chunk ({chunk}) is not tracked by the tracker", 400)
            self.answer(json.dumps([
                {"client_host": owners[c][-1][0], "client_port": owners[c][-1][1],
                 "hash_list": [c]} for c in asked if owners[c]]))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    print(port, flush=True)
    if role == "client":
        torrent = json.load(open(rest[0]))
        tracker, path = torrent["trackerUrl"], rest[1]
        chunks = [c["hash"] for c in sorted(torrent["chunks"], key=lambda c: c["orderNumber"])]

        def announce():
            ask("PUT", tracker, "/chunk",
                {"client_host": "127.0.0.1", "client_port": port, "hashes": list(held)})

        if rest[2] == "has_file":
            data = open(path, "rb").read()
            for place, chunk in enumerate(chunks):
                start = place * torrent["chunkSize"]
                held[chunk] = data[start:start + torrent["chunkSize"]]
        announce()
        while missing := [c for c in chunks if c not in held][:5]:
            for entry in json.loads(ask("POST", tracker, "/chunk", missing)):
                address = f'{entry["client_host"]}:{entry["client_port"]}'
                for part in json.loads(ask("POST", address, "/chunk", entry["hash_list"])):
                    content = base64.b64decode(part["content"])
                    assert hashlib.sha1(content).hexdigest() == part["hash"]
                    held[part["hash"]] = content
            announce()
        if rest[2] != "has_file":
            open(path, "wb").write(b"".join(held[c] for c in chunks))
        print("complete", flush=True)
    time.sleep(1000)
    """

  private let process = Process()
  private let output = Pipe()

  init(_ arguments: String...) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", Self.program] + arguments
    process.standardOutput = output
    try process.run()
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Its next line: its port first, and `complete` when it has all of its file.
  func line() throws -> String {
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
      if byte[0] == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line += byte
    }
    throw Missing(what: "a line of a Python program")
  }
}

extension NodeTests {
  /// Our nodes among programs that speak as the original's do.
  @Suite(.timeLimit(.minutes(2))) struct TorrentInteropTests {
    private final class Folders {
      let first: URL
      let second: URL
      let bytes = Data((0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 127) })

      /// The first has the file; both have its torrent.
      init(tracker port: String) throws {
        first = try NodeProcess.makeFolder()
        second = try NodeProcess.makeFolder()
        try bytes.write(to: first.appending(path: "film"))
        let torrent = first.appending(path: "torrent.json")
        try TorrentTools.torrentify(
          first.appending(path: "film"), "127.0.0.1:\(port)", to: torrent)
        try FileManager.default.copyItem(at: torrent, to: second.appending(path: "torrent.json"))
      }

      deinit { for folder in [first, second] { try? FileManager.default.removeItem(at: folder) } }

      func path(_ folder: URL, _ name: String) -> String { folder.appending(path: name).path }
    }

    @Test("a client of the original's kind fetches a file by our tracker from our clients")
    func theirs() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folders = try Folders(tracker: String(tracker.port()))
      let seeder = try TorrentTools.client(folders.first)
      _ = try tracker.event("owner.announced") { $0["chunks"] as? Int == 31 }
      let python = try PlainTorrent(
        "client", folders.path(folders.second, "torrent.json"),
        folders.path(folders.second, "film"), "")
      _ = try python.line()
      #expect(try python.line() == "complete")
      #expect(
        try Data(contentsOf: folders.second.appending(path: "film")) == folders.bytes)
      #expect(seeder.lines().count { $0["kind"] as? String == "chunk.sent" } == 31)
    }

    @Test("our client fetches a file by a tracker of the original's kind from such a client")
    func ours() throws {
      let tracker = try PlainTorrent("tracker")
      let folders = try Folders(tracker: tracker.line())
      let python = try PlainTorrent(
        "client", folders.path(folders.first, "torrent.json"), folders.path(folders.first, "film"),
        "has_file")
      let port = try python.line()
      #expect(try python.line() == "complete")
      let client = try TorrentTools.client(folders.second)
      _ = try client.event("download.completed")
      #expect(
        try Data(contentsOf: folders.second.appending(path: "film")) == folders.bytes)
      let owners = client.lines().filter { $0["kind"] as? String == "chunk.received" }
        .compactMap { $0["peer"] as? String }
      #expect(owners.count == 31 && Set(owners) == ["127.0.0.1:\(port)"])
      #expect(!client.lines().contains { $0["kind"] as? String == "message.rejected" })
    }
  }
}
