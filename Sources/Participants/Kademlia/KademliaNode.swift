import Hashing
package import Participants
import Wire

/// A node of a Kademlia network, around a ``DHT``: sets some values and looks some up.
///
/// Its keys are SHA-1 of the texts `value-1`, `value-2`, …, so that every node knows what others may
/// have set; the value of `value-7` is always the text `the value of value-7`.
package struct KademliaNode: Participant {
  private enum Timer: UInt8, TimerPurpose {
    case put
    case get
  }

  private let keys, putCount, getCount, getsAtOnce: Int
  private let putInterval, getInterval, startDelay: Microseconds
  private var dht: DHT
  private var hasStarted = false
  private var puts = 0
  private var gets = 0
  private var lastTimer: UInt64 = 0

  init(_ settings: ParticipantSettings) {
    let options = settings.options
    keys = options.count("keys")
    putCount = options.count("put-count")
    getCount = options.count("get-count")
    getsAtOnce = options.count("gets-at-once")
    putInterval = options.duration("put-interval")
    getInterval = options.duration("get-interval")
    startDelay = options.duration("start-delay")
    dht = DHT(options: options)
  }

  package mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let address):
      dht.start(listening: address, &turn)
    case .datagram(let address, let bytes):
      dht.receive(bytes, from: address, &turn)
    case .timer(let key):
      dht.fire(key, &turn)
      fire(key, &turn)
    case .accepted, .connected, .received, .closed, .drained, .file, .stopping:
      break
    }
    for outcome in dht.takeOutcomes() {
      switch outcome {
      case .joined: startWork(&turn)
      case .found, .missing:
        if getInterval == .zero { plan(.get, at: turn.now, &turn) }
      case .put, .putFailed: break
      }
    }
  }

  private mutating func startWork(_ turn: inout Turn) {
    guard !hasStarted else { return }
    hasStarted = true
    plan(.put, at: turn.now + startDelay, &turn)
    for _ in 0..<(getInterval == .zero ? getsAtOnce : 1) {
      plan(.get, at: turn.now + startDelay, &turn)
    }
  }

  private mutating func plan(_ purpose: Timer, at instant: Instant, _ turn: inout Turn) {
    lastTimer += 1
    turn.setTimer(purpose, lastTimer, at: instant)
  }

  private mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    switch Timer(key) {
    case .put where puts < putCount:
      puts += 1
      plan(.put, at: turn.now + putInterval, &turn)
      let name = randomName(using: &turn.random)
      dht.set(Self.key(of: name), to: .text("the value of \(name)"), &turn)
    case .get where gets < getCount:
      gets += 1
      if getInterval > .zero { plan(.get, at: turn.now + getInterval, &turn) }
      dht.get(Self.key(of: randomName(using: &turn.random)), &turn)
    case .put, .get, nil:
      break
    }
  }

  private func randomName(using random: inout SeededGenerator) -> String {
    "value-\(Int.random(in: 1...keys, using: &random))"
  }

  /// Where a name's value is stored: SHA-1 of its UTF-8.
  package static func key(of name: String) -> NodeID {
    NodeID(SHA1.hash(Array(name.utf8))) ?? .zero
  }
}
