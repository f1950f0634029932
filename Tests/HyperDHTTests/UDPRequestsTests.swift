import HyperDHT
import Participants
import Testing

@Suite struct UDPRequestsTests {
  private static let other = Address(host: "10.0.0.1", port: 1)
  private static let start = Instant(microseconds: 1_795_000_000_000_000)

  /// Requests with a clock and the timer that was set last.
  private struct Bench {
    var requests = UDPRequests<String>(unit: .seconds(1), limit: 1_000, timer: 1)
    var secrets: Secrets
    var effects = Effects()
    var now = UDPRequestsTests.start
    var timer: (key: TimerKey, due: Instant)?
    var sent = 0

    init(secret: [UInt8] = [1]) { secrets = Secrets(key: secret) }

    mutating func send(_ purpose: String = "") -> UInt16 {
      defer { collect() }
      return requests.send(
        [], to: other, for: purpose, at: now, using: &secrets, emit: &effects) ?? 0
    }

    mutating func answer(_ number: UInt16, after wait: Microseconds) {
      now = now + wait
      _ = requests.take(number, from: other, at: now, emit: &effects)
      collect()
    }

    /// Goes to when the timer is due, or so much later, and fires it.
    mutating func lapse(late: Microseconds = .zero) -> (
      UDPRequests<String>.Lapse?, at: Microseconds
    ) {
      guard let timer else { return (nil, .zero) }
      now = timer.due + late
      defer { collect() }
      return (
        requests.lapse(timer.key, at: now, emit: &effects), now - UDPRequestsTests.start
      )
    }

    private mutating func collect() {
      effects.drain { effect in
        switch effect {
        case .setTimer(let key, let due): timer = (key, due)
        case .send: sent += 1
        default: break
        }
      }
    }
  }

  @Test("a request is late after a unit, and sent three times before it fails")
  func schedule() {
    var bench = Bench()
    _ = bench.send()
    guard case (.late, .seconds(1)) = bench.lapse() else { return #expect(Bool(false)) }
    #expect(bench.sent == 1)
    for (seconds, sent) in [(1, 2), (3, 3)] {
      let (lapse, at) = bench.lapse()
      #expect(lapse == nil && at == .seconds(Int64(seconds)) && bench.sent == sent)
    }
    guard case (.failed, .seconds(6)) = bench.lapse() else { return #expect(Bool(false)) }
    #expect(bench.requests.count == 0)
  }

  @Test("where answers take ten milliseconds, a request is soon late, and sent again by the clock")
  func patience() {
    var bench = Bench()
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(10)) }
    #expect(bench.requests.patience == .milliseconds(11))
    let start = bench.now
    _ = bench.send()
    guard case .late = bench.lapse().0 else { return #expect(Bool(false)) }
    #expect(bench.now == start + .milliseconds(11))
    #expect(bench.lapse().0 == nil)
    #expect(bench.now == start + .seconds(1))
  }

  @Test("answers that come late lengthen the patience, up to a unit")
  func slow() {
    var bench = Bench()
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(10)) }
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(200)) }
    #expect(bench.requests.patience > .milliseconds(200))
    #expect(bench.requests.patience < .milliseconds(210))
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(999)) }
    #expect(bench.requests.patience > .milliseconds(990))
    #expect(bench.requests.patience <= .seconds(1))
  }

  @Test("what is answered after it was sent again tells nothing of how long answers take")
  func ambiguous() {
    var bench = Bench()
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(10)) }
    let number = bench.send()
    _ = bench.lapse()
    _ = bench.lapse()
    #expect(bench.sent == 102)
    bench.answer(number, after: .milliseconds(10))
    #expect(bench.requests.patience == .milliseconds(11))
  }

  @Test("who was kept from running first reads what has come before it calls others late")
  func oversleeping() {
    var bench = Bench()
    for _ in 0..<100 { bench.answer(bench.send(), after: .milliseconds(10)) }
    let number = bench.send()
    #expect(bench.lapse(late: .milliseconds(100)).0 == nil)
    bench.answer(number, after: .zero)
    #expect(bench.requests.count == 0)
    // It was not there: the next look is soon.
    _ = bench.send()
    #expect(bench.lapse(late: .milliseconds(100)).0 == nil)
    guard case .late = bench.lapse(late: .milliseconds(100)).0 else {
      return #expect(Bool(false))
    }
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
