import HTTP
import JSONReading
package import Participants

/// The torrent's tracker: clients tell it what chunks they have, and ask it who has others.
///
/// It speaks HTTP (networks/torrent/README.md). It asks every client `GET /ping` now and then, and
/// forgets who does not answer `pong`; whoever is still there says again what it has before long.
package struct TorrentTracker: Participant {
  private enum Timer: UInt8, TimerPurpose {
    case ping
  }

  /// Bytes of a request's body: a client's 16,384 hashes fit.
  static let longestBody = 1024 * 1024
  /// Bytes of a ping's answer.
  private static let longestAnswer = 1_024

  private let pingInterval: Microseconds
  private let pingTimeout: Microseconds
  private let forgets: Bool
  private let mostBootstraps: Int
  private let bootstrapLifetime: Microseconds
  private var registry: Registry
  private var server: HTTPServer
  private var client: HTTPClient
  /// Whom each ping under way is for.
  private var pings: [HTTPClient.ExchangeID: Int] = [:]
  /// Of what clients ask.
  private var repeats = Tally()
  /// Of who has what.
  private var changes = Tally(different: 65_536, sparing: 64)
  /// Nodes of the DHT, those that said so last at the end.
  private var bootstraps: [(address: Address, at: Instant)] = []

  package init(_ settings: ParticipantSettings) {
    let options = settings.options
    pingInterval = options.duration("ping-interval")
    pingTimeout = options.duration("ping-timeout")
    forgets = options.flag("forgets")
    mostBootstraps = options.count("max-bootstraps")
    bootstrapLifetime = options.duration("bootstrap-lifetime")
    registry = Registry(
      mostClients: options.count("max-clients"), mostChunks: options.count("max-chunks"))
    server = HTTPServer(
      HTTPServer.Limits(
        connections: options.count("max-connections"),
        longestBody: Self.longestBody))
    client = HTTPClient(
      HTTPClient.Limits(
        longestBody: Self.longestAnswer, idleTime: pingInterval * 2))
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .accepted(let id, let from):
      server.accept(id, from: from, &turn)
    case .connected(let id):
      client.connected(id, &turn)
    case .received(let id, let bytes):
      if client.holds(id) {
        conclude(client.read(bytes, from: id, &turn).completion, &turn)
      } else {
        serve(server.read(bytes, from: id, &turn), &turn)
      }
    case .closed(let id, let reason):
      if client.holds(id) {
        conclude(client.closed(id, reason, &turn), &turn)
      } else {
        server.forget(id, &turn)
      }
    case .timer(let key):
      fire(key, &turn)
    case .started, .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    server.expire(key, &turn)
    conclude(client.expire(key, &turn), &turn)
    if Timer(key) == .ping { ping(Int(key.subject), &turn) }
  }
}

// MARK: - Requests

extension TorrentTracker {
  /// Answers a request, and those of its connection that came behind it.
  private mutating func serve(_ request: HTTPServer.Request?, _ turn: inout Turn) {
    var request = request
    while let current = request {
      let response = answer(current.message, &turn)
      request = server.answer(current.connection, response, &turn)
    }
  }

  private mutating func answer(_ message: HTTPMessage, _ turn: inout Turn) -> HTTPResponse {
    switch (message.method, message.path) {
    case ("PUT", "/chunk"): announce(message.body, &turn)
    case ("POST", "/chunk"): nameOwners(message.body, &turn)
    case ("POST", "/dht"): register(message.body, &turn)
    case ("GET", "/dht"): listBootstraps(at: turn.now)
    case ("GET", _), ("POST", _), ("PUT", _): Answers.notFound
    default: Answers.unsupported(message.method)
    }
  }

  /// `PUT /chunk`: a client says what it has.
  private mutating func announce(_ body: [UInt8], _ turn: inout Turn) -> HTTPResponse {
    let address: Address
    let hashes: [String]
    do throws(RequestBody.Problem) {
      let body = try RequestBody(body)
      // In the original's order: it names the first that is missing.
      hashes = try body.member("hashes") { $0.texts }
      address = try body.address(host: "client_host", port: "client_port")
      guard hashes.allSatisfy({ $0.utf8.count <= Registry.longestHash }) else {
        throw RequestBody.Problem(text: "a hash is longer than \(Registry.longestHash) bytes")
      }
    } catch {
      return HTTPResponse(400, "Error passing from request body \(error.text)")
    }
    let isKnown = registry.number(of: address) != nil
    guard let (client, new) = registry.announce(hashes, by: address) else { return Answers.busy }
    if !isKnown {
      turn.setTimer(
        Timer.ping, UInt64(client),
        at: turn.now + pingInterval)
    }
    if new > 0 || !isKnown {
      changes.logEach(
        Event(
          TorrentEvents.ownerAnnounced, peer: address,
          ["new": new, "chunks": registry.chunkCount(of: client)]),
        per: address, &turn)
    }
    return Answers.ok
  }

