import HTTPTorrent
import JSONReading
import ParticipantTesting
import Participants
import Testing

/// A client that fetches chunks, input by input: what comes of them is written as it comes.
@Suite struct ArrivalTests {
  private static let tracker = Address(host: "10.0.0.1", port: 1)
  private static let owners = [
    Address(host: "10.0.0.2", port: 2), Address(host: "10.0.0.3", port: 3),
  ]
  private static let chunkSize = 1_000

  /// A client and its disk; the test is the tracker and the owners.
  private struct Fetch {
    var stage: Stage
    var disk: [UInt8] = []
    /// Whether the disk writes nothing.
    var isBroken = false
    private var connected: Set<ConnectionID> = []

    init(chunks: Int, complete: Bool = false) throws {
      let role = try #require(TorrentRoles.all.first { $0.name == "client" })
      stage = Stage(
        role, at: Address(host: "10.0.0.9", port: 9),
        [
          "tracker": .addresses([tracker.description]), "complete": .flag(complete),
          "size": .count(Int64(chunks * chunkSize)), "chunk-size": .count(Int64(chunkSize)),
        ])
      settle()
    }

    /// The disk does what is asked of it.
    mutating func settle() {
      while let (key, request) = stage.takeRequest() {
        stage.handle(.file(key, answer(to: request)))
      }
    }

    private mutating func answer(to request: FileRequest) -> FileAnswer {
      switch request {
      case .read(_, let offset, let count):
        return disk.isEmpty ? .failed("none") : .bytes(Array(disk.dropFirst(offset).prefix(count)))
      case .write(_, let offset, let bytes):
        if isBroken { return .failed("full") }
        let end = offset + bytes.count
        if disk.count < end { disk += [UInt8](repeating: 0, count: end - disk.count) }
        disk.replaceSubrange(offset..<end, with: bytes)
        return .done
      case .rename: return .failed("nothing is renamed")
      }
    }

    mutating func say(_ bytes: some Sequence<UInt8>, on id: ConnectionID) {
      stage.say(Array(bytes), on: id)
      settle()
    }

    /// The tracker says that owners have what the client misses, and the client dials these.
    ///
    /// - Returns: the owners' connections, as far as they are asked for chunks.
    mutating func join(_ owners: ArraySlice<Address>) throws -> [ConnectionID] {
      let hashes = try answerTracker()
      let quoted = hashes.texts.map { "\"\($0)\"" }.joined(separator: ",")
      let list = owners.map { owner in
        "{\"client_host\": \"\(owner.host)\", \"client_port\": \(owner.port), "
          + "\"hash_list\": [\(quoted)]}"
      }
      let text = "[\(list.joined(separator: ","))]"
      say(
        "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8,
        on: hashes.id)
      let asked = stage.dials.filter { owners.contains($0.to) }.map(\.id)
      for id in asked { connect(id) }
      return asked
    }

    /// Answers what the client tells the tracker, until it asks who has what.
    private mutating func answerTracker() throws -> (texts: [String], id: ConnectionID) {
      var next = 0
      while next < stage.dials.count {
        let (id, address, _) = stage.dials[next]
        next += 1
        guard address == tracker, !stage.closed.contains(id) else { continue }
        connect(id)
        let request = String(decoding: stage.heard(on: id), as: UTF8.self)
        guard let body = request.split(separator: "\r\n\r\n").dropFirst().first else { continue }
        if let texts = try JSONValue(Array(body.utf8)).texts { return (texts, id) }
        say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8, on: id)
        next = 0
      }
      throw TorrentError("the tracker was not asked for owners")
    }

    private mutating func connect(_ id: ConnectionID) {
      if connected.insert(id).inserted { stage.handle(.connected(id)) }
    }

