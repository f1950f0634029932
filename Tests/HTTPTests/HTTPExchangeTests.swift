import HTTP
import Participants
import Testing

/// A server and a client of HTTP, input by input.
@Suite struct HTTPExchangeTests {
  private static let now = Instant(microseconds: 1_790_000_000_000_000)
  private static let peer = Address(host: "127.0.0.1", port: 80)

  private struct Server {
    var server = HTTPServer(
      HTTPServer.Limits(connections: 2, longestBody: 100, requestTime: .seconds(10)))
    var turn = Turn(at: now, random: SeededGenerator(seed: 1))

    mutating func accept() -> ConnectionID {
      let id = turn.nextConnection()
      server.accept(id, from: peer, &turn)
      return id
    }

    mutating func read(_ text: String, from id: ConnectionID) -> HTTPMessage? {
      server.read(Array(text.utf8), from: id, &turn)?.message
    }

    mutating func answer(_ id: ConnectionID, _ text: String) -> HTTPMessage? {
      server.answer(id, HTTPResponse(200, text), &turn)?.message
    }

    /// What was written since the last look, and whether the connection was closed.
    mutating func heard(on id: ConnectionID) -> (text: String, isClosed: Bool) {
      var (text, isClosed) = ("", false)
      turn.drain { effect in
        if case .write(id, let bytes) = effect { text += String(decoding: bytes, as: UTF8.self) }
        if case .close(id) = effect { isClosed = true }
      }
      return (text, isClosed)
    }
  }

