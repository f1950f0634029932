import HTTP
import JSONReading
package import Participants

/// The torrent's tracker: clients tell it what chunks they have, and ask it who has others.
///
/// It speaks HTTP (networks/torrent/README.md). It asks every client `GET /ping` now and then, and
/// forgets who does not answer `pong`; whoever is still there says again what it has before long.
package struct TorrentTracker: Participant {
  private enum Purpose: UInt8 {
    case request = 1, exchange, idle, ping
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
        timer: Purpose.request.rawValue, connections: options.count("max-connections"),
        longestBody: Self.longestBody))
    client = HTTPClient(
      HTTPClient.Limits(
        timer: Purpose.exchange.rawValue, idleTimer: Purpose.idle.rawValue,
        longestBody: Self.longestAnswer, idleTime: pingInterval * 2))
  }

  package mutating func handle(
    _ input: Input, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    switch input {
    case .accepted(let id, let from):
      server.accept(id, from: from, at: now, emit: &emit)
    case .connected(let id):
      client.connected(id, emit: &emit)
    case .received(let id, let bytes):
      if client.holds(id) {
        conclude(
          client.read(bytes, from: id, at: now, emit: &emit).completion, at: now, emit: &emit)
      } else {
        serve(server.read(bytes, from: id, at: now, emit: &emit), at: now, emit: &emit)
      }
    case .closed(let id, let reason):
      if client.holds(id) {
        conclude(client.closed(id, reason, at: now, emit: &emit), at: now, emit: &emit)
      } else {
        server.forget(id, emit: &emit)
      }
    case .timer(let key):
      fire(key, at: now, emit: &emit)
    case .started, .drained, .datagram, .file, .stopping:
      break
    }
  }

  private mutating func fire(_ key: TimerKey, at now: Instant, emit: inout Effects) {
    switch Purpose(rawValue: key.purpose) {
    case .request: server.expire(key.subject, emit: &emit)
    case .exchange, .idle: conclude(client.expire(key, at: now, emit: &emit), at: now, emit: &emit)
    case .ping: ping(Int(key.subject), at: now, emit: &emit)
    case nil: break
    }
  }
}

// MARK: - Requests

extension TorrentTracker {
  /// Answers a request, and those of its connection that came behind it.
  private mutating func serve(
    _ request: HTTPServer.Request?, at now: Instant, emit: inout Effects
  ) {
    var request = request
    while let current = request {
      let response = answer(current.message, at: now, emit: &emit)
      request = server.answer(current.connection, response, at: now, emit: &emit)
    }
  }

  private mutating func answer(
    _ message: HTTPMessage, at now: Instant, emit: inout Effects
  ) -> HTTPResponse {
    switch (message.method, message.path) {
    case ("PUT", "/chunk"): announce(message.body, at: now, emit: &emit)
    case ("POST", "/chunk"): nameOwners(message.body, emit: &emit)
    case ("POST", "/dht"): register(message.body, at: now, emit: &emit)
    case ("GET", "/dht"): listBootstraps(at: now)
    case ("GET", _), ("POST", _), ("PUT", _): Answers.notFound
    default: Answers.unsupported(message.method)
    }
  }

  /// `PUT /chunk`: a client says what it has.
  private mutating func announce(
    _ body: [UInt8], at now: Instant, emit: inout Effects
  ) -> HTTPResponse {
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
      emit.setTimer(
        TimerKey(purpose: Purpose.ping.rawValue, subject: UInt64(client)), at: now + pingInterval)
    }
    if new > 0 || !isKnown {
      changes.log(
        Event(
          TorrentEvents.ownerAnnounced, peer: address,
          [
            "new": .integer(Int64(new)),
            "chunks": .integer(Int64(registry.chunkCount(of: client))),
          ]), per: address, at: now, emit: &emit)
    }
    return Answers.ok
  }

  /// `POST /chunk`: an owner for each chunk that has one. Those with the fewest owners come first:
  /// whoever asks does well to begin with them.
  private mutating func nameOwners(_ body: [UInt8], emit: inout Effects) -> HTTPResponse {
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
      Event(
        TorrentEvents.ownersGiven,
        ["asked": .integer(Int64(hashes.count)), "given": .integer(Int64(entries.count))]),
      per: hashes, emit: &emit)
    return .json(Array(SpacedJSON.array(entries).utf8))
  }

  /// `POST /dht`: a node of the DHT says where it is.
  private mutating func register(
    _ body: [UInt8], at now: Instant, emit: inout Effects
  ) -> HTTPResponse {
    let address: Address
    do throws(RequestBody.Problem) {
      address = try RequestBody(body).address(host: "host", port: "port")
    } catch {
      return HTTPResponse(400, "Could not parse dht request. \(error.text)")
    }
    let count = bootstraps.count
    bootstraps.removeAll { $0.address == address }
    if bootstraps.count == count {
      repeats.log(
        Event(TorrentEvents.bootstrapRegistered, peer: address), per: address, emit: &emit)
    }
    if bootstraps.count >= mostBootstraps { bootstraps.removeFirst() }
    bootstraps.append((address, now))
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
  private mutating func ping(_ number: Int, at now: Instant, emit: inout Effects) {
    guard let address = registry.address(of: number) else { return }
    let exchange = client.ask(
      HTTPRequest("GET", "/ping"), of: address, within: pingTimeout, at: now, emit: &emit)
    pings[exchange] = number
    emit.setTimer(
      TimerKey(purpose: Purpose.ping.rawValue, subject: UInt64(number)),
      at: now + pingInterval)
  }

  private mutating func conclude(
    _ completion: HTTPClient.Completion?, at now: Instant, emit: inout Effects
  ) {
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
    changes.log(
      Event(
        TorrentEvents.ownerForgotten, peer: address,
        [
          "reason": .text(reason), "chunks": .integer(Int64(registry.chunkCount(of: number))),
        ]), per: address, at: now, emit: &emit)
    registry.forget(number)
    bootstraps.removeAll { $0.address == address }
    emit.cancelTimer(TimerKey(purpose: Purpose.ping.rawValue, subject: UInt64(number)))
  }
}
