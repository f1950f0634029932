import NetworkRules
import Participants
import Testing

@Suite("What the supervisor and the relay say to each other")
struct RelayMessageTests {
  private static let rules = NetworkRules(
    number: 3,
    rules: [
      NetworkRules.Rule(
        fault: 5, action: .loss, oneWay: true, amount: 200_000,
        from: [NetworkRules.Member(name: "a-1", address: Address(host: "127.0.0.1", port: 9))],
        to: [NetworkRules.Member(name: "late-1", address: nil)])
    ])

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
      .failed("cannot listen on 127.102.0.1:7: address already in use"),
    ]
    for answer in answers {
      let line = answer.description
      #expect(line.last == "\n" && line.filter(\.isNewline).count == 1)
      #expect(RelayAnswer(parsing: String(line.dropLast())) == answer)
    }
    for line in [
      "", "done", "done 1 2", "done 1 2 x", "done 1 2 3 4", "done 1 x 2 3", "failed",
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
    func side() -> [NetworkRules.Member] {
      (1...5).filter { _ in number(0..<2) == 0 }.map {
        NetworkRules.Member(name: "n\($0)", address: Address(host: "localhost", port: UInt16($0)))
      }
    }
    let actions: [NetworkRules.Action] = [.partition, .loss, .latency, .bandwidth]
    let rules = NetworkRules(
      number: 1,
      rules: (0..<number(0..<5)).map {
        NetworkRules.Rule(
          fault: $0, action: actions[number(0..<4)], oneWay: number(0..<2) == 0,
          amount: Int64(number(1..<100)), from: side(), to: side())
      })
    let none = NetworkRules.Disturbance()
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