  @Test("requests of a connection are handed over one at a time, in order")
  func pipelining() {
    var server = Server()
    let id = server.accept()
    #expect(
      server.read("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET", from: id)?.target == "/1")
    #expect(server.read(" /3 HTTP/1.0\r\n\r\n", from: id) == nil)
    #expect(server.answer(id, "one")?.target == "/2")
    #expect(server.answer(id, "two")?.target == "/3")
    #expect(server.answer(id, "three") == nil)
    let (text, isClosed) = server.heard(on: id)
    #expect(text.components(of: "HTTP/1.1 200 OK") == 3 && text.hasSuffix("three"))
    #expect(isClosed, "the last request was HTTP/1.0")
    #expect(!server.server.holds(id))
  }

  @Test("HEAD gets what GET gets, but for the body, and the next request its own answer")
  func heads() {
    func answers(_ method: String) -> String {
      var server = Server()
      let id = server.accept()
      #expect(
        server.read("\(method) /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", from: id)?.method
          == "GET")
      #expect(server.answer(id, "one")?.target == "/2")
      _ = server.answer(id, "two")
      return server.heard(on: id).text
    }
    let (get, head) = (answers("GET"), answers("HEAD"))
    #expect(head.components(of: "Content-Length: 3") == 2)
    #expect(head.hasSuffix("two"))
    #expect(get.components(of: "one") == 1 && head.components(of: "one") == 0)
    #expect(get.utf8.count == head.utf8.count + 3)
  }

  @Test(
    "the path is the same in absolute form",
    arguments: [
      ("/dht", "/dht"), ("/dht?x=/y", "/dht"), ("http://host/dht", "/dht"),
      ("HTTP://host:80/dht?x=1", "/dht"), ("https://host/dht", "/dht"), ("http://host", "/"),
      ("http://host?x=/y", "/"), ("/http://host/dht", "/http://host/dht"),
    ])
  func paths(target: String, path: String) {
    var server = Server()
    let id = server.accept()
    let message = server.read("GET \(target) HTTP/1.1\r\nHost: host\r\n\r\n", from: id)
    #expect(message.map { String($0.path) } == path)
  }

  @Test("whoever sends requests without waiting for answers is cut off at the limit")
  func floods() {
    var server = Server()
    let id = server.accept()
    _ = server.read("GET / HTTP/1.1\r\n\r\n", from: id)
    for _ in 0..<16 { #expect(server.read("GET / HTTP/1.1\r\n\r\n", from: id) == nil) }
    #expect(server.server.holds(id))
    _ = server.read("GET / HTTP/1.1\r\n\r\n", from: id)
    #expect(!server.server.holds(id))
    #expect(server.answer(id, "too late") == nil)
  }

  @Test("as many connections as allowed, no more")
  func limit() {
    var server = Server()
    let ids = (0..<3).map { _ in server.accept() }
    #expect(ids.map { server.server.holds($0) } == [true, true, false])
    #expect(server.heard(on: ids[2]).isClosed)
  }

  @Test("a request that does not come is given up; one that is being answered is not")
  func slowness() {
    var server = Server()
    let (silent, slow) = (server.accept(), server.accept())
    _ = server.read("GET / HT", from: slow)
    server.server.expire(TimerKey(HTTPServer.Timer.request, silent.number), &server.turn)
    server.server.expire(TimerKey(HTTPServer.Timer.request, slow.number), &server.turn)
    #expect(server.server.count == 0)
    #expect(server.heard(on: slow).text.hasPrefix("HTTP/1.1 408 "))
    let busy = server.accept()
    _ = server.read("GET / HTTP/1.1\r\n\r\n", from: busy)
    server.server.expire(TimerKey(HTTPServer.Timer.request, busy.number), &server.turn)
    #expect(server.server.holds(busy))
  }

  @Test("what is no HTTP is told so and closed, unless that would cut an answer in two")
  func garbage() {
    var server = Server()
    let (first, second) = (server.accept(), server.accept())
    _ = server.read("nonsense\r\n\r\n", from: first)
    let heard = server.heard(on: first)
    #expect(heard.text.hasPrefix("HTTP/1.1 400 ") && heard.isClosed)
    _ = server.read("GET / HTTP/1.1\r\n\r\n", from: second)
    _ = server.read("nonsense\r\n", from: second)
    #expect(server.heard(on: second).text == "")
  }

  @Test("leave to send a body is given")
  func leave() {
    var server = Server()
    let id = server.accept()
    _ = server.read(
      "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", from: id)
    #expect(server.heard(on: id).text == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(server.read("ab", from: id)?.body == Array("ab".utf8))
  }

  // MARK: - The client

  private struct Client {
    var client = HTTPClient(
      HTTPClient.Limits(
        longestBody: 100, passedType: "application/octet-stream", kept: 1))
    var turn = Turn(at: now, random: SeededGenerator(seed: 1))
    var dials: [ConnectionID] = []
    var written: [ConnectionID: String] = [:]
    var closed: Set<ConnectionID> = []
    var passed: [HTTPClient.ExchangeID: [UInt8]] = [:]

    mutating func ask(_ target: String) -> HTTPClient.ExchangeID {
      defer { look() }
      return client.ask(
        HTTPRequest("GET", target), of: peer, within: .seconds(1), &turn)
    }

    mutating func connect(_ id: ConnectionID) {
      client.connected(id, &turn)
      look()
    }

    mutating func read(_ text: String, _ id: ConnectionID) -> HTTPClient.Completion? {
      defer { look() }
      let bytes = Array(text.utf8)
      let reading = client.read(bytes, from: id, &turn)
      if let exchange = reading.exchange {
        for range in reading.passed { passed[exchange, default: []] += bytes[range] }
      }
      return reading.completion
    }

    mutating func close(_ id: ConnectionID, _ reason: CloseReason) -> HTTPClient.Completion? {
      defer { look() }
      return client.closed(id, reason, &turn)
    }

    private mutating func look() {
      var emitted: [Effect] = []
      turn.drain { emitted.append($0) }
      for effect in emitted {
        switch effect {
        case .connect(let id, _, _): dials.append(id)
        case .write(let id, let bytes):
          written[id, default: ""] += String(decoding: bytes, as: UTF8.self)
        case .close(let id): closed.insert(id)
        case .awaitDrain, .send, .file, .setTimer, .cancelTimer, .log, .finish, .fail: break
        }
      }
    }
  }

  @Test("a connection that stays alive is used again, and another is dialled beside a busy one")
  func keepingAlive() {
    var client = Client()
    let first = client.ask("/1")
    let second = client.ask("/2")
    #expect(client.dials.count == 2)
    for id in client.dials { client.connect(id) }
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    #expect(client.read(answer, client.dials[0])?.exchange == first)
    #expect(client.read(answer, client.dials[1])?.exchange == second)
    #expect(client.closed == [client.dials[1]], "one is kept")
    let third = client.ask("/3")
    #expect(client.dials.count == 2)
    #expect(
      client.written[client.dials[0]]?.hasSuffix("GET /3 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n")
        == true)
    #expect(client.read(answer, client.dials[0])?.exchange == third)
  }

  @Test("a kept connection that its server closed unseen costs a new dial, not the request")
  func staleConnection() throws {
    var client = Client()
    _ = client.ask("/1")
    client.connect(client.dials[0])
    _ = client.read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", client.dials[0])
    let second = client.ask("/2")
    #expect(client.close(client.dials[0], .reset) == nil)
    #expect(client.dials.count == 2)
    client.connect(client.dials[1])
    let completion = client.close(client.dials[1], .reset)
    #expect(completion?.exchange == second, "but only once")
    #expect(completion?.result == .failure(.closed(.reset)))
  }

  @Test("a response that ends with its connection is whole; one that is cut off is not")
  func endings() throws {
    var client = Client()
    for (text, isWhole) in [
      ("HTTP/1.0 200 OK\r\n\r\npong", true),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npong", false),
    ] {
      _ = client.ask("/")
      let id = try #require(client.dials.last)
      client.connect(id)
      #expect(client.read(text, id) == nil)
      let result = try #require(client.close(id, .ended)?.result)
      #expect((try? result.get().body == Array("pong".utf8)) == (isWhole ? true : nil))
    }
  }

  @Test(
    "a body of the type that is asked for is handed on as it comes, however it is cut",
    arguments: ["Content-Length: 9\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"])
  func passing(framing: String) throws {
    let text = framing.hasPrefix("Content") ? "one to ni" : "4\r\none \r\n5\r\nto ni\r\n0\r\n\r\n"
    let answer = Array(
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\(framing)\(text)".utf8)
    for step in 1...answer.count {
      var client = Client()
      let exchange = client.ask("/")
      client.connect(client.dials[0])
      var completion: HTTPClient.Completion?
      for start in stride(from: 0, to: answer.count, by: step) {
        #expect(completion == nil, "whole before its end")
        let part = answer[start..<min(start + step, answer.count)]
        completion = client.read(String(decoding: part, as: UTF8.self), client.dials[0])
      }
      #expect(client.passed == [exchange: Array("one to ni".utf8)])
      #expect(try completion?.result.get().body == [], "it was handed on")
      #expect(client.closed.isEmpty, "the connection is kept")
    }
  }

  @Test("a body of another type or status is gathered, and one that is too long is a fault")
  func notPassing() throws {
    for head in [
      "200 OK\r\nContent-Type: text/plain", "404 No\r\nContent-Type: application/octet-stream",
    ] {
      var client = Client()
      _ = client.ask("/")
      client.connect(client.dials[0])
      let completion = client.read(
        "HTTP/1.1 \(head)\r\nContent-Length: 2\r\n\r\nok", client.dials[0])
      #expect(try completion?.result.get().body == Array("ok".utf8))
      #expect(client.passed.isEmpty)
    }
    var client = Client()
    _ = client.ask("/")
    client.connect(client.dials[0])
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
    #expect(client.read(head + String(repeating: "a", count: 100), client.dials[0]) == nil)
    #expect(client.read("a", client.dials[0])?.result == .failure(.garbled(.bodyTooLong)))
  }

  @Test("an interim response is passed over; too much is a fault; time runs out")
  func odds() throws {
    var client = Client()
    _ = client.ask("/")
    let id = try #require(client.dials.last)
    client.connect(id)
    #expect(client.read("HTTP/1.1 100 Continue\r\n\r\n", id) == nil)
    let completion = client.read("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", id)
    #expect(completion?.result == .failure(.garbled(.bodyTooLong)))
    let slow = client.ask("/")
    let timer = TimerKey(HTTPClient.Timer.exchange, client.dials[1].number)
    let timeOut = client.client.expire(timer, &client.turn)
    #expect(timeOut?.exchange == slow && timeOut?.result == .failure(.tooSlow))
    #expect(client.client.pending == 0)
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(of text: String) -> Int {
    var count = 0
    var rest = self[...]
    while let found = rest.firstRange(of: text) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }
}
