import HTTP
import Hashing
import JSONReading
package import Participants
import Wire

extension Network {
  package static let torrent = Network(
    name: "torrent", roles: { TorrentRoles.all }, kinds: { TorrentEvents.all },
    samples: { TorrentSamples.all })
}

/// What the torrent reads: HTTP both ways, JSON, torrents, lists of owners.
private enum TorrentSamples {
  private static let stranger = OptionValue.addresses([NetworkSamples.stranger.description])

  static let all = NetworkSamples(
    messages: requests + responses,
    options: [
      "tracker": stranger, "metrics": stranger, "bootstrap": stranger, "dht": .flag(true),
      // Every client makes its file at its start: a small one leaves time for the inputs.
      "size": .count(1_000), "chunk-size": .count(200),
    ], targets: [httpRequests, httpResponses, json, torrentFile, ownerList, base64])

  private static let requests = [
    request("PUT", "/chunk", #"{"client_host": "127.0.0.1", "client_port": 9, "hashes": ["a"]}"#),
    request("POST", "/chunk", #"["71d792eee985dd0f18ed7b8c79502c7d8458ff12"]"#),
    request("POST", "/dht", #"{"host": "127.0.0.1", "port": 8468}"#),
    request(
      "POST", "/metrics",
      #"{"client_host":"h","client_port":1,"downloaded_chunks":1,"uploaded_chunks":2,"total_chunks":3,"#
        + #""chunk_size":4,"dht_peers":0,"dht_enabled":true,"tracker_status_up":true}"#),
    HTTPRequest("GET", "/ping").bytes(host: "127.0.0.1:1"),
    Array("PUT /chunk HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n".utf8),
    Array("GET / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8),
  ]

  private static let responses = [
    Array("HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6\r\n\r\npong".utf8),
    HTTPResponse.json(
      Array(#"[{"client_host": "127.0.0.1", "client_port": 9, "hash_list": ["a"]}]"#.utf8)
    ).bytes(keepingAlive: true),
    HTTPResponse.json(Array(#"[{"hash": "a", "content": "AAAA"}]"#.utf8)).bytes(keepingAlive: true),
    HTTPResponse(400, "Chunk (a) is not tracked").bytes(keepingAlive: false),
    HTTPResponse(200, contentType: "application/octet-stream", body: [1, 2, 3])
      .bytes(keepingAlive: true),
  ]

  private static func request(_ method: String, _ target: String, _ body: String) -> [UInt8] {
    HTTPRequest(
      method, target, fields: [("Content-Type", "application/json")], body: Array(body.utf8)
    ).bytes(host: "127.0.0.1:5000")
  }

  private static let httpRequests = http("http-requests", .requests, requests)
  private static let httpResponses = http("http-responses", .responses, responses)

  private static func http(
    _ name: String, _ kind: HTTPReader.Kind, _ samples: [[UInt8]]
  ) -> FuzzTarget {
    FuzzTarget(name, samples: samples) { input, random in
      var reader = HTTPReader(kind, longestBody: 256, passing: "application/octet-stream")
      do throws(HTTPFault) {
        for part in FuzzTarget.cut(input, using: &random) {
          for message in try reader.read(part) { precondition(message.body.count <= 256) }
          precondition(reader.passed.allSatisfy { part.indices.contains($0) })
        }
        _ = try reader.end()
      } catch {}
    }
  }

  private static let json = FuzzTarget(
    "json",
    samples: [#"{"a": [1, -2.5e3, "\u00e9\ud83d\ude00\n", {}], "b": {"c": null, "d": true}}"#]
      .map { Array($0.utf8) }
  ) { input, _ in
    if let value = try? JSONValue(input, mostValues: 64) { precondition(value["zz"] == nil) }
  }

  private static let torrentFile = FuzzTarget(
    "torrent-file",
    samples: [
      #"{"fileName": "f", "chunkSize": 2, "trackerUrl": "h:1", "fileSize": 3, "fileHash": "#
        + #""0000000000000000000000000000000000000000", "chunks": [{"orderNumber": 0, "hash": "#
        + #""1111111111111111111111111111111111111111"}, {"orderNumber": 1, "hash": "#
        + #""2222222222222222222222222222222222222222"}]}"#
    ].map { Array($0.utf8) }
  ) { input, _ in
    guard let torrent = try? Torrent(parsing: input) else { return }
    for chunk in torrent.chunks.indices {
      precondition((1...torrent.chunkSize).contains(torrent.size(of: chunk)))
      precondition(torrent.offset(of: chunk) < torrent.fileSize)
    }
  }

  private static let ownerList = FuzzTarget(
    "owner-list",
    samples: [#"{"type": "json", "data": "\"[\\\"127.0.0.1:54885\\\"]\""}"#].map { Array($0.utf8) }
  ) { input, _ in
    let list = ProviderList(.text(String(decoding: input, as: UTF8.self)))
    precondition((list?.owners.count ?? 0) <= ProviderList.most)
  }

  private static let base64 = FuzzTarget(
    "base64", samples: [Array("TWFu".utf8), Array("TQ==".utf8)]
  ) {
    input, _ in
    let text = String(decoding: input, as: UTF8.self)
    if let bytes = Base64.bytes(text) {
      var again: [UInt8] = []
      Base64.append(bytes, to: &again)
      precondition(again == Array(text.utf8))
    }
  }
}
