import Foundation
import LiveDriver
import Participants
import Testing

/// Does what each word asks for that arrives, by stream or datagram, and logs what it is told.
private struct Puppet: Participant {
  private enum Timer: UInt8, TimerPurpose {
    case first = 1
    case second, third
  }

  static let heard = EventKind("puppet.heard", "Something happened.")

  private var asker: ConnectionID?
  private var dialled: ConnectionID?
  /// A file that is read again and again.
  private var reread: String?

  mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .received(let id, let bytes):
      asker = id
      obey(String(decoding: bytes, as: UTF8.self), &turn)
    case .datagram(let from, let bytes):
      turn.send(bytes.reversed(), to: from)
    case .closed(let id, let reason):
      turn.log(Self.heard, ["what": "closed", "reason": reason.rawValue])
      if let asker, dialled == id { turn.write(Array(reason.rawValue.utf8), to: asker) }
    case .timer(let key):
      guard let asker else { return }
      turn.write(Array("timer \(key.purpose);".utf8), to: asker)
    case .drained(let id):
      turn.write(Array("drained".utf8), to: id)
    case .file(let key, let answer):
      if let reread { return turn.file(key, .read(path: reread, offset: 0, count: 1)) }
      guard let asker else { return }
      turn.write(Array("\(answer);".utf8), to: asker)
    case .started, .accepted, .connected, .stopping:
      break
    }
  }

  private mutating func obey(_ word: String, _ turn: inout Turn) {
    guard let asker else { return }
    let parts = word.split(separator: " ")
    switch parts.first {
    case "dial":
      dialled = Address(parsing: parts[1]).map { turn.connect(to: $0) }
    case "call":
      _ = Address(parsing: parts[1]).map { turn.connect(to: $0, from: .listening) }
    case "drain":
      for _ in 0..<6 { turn.write([UInt8](repeating: 7, count: 1 << 20), to: asker) }
      turn.awaitDrain(of: asker)
    case "finish":
      turn.write(Array("finished".utf8), to: asker)
      turn.finish()
    case "files":
      // Behind the file's end, then before it, then beyond it again, under another name.
      let (path, name) = (String(parts[1]), String(parts[1] + "-2"))
      let requests: [FileRequest] = [
        .read(path: path, offset: 0, count: 1), .write(path: path, offset: 2, [3, 4]),
        .write(path: path, offset: 0, [1, 2]), .rename(path: path, to: name),
        .read(path: name, offset: 1, count: 100), .read(path: path, offset: 0, count: 1),
      ]
      for request in requests { turn.file(FileKey(purpose: 1), request) }
    case "reread":
      reread = String(parts[1])
      turn.file(FileKey(purpose: 1), .read(path: String(parts[1]), offset: 0, count: 1))
      turn.write(Array("rereading".utf8), to: asker)
    case "timers":
      // The first is moved behind the third, the second never fires.
      for (purpose, wait) in [(Timer.first, 1), (.second, 2), (.third, 3), (.first, 5)] {
        turn.setTimer(purpose, at: turn.now + .milliseconds(Int64(wait)))
      }
      turn.cancelTimer(Timer.second)
    case "flood":
      for _ in 0..<40 { turn.write([UInt8](repeating: 7, count: 1 << 20), to: asker) }
    case "bye":
      turn.write(Array("last words".utf8), to: asker)
      turn.close(asker)
    default:
      turn.write(Array(word.utf8), to: asker)
    }
  }
}