  /// `POST /chunk`: an owner for each chunk that has one. Those with the fewest owners come first:
  /// whoever asks does well to begin with them.
  private mutating func nameOwners(_ body: [UInt8], _ turn: inout Turn) -> HTTPResponse {
    let hashes: [String]
    do throws(RequestBody.Problem) {
      guard let texts = try RequestBody(body).json.texts else {
        throw RequestBody.Problem(text: "expected an array of hashes")
      }
      if let unknown = registry.unknown(in: texts) {
        throw RequestBody.Problem(
          text: "Chunk (\(unknown.prefix(80))) is not tracked by the tracker")
      }
      hashes = texts
    } catch {
      return HTTPResponse(400, "Could not parse chunk request. \(error.text)")
    }
    let counts = hashes.map { registry.ownerCount(of: $0) }
    let order = hashes.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
    let entries = order.compactMap { place -> String? in
      guard let owner = registry.name(ownerOf: hashes[place]) else { return nil }
      let host = SpacedJSON.text(owner.host)
      let hash = SpacedJSON.text(hashes[place])
      return
        "{\"client_host\": \(host), \"client_port\": \(owner.port), \"hash_list\": [\(hash)]}"
    }
    repeats.log(
      Event(TorrentEvents.ownersGiven, ["asked": hashes.count, "given": entries.count]),
      per: hashes, &turn)
    return .json(Array(SpacedJSON.array(entries).utf8))
  }

  /// `POST /dht`: a node of the DHT says where it is.
  private mutating func register(_ body: [UInt8], _ turn: inout Turn) -> HTTPResponse {
    let address: Address
    do throws(RequestBody.Problem) {
      address = try RequestBody(body).address(host: "host", port: "port")
    } catch {
      return HTTPResponse(400, "Could not parse dht request. \(error.text)")
    }
    let count = bootstraps.count
    bootstraps.removeAll { $0.address == address }
    if bootstraps.count == count {
      repeats.log(Event(TorrentEvents.bootstrapRegistered, peer: address), per: address, &turn)
    }
    if bootstraps.count >= mostBootstraps { bootstraps.removeFirst() }
    bootstraps.append((address, turn.now))
    return Answers.ok
  }

  /// `GET /dht`: the nodes of the DHT that said so lately.
  private mutating func listBootstraps(at now: Instant) -> HTTPResponse {
    bootstraps.removeAll { $0.at + bootstrapLifetime < now }
    let entries = bootstraps.map {
      "{\"host\": \(SpacedJSON.text($0.address.host)), \"port\": \($0.address.port)}"
    }
    return .json(Array(SpacedJSON.array(entries).utf8))
  }
}

// MARK: - Pings

extension TorrentTracker {
  private mutating func ping(_ number: Int, _ turn: inout Turn) {
    guard let address = registry.address(of: number) else { return }
    let exchange = client.ask(HTTPRequest("GET", "/ping"), of: address, within: pingTimeout, &turn)
    pings[exchange] = number
    turn.setTimer(Timer.ping, UInt64(number), at: turn.now + pingInterval)
  }

  private mutating func conclude(_ completion: HTTPClient.Completion?, _ turn: inout Turn) {
    guard let completion, let number = pings.removeValue(forKey: completion.exchange),
      let address = registry.address(of: number)
    else { return }
    let reason: String
    switch completion.result {
    case .success(let message):
      if message.status == 200, message.body == Answers.pong.body { return }
      reason = "no pong"
    // This machine could not dial: that tells nothing about the client.
    case .failure(.closed(.failed)): return
    case .failure(.closed(let closing)): reason = closing.rawValue
    case .failure(.tooSlow): reason = "silent"
    case .failure(.garbled): reason = "garbled"
    }
    guard forgets else { return }
    changes.logEach(
      Event(
        TorrentEvents.ownerForgotten, peer: address,
        ["reason": reason, "chunks": registry.chunkCount(of: number)]),
      per: address, &turn)
    registry.forget(number)
    bootstraps.removeAll { $0.address == address }
    turn.cancelTimer(Timer.ping, UInt64(number))
  }
}
