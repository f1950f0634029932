import HTTPTorrent
import ParticipantTesting
import Participants
import Testing

/// One tracker, request by request, with the original's answers.
@Suite struct TrackerTests {
  static func tracker(_ options: [String: OptionValue] = [:]) -> Stage {
    Stage(TorrentRoles.tracker, at: RegistryTests.at(5_000), options)
  }

  @Test("every answer is the original's, byte for byte")
  func answers() {
    var stage = Self.tracker()
    #expect(stage.ask("GET", "/dht") == "200 []")
    #expect(stage.ask("GET", "/chunk") == "404 404 Not Found.")
    #expect(stage.ask("GET", "/nope") == "404 404 Not Found.")
    #expect(
      stage.ask("POST", "/chunk", #"["deadbeef"]"#)
        == "400 Could not parse chunk request. Chunk (deadbeef) is not tracked by the tracker")
    #expect(stage.ask("POST", "/chunk", "[]") == "200 []")
    #expect(
      stage.ask("PUT", "/chunk", #"{"client_host":"127.0.0.1"}"#)
        == "400 Error passing from request body 'hashes'")
    #expect(
      stage.ask("PUT", "/chunk", #"{"client_host":"127.0.0.1","hashes":[]}"#)
        == "400 Error passing from request body 'client_port'")
    #expect(
      stage.ask(
        "PUT", "/chunk", #"{"client_host":"127.0.0.1","client_port":9,"hashes":["feed01"]}"#)
        == "200 Ok")
    #expect(
      stage.ask("POST", "/chunk", #"["feed01"]"#)
        == #"200 [{"client_host": "127.0.0.1", "client_port": 9, "hash_list": ["feed01"]}]"#)
    #expect(stage.ask("POST", "/dht", #"{"host":"127.0.0.1","port":8468}"#) == "200 Ok")
    #expect(
      stage.ask("POST", "/dht", #"{"host":"127.0.0.1"}"#)
        == "400 Could not parse dht request. 'port'")
    #expect(stage.ask("GET", "/dht") == #"200 [{"host": "127.0.0.1", "port": 8468}]"#)
    let page = stage.ask("DELETE", "/chunk")
    #expect(page.hasPrefix("501 <!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>"))
    #expect(page.utf8.count == 4 + 359, "the original's Content-Length")
    #expect(page.contains("<p>Message: Unsupported method ('DELETE').</p>"))
  }

  @Test(
    "bad bodies are refused, and the tracker goes on",
    arguments: [
      "{bad", "", "[1]", "{}", "null", "[[]]", String(repeating: "[", count: 100),
      #"{"client_host":"a b","client_port":9,"hashes":[]}"#,
      #"{"client_host":"a","client_port":0,"hashes":[]}"#,
      #"{"client_host":"a","client_port":65536,"hashes":[]}"#,
      #"{"client_host":7,"client_port":1,"hashes":[]}"#,
      #"{"client_host":"a","client_port":1,"hashes":["\#(String(repeating: "a", count: 65))"]}"#,
      #"{"client_host":"a","client_port":1,"hashes":[1]}"#,
    ])
  func badBodies(body: String) {
    var stage = Self.tracker()
    #expect(stage.ask("PUT", "/chunk", body).hasPrefix("400 Error passing from request body "))
    #expect(stage.ask("POST", "/chunk", body).hasPrefix("400 Could not parse chunk request. "))
    #expect(stage.ask("POST", "/dht", body).hasPrefix("400 Could not parse dht request. "))
    #expect(stage.ask("GET", "/dht") == "200 []")
  }

  @Test("an owner is named for each chunk that has one; the rarest chunks come first")
  func naming() {
    var stage = Self.tracker()
    stage.announce(["a", "b"], 1)
    stage.announce(["a"], 2)
    let answer = stage.ask("POST", "/chunk", #"["a", "b"]"#)
    let places = ["\"b\"", "\"a\""].map { answer.firstRange(of: $0)?.lowerBound }
    #expect(places.compactMap { $0 }.count == 2)
    if let b = places[0], let a = places[1] { #expect(b < a) }
  }

  @Test("a client that answers its pings stays, and one that does not is forgotten")
  func pings() throws {
    var stage = Self.tracker()
    stage.announce(["a"], 1)
    stage.announce(["b"], 2)
    stage.wait(.seconds(5))
    #expect(stage.dials.map(\.to.port).sorted() == [1, 2])
    let first = try #require(stage.dial(to: RegistryTests.at(1)))
    let second = try #require(stage.dial(to: RegistryTests.at(2)))
    for id in [first, second] { stage.handle(.connected(id)) }
    #expect(stage.text(on: first).hasPrefix("GET /ping HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"))
    // As the original answers.
    stage.say(Array("HTTP/1.0 200 OK\r\nServer: x\r\n\r\npong".utf8), on: first)
    stage.handle(.closed(first, .ended))
    stage.wait(.seconds(5))
    #expect(stage.logged(TorrentEvents.ownerForgotten).map(\.peer?.port) == [2])
    #expect(stage.ask("POST", "/chunk", #"["a", "b"]"#).contains("\"client_port\": 1"))
    #expect(stage.ask("POST", "/chunk", #"["b"]"#) == "200 []", "known, and ownerless")
  }

  @Test(
    "whatever else comes in place of pong means that the client is gone",
    arguments: [
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nping", "hello\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
    ])
  func notPong(answer: String) throws {
    var stage = Self.tracker()
    stage.announce(["a"], 1)
    stage.wait(.seconds(5))
    let id = try #require(stage.dial(to: RegistryTests.at(1)))
    stage.handle(.connected(id))
    stage.say(Array(answer.utf8), on: id)
    #expect(stage.logged(TorrentEvents.ownerForgotten).count == 1)
    let pings = stage.dials.count
    stage.wait(.seconds(20))
    #expect(stage.dials.count == pings, "and is pinged no more")
  }

  @Test("a ping that could not leave this machine tells nothing about the client")
  func unsure() throws {
    var stage = Self.tracker()
    stage.announce(["a"], 1)
    stage.wait(.seconds(5))
    stage.handle(.closed(try #require(stage.dial(to: RegistryTests.at(1))), .failed))
    #expect(stage.logged(TorrentEvents.ownerForgotten).isEmpty)
  }

  @Test("a body that is too long is refused before it comes, and slow heads are cut off")
  func floods() {
    var stage = Self.tracker()
    let huge = stage.accept()
    stage.say(Array("PUT /chunk HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n".utf8), on: huge)
    #expect(stage.text(on: huge).hasPrefix("HTTP/1.1 413 "))
    #expect(stage.closed.contains(huge))
    let slow = stage.accept()
    for byte in "GET /dht HTT".utf8 {
      stage.say([byte], on: slow)
      stage.wait(.seconds(1))
    }
    #expect(stage.text(on: slow).hasPrefix("HTTP/1.1 408 "))
    #expect(stage.closed.contains(slow))
  }

  @Test("nodes of the DHT are listed while they say where they are")
  func bootstraps() {
    var stage = Self.tracker(["max-bootstraps": .count(2)])
    for port in [1, 2, 3, 2] {
      _ = stage.ask("POST", "/dht", #"{"host":"h","port":\#(port)}"#)
    }
    #expect(
      stage.ask("GET", "/dht") == #"200 [{"host": "h", "port": 3}, {"host": "h", "port": 2}]"#)
    stage.wait(.seconds(601))
    #expect(stage.ask("GET", "/dht") == "200 []")
  }
}

extension Stage {
  /// Asks on a connection of its own.
  ///
  /// - Returns: the status and the body.
  mutating func ask(
    _ method: String, _ target: String, _ body: String = "",
    type: String = "application/json"
  ) -> String {
    let id = accept()
    let request =
      "\(method) \(target) HTTP/1.1\r\nConnection: close\r\nContent-Type: \(type)\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    say(Array(request.utf8), on: id)
    let answer = text(on: id)
    guard closed.contains(id), let end = answer.firstRange(of: "\r\n\r\n") else { return answer }
    let status = answer.dropFirst("HTTP/1.1 ".count).prefix(3)
    return "\(status) \(answer[end.upperBound...])"
  }

  mutating func text(on id: ConnectionID) -> String {
    String(decoding: heard(on: id), as: UTF8.self)
  }

  mutating func announce(_ hashes: [String], _ port: Int) {
    let list = hashes.map { "\"\($0)\"" }.joined(separator: ",")
    _ = ask(
      "PUT", "/chunk", #"{"client_host":"127.0.0.1","client_port":\#(port),"hashes":[\#(list)]}"#)
  }
}
