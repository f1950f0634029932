import HyperDHT
import Participants
import Testing

@Suite struct UDPRequestsTests {
  private static let other = Address(host: "10.0.0.1", port: 1)
  private static let start = Instant(microseconds: 1_795_000_000_000_000)

  /// Requests with a clock and the timer that was set last.
  private struct Bench {
    var requests = UDPRequests<String>(unit: .seconds(1), limit: 1_000)
    var secrets: Secrets
    var turn = Turn(at: UDPRequestsTests.start, random: SeededGenerator(seed: 1))
    var timer: (key: TimerKey, due: Instant)?
    var sent = 0

    init(secret: [UInt8] = [1]) { secrets = Secrets(key: secret) }

    mutating func send(patience: Microseconds? = nil) -> UInt16 {
      defer { collect() }
      return requests.send(
        [], to: other, patience: patience, for: "", using: &secrets, &turn) ?? 0
    }

    mutating func answer(_ number: UInt16) -> UDPRequests<String>.Answered? {
      defer { collect() }
      return requests.take(number, from: other, &turn)
    }

    /// What happens to a request that nobody answers, and after how many milliseconds.
    mutating func story() -> [String] {
      var story: [String] = []
      while requests.count > 0 {
        let before = sent
        let (lapse, at) = lapse()
        let what =
          switch lapse {
          case .late: "late"
          case .missing: "missing"
          case .failed: "failed"
          case nil: sent > before ? "sent" : "nothing"
          }
        story.append("\(at.count / 1_000) \(what)")
      }
      return story
    }

    /// Goes to when the timer is due, or so much later, and fires it.
    mutating func lapse(late: Microseconds = .zero) -> (
      UDPRequests<String>.Lapse?, at: Microseconds
    ) {
      guard let timer else { return (nil, .zero) }
      turn.now = timer.due + late
      defer { collect() }
      return (
        requests.lapse(timer.key, &turn), turn.now - UDPRequestsTests.start
      )
    }

    private mutating func collect() {
      turn.drain { effect in
        switch effect {
        case .setTimer(let key, let due): timer = (key, due)
        case .send: sent += 1
        default: break
        }
      }
    }
  }

  @Test("a request is sent three times before it fails, and told of when it is late, then missing")
  func schedule() {
    var bench = Bench()
    _ = bench.send()
    var story = bench.story()
    #expect(story == ["1000 sent", "3000 sent", "6000 failed"])
    bench = Bench()
    _ = bench.send(patience: .milliseconds(10))
    story = bench.story()
    #expect(story == ["10 late", "1000 sent", "1010 missing", "3000 sent", "6000 failed"])
    bench = Bench()
    _ = bench.send(patience: .milliseconds(2_500))
    story = bench.story()
    #expect(story == ["1000 sent", "2500 late", "3000 sent", "3500 missing", "6000 failed"])
  }

  @Test("an answer tells how long it took, and whether it can be to one sending only")
  func times() throws {
    var bench = Bench()
    let first = bench.send()
    bench.turn.now = bench.turn.now + .milliseconds(10)
    let promptly = bench.answer(first)
    let prompt = try #require(promptly)
    #expect(prompt.time == .milliseconds(10) && prompt.isCertain)
    let second = bench.send()
    _ = bench.lapse()
    let slowly = bench.answer(second)
    let slow = try #require(slowly)
    #expect(slow.time == .seconds(1) && !slow.isCertain)
  }

  @Test("who was kept from running first reads what has come before it calls others late")
  func oversleeping() {
    var bench = Bench()
    let number = bench.send(patience: .milliseconds(10))
    #expect(bench.lapse(late: .milliseconds(100)).0 == nil)
    let answered = bench.answer(number)
    #expect(answered != nil)
    #expect(bench.requests.count == 0)
    // It was not there: the next look is soon.
    _ = bench.send(patience: .milliseconds(10))
    #expect(bench.lapse(late: .milliseconds(100)).0 == nil)
    guard case .late = bench.lapse(late: .milliseconds(100)).0 else {
      return #expect(Bool(false))
    }
    // Nor does a second oversleeping pass for silence.
    _ = bench.lapse()
    #expect(bench.lapse(late: .seconds(5)).0 == nil)
    guard case .missing = bench.lapse().0 else { return #expect(Bool(false)) }
  }

  @Test("numbers follow from the secret, and from nothing else")
  func numbers() {
    func numbers(_ secret: [UInt8]) -> [UInt16] {
      var bench = Bench(secret: secret)
      return (0..<200).map { _ in bench.send() }
    }
    #expect(numbers([1]) == numbers([1]))
    #expect(Set(numbers([1])).count == 200)
    #expect(zip(numbers([1]), numbers([2])).count { $0 == $1 } < 5)
    // All of 15 bits.
    #expect(numbers([1]).contains { $0 >= 0x4000 } && numbers([1]).contains { $0 < 0x400 })
  }
}
