import HTTP
import Participants
import Testing

@Suite struct HTTPReaderTests {
  static let request = """
    POST /chunk?x=1 HTTP/1.1\r
    Host: a:1\r
    Content-Type:  application/json \r
    X-Empty:\r
    Content-Length: 4\r
    \r
    [""]GET /ping HTTP/1.0\r
    \r

    """

  static func read(
    _ text: String, _ kind: HTTPReader.Kind = .requests, longestBody: Int = 1_000, by step: Int
  ) throws(HTTPFault) -> [HTTPMessage] {
    var reader = HTTPReader(kind, longestBody: longestBody)
    var messages: [HTTPMessage] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: step) {
      messages += try reader.read(Array(bytes[start..<min(start + step, bytes.count)]))
    }
    if let last = try reader.end() { messages.append(last) }
    return messages
  }

  @Test("requests are read whole, however their bytes are cut")
  func cuts() throws {
    let whole = try Self.read(Self.request, by: 1_000)
    #expect(whole.map(\.method) == ["POST", "GET"])
    #expect(whole.map(\.target) == ["/chunk?x=1", "/ping"])
    #expect(whole[0].path == "/chunk")
    #expect(whole[0]["content-type"]?.hasPrefix("application/json") == true)
    #expect(whole[0]["x-empty"] == "")
    #expect(whole[0].body == Array(#"[""]"#.utf8))
    #expect(whole.map(\.keepsAlive) == [true, false])
    for step in 1...Self.request.utf8.count {
      #expect(try Self.read(Self.request, by: step) == whole)
    }
  }

  @Test(
    "responses end with their length, their last chunk, or their connection",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npon\r\n1\r\ng\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\n\r\npong",
    ])
  func responses(text: String) throws {
    for step in [1, 7, 1_000] {
      let messages = try Self.read(text, .responses, by: step)
      #expect(messages.map(\.status) == [200])
      #expect(messages.map(\.body) == [Array("pong".utf8)])
      #expect(messages[0].keepsAlive == text.hasPrefix("HTTP/1.1"))
    }
  }

  @Test("a response that is cut off is a fault, not a shorter one")
  func cutOff() {
    #expect(throws: HTTPFault.self) {
      try Self.read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npong", .responses, by: 5)
    }
  }

  @Test("a body longer than allowed is refused when it is announced, or when it comes")
  func longBodies() {
    let head = "PUT /chunk HTTP/1.1\r\n"
    for rest in [
      "Content-Length: 1001\r\n\r\n", "Content-Length: 1073741824\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "a", count: 1_001),
    ] {
      for step in [1, 4_096] {
        #expect(throws: HTTPFault.bodyTooLong) { try Self.read(head + rest, by: step) }
      }
    }
  }

  @Test(
    "a head longer than allowed is refused",
    arguments: [
      ("GET /", "a", 20_000), ("GET / HTTP/1.1\r\n", "a", 20_000),
      ("GET / HTTP/1.1\r\na: ", "a", 20_000), ("GET / HTTP/1.1\r\n", "a:\r\n", 100),
      ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: ", "a", 20_000),
    ])
  func longHeads(start: String, rest: String, count: Int) {
    let text = start + String(repeating: rest, count: count)
    for step in [1, 40_000] {
      #expect(throws: HTTPFault.headTooLong) { try Self.read(text, by: step) }
    }
  }

  @Test("an offer of another protocol is ignored, with or without a body")
  func upgrades() throws {
    let offer = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
    let text =
      "GET /ping HTTP/1.1\r\n\(offer)\r\nPOST /chunk HTTP/1.1\r\n\(offer)Content-Length: 2\r\n\r\n[]"
    for step in [1, 1_000] {
      #expect(try Self.read(text, by: step).map(\.body) == [[], Array("[]".utf8)])
    }
  }

  @Test("whoever waits for leave to send a body is noticed once")
  func continues() throws {
    var reader = HTTPReader(.requests, longestBody: 10)
    #expect(
      try reader.read(
        Array("PUT /chunk HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8)
      ).isEmpty)
    let waits = [reader.takeContinue(), reader.takeContinue()]
    #expect(waits == [true, false])
    #expect(reader.isInMessage)
    #expect(try reader.read(Array("[]".utf8)).map(\.body) == [Array("[]".utf8)])
    #expect(!reader.isInMessage)
  }

  @Test("what is no HTTP is refused; nothing that comes makes the reader trap")
  func garbage() throws {
    #expect(throws: HTTPFault.malformed("invalid HTTP method")) {
      try Self.read("hello\r\n\r\n", by: 9)
    }
    var random = SeededGenerator(seed: 7)
    let good = Array(Self.request.utf8)
    var whole = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        }
      }
      var reader = HTTPReader(.requests, longestBody: 64)
      let cut = Int.random(in: 0...bytes.count, using: &random)
      whole +=
        (try? reader.read(Array(bytes[..<cut])).count + reader.read(Array(bytes[cut...])).count)
        ?? 0
    }
    #expect(whole > 5_000)
  }

  @Test("what is written can be read")
  func roundTrip() throws {
    let request = HTTPRequest("POST", "/chunk", fields: [("Accept", "*/*")], body: [1, 2])
    var reader = HTTPReader(.requests, longestBody: 10)
    let message = try #require(try reader.read(request.bytes(host: "127.0.0.1:5000")).first)
    #expect(message.method == "POST" && message.target == "/chunk" && message.body == [1, 2])
    #expect(message["host"] == "127.0.0.1:5000" && message["accept"] == "*/*")
    for keeps in [true, false] {
      let response = HTTPResponse(404, "404 Not Found.").bytes(keepingAlive: keeps)
      var reader = HTTPReader(.responses, longestBody: 100)
      let message = try #require(try reader.read(response).first)
      #expect(message.status == 404 && message.body == Array("404 Not Found.".utf8))
      #expect(message.keepsAlive == keeps)
    }
  }
}
