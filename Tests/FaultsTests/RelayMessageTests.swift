import Faults
import Participants
import Testing

@Suite("What the supervisor and the relay say to each other")
struct RelayMessageTests {
  private static let rules = NetworkRules(
    number: 3,
    faults: [
      Fault(
        id: 5, action: .loss(200_000), between: ["a-1"], and: ["late-1"], oneWay: true, at: .zero)
    ], addresses: ["a-1": Address(host: "127.0.0.1", port: 9)])

  static let messages: [RelayMessage] = [
    .started("peer-1", group: 4_711, host: "127.102.0.1"),
    .opened(
      "peer-1", listening: Address(host: "127.0.0.1", port: 1),
      at: Address(host: "127.102.0.1", port: 65_535)),
    .opened(
      "six", listening: Address(host: "::1", port: 80), at: Address(host: "fe80::1", port: 80)),
    .ended("peer-1"), .rules(rules), .rules(NetworkRules(number: 1)),
  ]

  @Test("is read as it was written, however it is cut")
  func roundTrip() throws {
    let bytes = Self.messages.flatMap(\.framed)
    for size in [1, 2, 7, bytes.count] {
      var buffer: [UInt8] = []
      var read: [RelayMessage] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        buffer += bytes[start..<min(start + size, bytes.count)]
        while let message = try RelayMessage.next(in: &buffer) { read.append(message) }
      }
      #expect(read == Self.messages && buffer.isEmpty)
    }
  }

  @Test(
    "is refused where it makes no sense",
    arguments: [
      "", " ", "started", "started a 1", "started a 0 h", "started a -1 h", "started a x h",
      "started a 99999999999 h", "started a 1 h more", "opened a 127.0.0.1:1",
      "opened a 127.0.0.1 127.0.0.1:1", "opened a 127.0.0.1:1 127.0.0.1:99999", "ended",
      "ended a b",
      "stopped a", "rules", "rules 0", "rules 1\nfault 1 bandwidth both 0",
      "rules 1\nfault 1 latency both 9223372036854775807",
    ])
  func malformed(text: String) throws {
    #expect(RelayMessage(parsing: text) == nil)
    var bytes = Array("\(text.utf8.count)\n\(text)".utf8)
    #expect(throws: RelayMessage.Malformed.self) { try RelayMessage.next(in: &bytes) }
  }

  @Test(
    "is refused where its length makes no sense, at once",
    arguments: [
      "\n", "x\n", "-1\n", "16777217\n", "1 \n", "99999999999999999999\n", "12345678901234567",
    ])
  func length(text: String) throws {
    var bytes = Array(text.utf8)
    #expect(throws: RelayMessage.Malformed.self) { try RelayMessage.next(in: &bytes) }
  }

  @Test("is awaited while it is not there whole")
  func incomplete() throws {
    for message in Self.messages {
      for count in 0..<message.framed.count {
        var bytes = Array(message.framed.prefix(count))
        #expect(try RelayMessage.next(in: &bytes) == nil && bytes.count == count)
      }
    }
  }

  @Test("is answered in a line, which is read as it was written")
  func answers() {
    let answers: [RelayAnswer] = [
      .done(RelayCounts()), .done(RelayCounts(lost: 1, held: 22, unknown: 333)),
      .failed("the event loop cannot go on"),
      .taken("cannot listen on 127.102.0.1:7: address already in use"),
    ]
    for answer in answers {
      let line = answer.description
      #expect(line.last == "\n" && line.filter(\.isNewline).count == 1)
      #expect(RelayAnswer(parsing: String(line.dropLast())) == answer)
    }
    for line in [
      "", "done", "done 1 2", "done 1 2 x", "done 1 2 3 4", "done 1 x 2 3", "failed", "taken",
      "well done 1 2 3",
    ] {
      #expect(RelayAnswer(parsing: line) == nil)
    }
  }
}

extension NetworkRulesTests {
  @Test(
    "say the same of two nodes by name, as the relay asks, and by address, as drivers do",
    arguments: 1...200 as ClosedRange<UInt64>)
  func bothViews(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
    func side() -> [String] { (1...5).filter { _ in number(0..<2) == 0 }.map { "n\($0)" } }
    func action() -> Fault.Action {
      let amount = number(1..<100)
      return [
        .partition, .loss(amount), .latency(Microseconds(Int64(amount))), .bandwidth(Int64(amount)),
      ][number(0..<4)]
    }
    let rules = NetworkRules(
      number: 1,
      faults: (0..<number(0..<5)).map {
        Fault(
          id: $0, action: action(), between: side(), and: side(), oneWay: number(0..<2) == 0,
          at: .zero)
      },
      addresses: Dictionary(
        uniqueKeysWithValues: (1...5 as ClosedRange<UInt16>).map {
          ("n\($0)", Address(host: "localhost", port: $0))
        }))
    let none = Disturbance()
    for one in 1...5 {
      let paths = rules.paths(of: "n\(one)")
      for other in 1...5 {
        let path = paths[Address(host: "127.0.0.1", port: UInt16(other))]
        #expect(rules.disturbance(from: "n\(one)", to: "n\(other)") == path?.outbound ?? none)
        #expect(rules.disturbance(from: "n\(other)", to: "n\(one)") == path?.inbound ?? none)
      }
    }
  }
}