    func count(_ kind: EventKind) -> Int { stage.logged(kind).count }
  }

  private static func answer(_ body: [UInt8]) -> [UInt8] {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
  }

  /// What the file of so many chunks is.
  private static func file(_ chunks: Int) throws -> [UInt8] {
    try Fetch(chunks: chunks, complete: true).disk
  }

  @Test(
    "a chunk is on the disk as it comes, and counts when it is whole, however its bytes are cut",
    arguments: [1, 7, 333, 5_000])
  func cuts(step: Int) throws {
    let file = try Self.file(1)
    var fetch = try Fetch(chunks: 1)
    let id = try #require(try fetch.join(Self.owners.prefix(1)).first)
    let answer = Self.answer(file)
    for start in stride(from: 0, to: answer.count, by: step) {
      #expect(fetch.count(TorrentEvents.chunkReceived) == 0)
      let end = min(start + step, answer.count)
      fetch.say(answer[start..<end], on: id)
      #expect(fetch.disk == Array(file.prefix(max(0, end - (answer.count - file.count)))))
    }
    #expect(fetch.count(TorrentEvents.chunkReceived) == 1)
    #expect(fetch.count(TorrentEvents.downloadCompleted) == 1)
  }

  @Test(
    "a chunk of wrong bytes, or too many or too few, does not count and touches no other",
    arguments: [(1_000, true), (1_001, false), (3_000, false), (999, false), (0, false)])
  func lies(count: Int, isWrong: Bool) throws {
    let file = try Self.file(3)
    var fetch = try Fetch(chunks: 3)
    let id = try #require(try fetch.join(Self.owners.prefix(1)).first)
    var lie = Array((file + file).prefix(count))
    if isWrong { lie[500] ^= 1 }
    let written = fetch.disk.count
    fetch.say(Self.answer(lie).prefix(2_000), on: id)
    fetch.say(Self.answer(lie).dropFirst(2_000), on: id)
    #expect(fetch.disk.count <= max(written, 3 * Self.chunkSize))
    #expect(fetch.count(TorrentEvents.chunkReceived) == 0)
    #expect(fetch.count(TorrentEvents.chunkRejected) == 1)
    // What stands on the disk is at most one chunk's place.
    let places = stride(from: 0, to: fetch.disk.count, by: Self.chunkSize).filter { place in
      fetch.disk[place..<min(place + Self.chunkSize, fetch.disk.count)].contains { $0 != 0 }
    }
    #expect(places.count <= 1)
  }

  @Test(
    "a liar's bytes do not get among those of another owner of the same chunk",
    arguments: [0, 1])
  func endGame(liar: Int) throws {
    let file = try Self.file(1)
    var fetch = try Fetch(chunks: 1)
    let ids = try fetch.join(Self.owners[...])
    #expect(ids.count == 2, "the last chunk is asked of both")
    let (good, bad) = (Self.answer(file), Self.answer(file.map { ~$0 }))
    let parts = [liar == 0 ? bad : good, liar == 0 ? good : bad]
    for (id, answer) in zip(ids, parts) { fetch.say(answer.prefix(600), on: id) }
    for (id, answer) in zip(ids, parts) { fetch.say(answer[600..<900], on: id) }
    fetch.say(good.dropFirst(900), on: ids[1 - liar])
    #expect(fetch.disk == file)
    #expect(fetch.stage.closed.contains(ids[liar]), "nothing more is wanted of the other")
    #expect(fetch.count(TorrentEvents.downloadCompleted) == 1)
  }

  @Test("an owner that breaks off leaves the chunk to the next, which writes it from its beginning")
  func breaksOff() throws {
    let file = try Self.file(1)
    var fetch = try Fetch(chunks: 1)
    let ids = try fetch.join(Self.owners[...])
    fetch.say(Self.answer(file.map { ~$0 }).prefix(700), on: ids[0])
    fetch.stage.handle(.closed(ids[0], .reset))
    fetch.say(Self.answer(file), on: ids[1])
    #expect(fetch.disk == file)
    #expect(fetch.count(TorrentEvents.chunkReceived) == 1)
  }

  @Test("a disk that takes nothing is told of once a chunk, and the chunk is fetched again")
  func brokenDisk() throws {
    let file = try Self.file(1)
    var fetch = try Fetch(chunks: 1)
    let id = try #require(try fetch.join(Self.owners.prefix(1)).first)
    fetch.isBroken = true
    for part in [Self.answer(file).prefix(400), Self.answer(file).dropFirst(400)] {
      fetch.say(part, on: id)
    }
    #expect(fetch.count(TorrentEvents.diskFailed) == 1)
    #expect(fetch.count(TorrentEvents.chunkReceived) == 0)
    fetch.isBroken = false
    fetch.stage.wait(.seconds(6))
    #expect(try fetch.join(Self.owners.prefix(1)) == [id], "on the same connection")
    fetch.say(Self.answer(file), on: id)
    #expect(fetch.disk == file)
    #expect(fetch.count(TorrentEvents.downloadCompleted) == 1)
  }
}
