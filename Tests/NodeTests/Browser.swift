import Foundation

/// A headless Chromium with one page, told what to do over its DevTools protocol.
final class Browser {
  /// `nil` where Chromium is installed, and how to install it where it is not.
  static let obstacle: String? =
    executable == nil ? "Chromium is not installed: apt-get install chromium" : nil

  private static let executable = ["chromium", "chromium-browser", "google-chrome"].lazy
    .flatMap { name in ["/usr/bin/\(name)", "/usr/local/bin/\(name)"] }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private let process = Process()
  private let folder: URL
  private let socket: Connection
  private var lastMessage = 0

  init(opening address: String) throws {
    folder = try NodeProcess.makeFolder()
    process.executableURL = URL(filePath: Self.executable ?? "chromium")
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--no-first-run", "--remote-debugging-port=0", "--user-data-dir=\(folder.path)",
      "about:blank",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let file = folder.appending(path: "DevToolsActivePort")
    let port = try Deadline.poll("Chromium's port") {
      (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n").first
        .flatMap { UInt16($0) }
    }
    // `STATUS {"webSocketDebuggerUrl": "ws://127.0.0.1:PORT/devtools/page/ID", …}`
    let page = try TorrentTools.curl(port, "/json/new?\(address)", "-X", "PUT")
    let path = page.firstMatch(of: /ws:\/\/[^\/]+(\/devtools\/page\/[^"]+)"/)?.output.1
    guard let path else { throw Missing(what: "a page of Chromium; got \(page)") }
    socket = try Connection(port: port)
    socket.write(
      Array(
        """
        GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n
        """.utf8))
    var head = ""
    while !head.hasSuffix("\r\n\r\n") {
      head += String(decoding: try socket.read(1), as: UTF8.self)
    }
    guard head.hasPrefix("HTTP/1.1 101 ") else { throw Missing(what: "a WebSocket; got \(head)") }
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// What a JavaScript expression gives; a promise is waited for.
  func evaluate(_ expression: String) throws -> Any? {
    let answer = try tell(
      "Runtime.evaluate",
      ["expression": expression, "returnByValue": true, "awaitPromise": true])
    guard answer["exceptionDetails"] == nil else { throw Missing(what: "\(answer)") }
    return (answer["result"] as? [String: Any])?["value"]
  }

  /// Carries out a command of the DevTools protocol.
  @discardableResult
  func tell(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    lastMessage += 1
    let message = try JSONSerialization.data(
      withJSONObject: ["id": lastMessage, "method": method, "params": parameters])
    send(Array(message))
    while true {
      let answer = try JSONSerialization.jsonObject(with: Data(receive())) as? [String: Any]
      guard answer?["id"] as? Int == lastMessage else { continue }
      guard let result = answer?["result"] as? [String: Any] else {
        throw Missing(what: "\(method): \(answer ?? [:])")
      }
      return result
    }
  }

  /// One frame of text (RFC 6455, section 5.2), masked with zeros.
  private func send(_ text: [UInt8]) {
    var frame: [UInt8] = [0x81]
    if text.count < 126 {
      frame.append(0x80 | UInt8(text.count))
    } else {
      frame += [0x80 | 126, UInt8(text.count >> 8), UInt8(text.count & 0xff)]
    }
    socket.write(frame + [0, 0, 0, 0] + text)
  }

  /// A message's text, which may come in several frames.
  private func receive() throws -> [UInt8] {
    var text: [UInt8] = []
    while true {
      let head = try socket.read(2)
      var length = Int(head[1] & 0x7f)
      if length >= 126 {
        length = try socket.read(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
      }
      text += try socket.read(length)
      if head[0] & 0x80 != 0 { return text }
    }
  }
}