/// The driver's promises, over real sockets, with a participant that does as it is told.
@Suite(.serialized) final class LiveDriverTests {
  let folder: URL
  let address: Address
  private let ended = DispatchSemaphore(value: 0)

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "seedbed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (folder, ended) = (folder, ended)
    let started = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var bound: Address?
    Thread.detachNewThread {
      defer { ended.signal() }
      let driver = try? LiveDriver(
        Puppet(),
        identity: LiveDriver.Identity(role: "puppet", version: "1", options: OptionValues([])),
        random: SeededGenerator(seed: 1),
        log: EventLog(path: folder.appending(path: "log.ndjson").path),
        rules: RulesFile(path: folder.appending(path: "network.rules").path, name: "me", seed: 1))
      let address = try? driver?.listen(
        on: Address(host: "127.0.0.1", port: 0), transports: [.stream, .datagram])
      unsafe bound = address
      started.signal()
      if let address { try? driver?.run(at: address) }
    }
    started.wait()
    address = try #require(unsafe bound)
  }

  /// Ends the driver as the supervisor does, once it is known to run, and reads its log.
  func log() throws -> [[String: Any]] {
    try Plug(address).ask("ready?", for: "ready?")
    kill(getpid(), SIGTERM)
    guard ended.wait(timeout: .now() + 30) == .success else { throw Plug.Failure(got: "no end") }
    defer { try? FileManager.default.removeItem(at: folder) }
    return try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
      .split(separator: "\n")
      .map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  @Test("datagrams and streams share the port that node.ready names, and the log has no gap")
  func bothTransports() throws {
    try Plug(address).ask("hello", for: "hello")
    try Plug(address, SOCK_DGRAM).ask("drawer", for: "reward")
    try Plug(address, SOCK_DGRAM).ask("", for: "")
    let log = try log()
    #expect(log.first?["address"] as? String == address.description)
    #expect(log.map { $0["n"] as? Int } == Array(1...log.count))
    #expect(log.last?["kind"] as? String == "node.stopped")
  }

  @Test("a timer that is set again moves, and one that is cancelled is silent")
  func timers() throws {
    try Plug(address).ask("timers", for: "timer 3;timer 1;")
    _ = try log()
  }

  @Test("files are read, written and renamed in order, and what fails is told")
  func files() throws {
    let path = folder.appending(path: "file").path
    try Plug(address).ask(
      "files \(path)",
      for: """
        failed("No such file or directory");done;done;done;bytes([2, 3, 4]);\
        failed("No such file or directory");
        """)
    _ = try log()
  }

  @Test("others have their turn while a participant reads file after file, without end")
  func rereading() throws {
    try Plug(address).ask("reread \(#filePath)", for: "rereading")
    try Plug(address).ask("hello", for: "hello")
    _ = try log()
  }

  @Test("why a connection could not be made is told: refused, or no such name")
  func failures() throws {
    // A port that was free a moment ago, and that nobody has been given since.
    let free = try Plug.freePort()
    try Plug(address).ask("dial 127.0.0.1:\(free)", for: "refused")
    try Plug(address).ask("dial localhost:\(free)", for: "refused")
    try Plug(address).ask("dial no-such-name.invalid:1", for: "unreachable")
    _ = try log()
  }

  @Test(
    "a connection from the listening port comes from there, or from another while that is taken")
  func listeningPort() throws {
    let (listener, port) = try Plug.listener()
    defer { close(listener) }
    let plug = try Plug(address)
    plug.write("call 127.0.0.1:\(port)")
    let first = try Plug.accept(from: listener)
    #expect(first.port == address.port)
    plug.write("call 127.0.0.1:\(port)")
    let second = try Plug.accept(from: listener)
    #expect(second.port != address.port)
    close(second.descriptor)
    close(first.descriptor)
    // It still listens.
    try Plug(address).ask("hello", for: "hello")
    _ = try log()
  }

  @Test("who waits for the drain hears of it once all has left, however slowly it is read")
  func drain() throws {
    let plug = try Plug(address)
    plug.write("drain")
    var got = ""
    while got.utf8.count < 6 << 20 { got += try plug.read() }
    while !got.hasSuffix("drained") { got += try plug.read() }
    #expect(got.utf8.count == 6 << 20 + 7)
    #expect(got.utf8.prefix(6 << 20).allSatisfy { $0 == 7 })
    _ = try log()
  }

  @Test("a node that has finished ends in order, with its last words")
  func finish() throws {
    let plug = try Plug(address)
    try plug.ask("finish", for: "finished")
    #expect(try plug.read() == "")
    #expect(ended.wait(timeout: .now() + 30) == .success)
    let text = try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
    #expect(text.contains("node.stopping") && text.contains("node.stopped"))
    try FileManager.default.removeItem(at: folder)
  }

  @Test("what was written before a close arrives, though more was sent that nobody reads")
  func lastWords() throws {
    let plug = try Plug(address)
    try plug.ask("bye", for: "last words")
    plug.write("unread")
    #expect(try plug.read() == "", "the end of the stream, not a reset")
    _ = try log()
  }

  @Test("a remote side that does not read is cut off at the limit")
  func backlog() throws {
    let plug = try Plug(address)
    plug.write("flood")
    let log = try log()
    #expect(log.contains { $0["reason"] as? String == "backlogged" })
  }
}
