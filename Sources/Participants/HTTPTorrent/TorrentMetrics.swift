import HTTP
import JSONReading
package import Participants

/// The torrent's metrics server: clients tell it how they get on, and people look at its page.
package struct TorrentMetrics: Participant {
  /// Bytes of a request's body.
  static let longestBody = 16 * 1024

  private struct Report {
    let client: Address
    let downloaded, uploaded, total, chunkSize, peers: Int64
    let usesDHT, seesTracker: Bool
    let at: Instant
  }

  private let silence: Microseconds
  private let mostClients: Int
  private var server: HTTPServer
  /// Ascending by client.
  private var reports: [Report] = []

  package init(_ settings: ParticipantSettings) {
    let options = settings.options
    silence = options.duration("silence")
    mostClients = options.count("max-clients")
    server = HTTPServer(
      HTTPServer.Limits(
        connections: options.count("max-connections"),
        longestBody: Self.longestBody))
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .accepted(let id, let from):
      server.accept(id, from: from, &turn)
    case .received(let id, let bytes):
      var request = server.read(bytes, from: id, &turn)
      while let current = request {
        let response = answer(current.message, at: turn.now)
        request = server.answer(current.connection, response, &turn)
      }
    case .closed(let id, _):
      server.forget(id, &turn)
    case .timer(let key):
      server.expire(key, &turn)
    case .started, .connected, .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func answer(_ message: HTTPMessage, at now: Instant) -> HTTPResponse {
    switch (message.method, message.path) {
    case ("POST", "/metrics"): take(message, at: now)
    case ("GET", "/metrics"): list(at: now)
    case ("GET", "/"):
      HTTPResponse(
        200, contentType: "text/html; charset=utf-8", body: Array(TorrentDashboard.page.utf8))
    case ("GET", _), ("POST", _): Answers.notFound
    default: Answers.unsupported(message.method)
    }
  }

  private mutating func take(_ message: HTTPMessage, at now: Instant) -> HTTPResponse {
    guard message["content-type"]?.lowercased().hasPrefix("application/json") == true else {
      return HTTPResponse(415, "415 Unsupported Media Type: expected application/json")
    }
    let report: Report
    do throws(RequestBody.Problem) {
      report = try Self.report(RequestBody(message.body), at: now)
    } catch {
      return HTTPResponse(400, "400 Bad Request: \(error.text)")
    }
    drop(silentAt: now)
    let place = reports.firstIndex { !($0.client < report.client) } ?? reports.count
    if place < reports.count, reports[place].client == report.client {
      reports[place] = report
    } else {
      guard reports.count < mostClients else { return Answers.busy }
      reports.insert(report, at: place)
    }
    return Answers.ok
  }

  private static func report(
    _ body: RequestBody, at now: Instant
  ) throws(RequestBody.Problem) -> Report {
    Report(
      client: try body.address(host: "client_host", port: "client_port"),
      downloaded: try body.member("downloaded_chunks", \.integer),
      uploaded: try body.member("uploaded_chunks", \.integer),
      total: try body.member("total_chunks", \.integer),
      chunkSize: try body.member("chunk_size", \.integer),
      peers: try body.member("dht_peers", \.integer),
      usesDHT: try body.member("dht_enabled", \.flag),
      seesTracker: try body.member("tracker_status_up", \.flag), at: now)
  }

  private mutating func drop(silentAt now: Instant) {
    reports.removeAll { $0.at + silence < now }
  }

  private mutating func list(at now: Instant) -> HTTPResponse {
    drop(silentAt: now)
    let entries = reports.map { report in
      """
      {"chunk_size":\(report.chunkSize),"client":\(SpacedJSON.text(report.client.description)),\
      "dht_enabled":\(report.usesDHT),"dht_peers":\(report.peers),\
      "downloaded_chunks":\(report.downloaded),"total_chunks":\(report.total),\
      "tracker_status_up":\(report.seesTracker),"uploaded_chunks":\(report.uploaded)}
      """
    }
    return .json(Array("[\(entries.joined(separator: ","))]\n".utf8))
  }
}
