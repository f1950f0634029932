import HTTPTorrent
import ParticipantTesting
import Participants
import Testing

/// One metrics server, request by request.
@Suite struct MetricsTests {
  static func report(_ port: Int, downloaded: Int = 1) -> String {
    """
    {"client_host":"127.0.0.1","client_port":\(port),"downloaded_chunks":\(downloaded),\
    "uploaded_chunks":2,"total_chunks":3,"chunk_size":4,"dht_peers":0,"dht_enabled":true,\
    "tracker_status_up":false}
    """
  }

  @Test("reports are listed as the original lists them, one for each client")
  func list() {
    var stage = Stage(TorrentRoles.metrics, at: RegistryTests.at(8_080))
    #expect(stage.ask("GET", "/metrics") == "200 []\n")
    #expect(stage.ask("POST", "/metrics", Self.report(20)) == "200 Ok")
    #expect(stage.ask("POST", "/metrics", Self.report(3)) == "200 Ok")
    #expect(stage.ask("POST", "/metrics", Self.report(20, downloaded: 2)) == "200 Ok")
    func entry(_ port: Int, _ downloaded: Int) -> String {
      """
      {"chunk_size":4,"client":"127.0.0.1:\(port)","dht_enabled":true,"dht_peers":0,\
      "downloaded_chunks":\(downloaded),"total_chunks":3,"tracker_status_up":false,\
      "uploaded_chunks":2}
      """
    }
    #expect(stage.ask("GET", "/metrics") == "200 [\(entry(3, 1)),\(entry(20, 2))]\n")
  }

  @Test("a client that says nothing for 15 seconds is dropped, and the answer is still an array")
  func silence() {
    var stage = Stage(TorrentRoles.metrics, at: RegistryTests.at(8_080))
    _ = stage.ask("POST", "/metrics", Self.report(1))
    stage.wait(.seconds(10))
    _ = stage.ask("POST", "/metrics", Self.report(2))
    stage.wait(.seconds(6))
    let list = stage.ask("GET", "/metrics")
    #expect(!list.contains("127.0.0.1:1\"") && list.contains("127.0.0.1:2\""))
    stage.wait(.seconds(60))
    #expect(stage.ask("GET", "/metrics") == "200 []\n")
  }

  @Test("what is no report is refused with what is wrong")
  func refusals() {
    var stage = Stage(TorrentRoles.metrics, at: RegistryTests.at(8_080), ["max-clients": .count(1)])
    #expect(stage.ask("POST", "/metrics", "x", type: "text/plain").hasPrefix("415 "))
    #expect(stage.ask("POST", "/metrics", "x").hasPrefix("400 "))
    #expect(
      stage.ask("POST", "/metrics", #"{"client_host":"127.0.0.1","client_port":1}"#)
        == "400 400 Bad Request: 'downloaded_chunks'")
    #expect(stage.ask("POST", "/metrics", Self.report(1), type: "Application/JSON") == "200 Ok")
    #expect(stage.ask("PUT", "/metrics").hasPrefix("501 "))
    #expect(stage.ask("GET", "/other") == "404 404 Not Found.")
    #expect(stage.ask("POST", "/metrics", Self.report(1)) == "200 Ok")
    #expect(stage.ask("POST", "/metrics", Self.report(2)).hasPrefix("503 "))
  }

  @Test("the page needs nothing from anywhere else")
  func page() {
    var stage = Stage(TorrentRoles.metrics, at: RegistryTests.at(8_080))
    let page = stage.ask("GET", "/")
    #expect(page.hasPrefix("200 <!doctype html>"))
    #expect(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"))
    for outside in ["http://", "https://", "src=", "@import", "url("] {
      #expect(!page.contains(outside), "\(outside)")
    }
  }
}
