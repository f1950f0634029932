package import Participants

/// Ways to peers through the NATs that either side may be behind: hole punching (Ford, Srisuresh and
/// Kegel, "Peer-to-Peer Communication Across Network Address Translators", USENIX 2005; RFC 5128,
/// section 3.3), with the means of dht-rpc.
///
/// Who wants a way pings the peer, which opens their own NAT for what the peer sends, and has another
/// ping passed on to it by a *referrer*: a node that the peer has announced itself to, whom the peer's
/// NAT lets through. The peer answers that one directly, which opens its NAT in turn. The way is open
/// when a direct ping has been answered, be it one that is sent again: then each has heard the other.
///
/// The answer to the ping that was passed on may come from another port than the announced one, from
/// behind a NAT that gives a port for each destination. Then that port is pinged.
///
/// Over an open way some datagrams are exchanged, which are pings too.
package struct HolePunches: Sendable {
  package struct Settings: Sendable {
    /// Datagrams that are exchanged over an open way.
    package var datagrams: Int
    /// Between two of them.
    package var interval: Microseconds

    package init(datagrams: Int = 3, interval: Microseconds = .seconds(1)) {
      self.datagrams = datagrams
      self.interval = interval
    }
  }

  private struct Punch: Sendable {
    /// As it was announced.
    let peer: Address
    let started: Instant
    var state = State.opening
    /// Pings that open it and wait.
    var waiting = 0
  }

  private enum State: Sendable {
    case opening
    /// The peer has answered the ping that was passed on.
    case answered
    case open(Way)
  }

  private struct Way: Sendable {
    /// Where the peer answers.
    let address: Address
    var sent = 0
    var answered = 0
    /// Datagrams that have been answered or given up.
    var settled = 0
  }

  private enum Ping: Sendable {
    case direct(punch: UInt64)
    case passedOn(punch: UInt64)
    case exchanged(punch: UInt64)
  }

  /// Somebody who asked, through another, for an answer.
  private struct Introduced: Sendable {
    let until: Instant
    /// Addresses of that host that have been heard since.
    var heard: Set<Address> = []
  }

  private enum Timer: UInt8, TimerPurpose {
    case datagram
  }

  /// Ways that are being opened or used at once.
  package static let mostPunches = 64
  /// Hosts that asked through others and are listened for, and addresses of each that are told.
  static let mostIntroduced = 64
  static let mostHeard = 16
  /// How long they are.
  static let listenedFor = Microseconds.seconds(60)

  private let settings: Settings
  private var punches: [UInt64: Punch] = [:]
  private var pings: [UInt64: Ping] = [:]
  private var introduced: [String: Introduced] = [:]
  /// Of who asked through others, and was heard.
  private var asked = Tally(different: 4_096, sparing: 64)
  private var last: UInt64 = 0

  init(settings: Settings) { self.settings = settings }

  // MARK: - Asking

  /// Begins to open a way to a peer. False: too many are being opened or used.
  mutating func open(
    to peer: Address, through referrer: Address, over rpc: inout DHTRPC, _ turn: inout Turn
  ) -> Bool {
    guard punches.count < Self.mostPunches else { return false }
    last += 1
    punches[last] = Punch(peer: peer, started: turn.now)
    turn.log(HyperDHTEvents.punchStarted(last, peer, referrer: referrer))
    let direct = rpc.ping(peer, &turn)
    let passedOn = rpc.ping(peer, through: referrer, &turn)
    wait(for: direct, .direct(punch: last))
    wait(for: passedOn, .passedOn(punch: last))
    failIfNothingWaits(last, &turn)
    return true
  }

  private mutating func wait(for number: UInt64?, _ ping: Ping) {
    guard let number else { return }
    pings[number] = ping
    switch ping {
    case .direct(let punch), .passedOn(let punch): punches[punch]?.waiting += 1
    case .exchanged: break
    }
  }

  /// A ping was answered.
  mutating func answered(
    _ number: UInt64, from address: Address, over rpc: inout DHTRPC, _ turn: inout Turn
  ) {
    switch pings.removeValue(forKey: number) {
    case .direct(let number):
      punches[number]?.waiting -= 1
      markOpen(number, at: address, &turn)
    case .passedOn(let number):
      punches[number]?.waiting -= 1
      guard case .opening = punches[number]?.state else { return }
      punches[number]?.state = .answered
      let ping = rpc.ping(address, &turn)
      wait(for: ping, .direct(punch: number))
    case .exchanged(let number):
      settle(number, isAnswered: true, &turn)
    case nil:
      break
    }
  }

  /// A ping was not answered.
  mutating func failed(_ number: UInt64, _ turn: inout Turn) {
    switch pings.removeValue(forKey: number) {
    case .direct(let punch), .passedOn(let punch):
      punches[punch]?.waiting -= 1
      failIfNothingWaits(punch, &turn)
    case .exchanged(let punch):
      settle(punch, isAnswered: false, &turn)
    case nil:
      break
    }
  }

  private mutating func failIfNothingWaits(_ number: UInt64, _ turn: inout Turn) {
    guard let punch = punches[number], punch.waiting == 0 else { return }
    if case .open = punch.state { return }
    punches[number] = nil
    turn.log(HyperDHTEvents.punchFailed(number, punch.peer, took: turn.now - punch.started))
  }

  private mutating func markOpen(_ number: UInt64, at address: Address, _ turn: inout Turn) {
    guard let punch = punches[number] else { return }
    if case .open = punch.state { return }
    punches[number]?.state = .open(Way(address: address))
    turn.log(HyperDHTEvents.punchOpened(number, address, took: turn.now - punch.started))
    if settings.datagrams > 0 {
      turn.setTimer(Timer.datagram, number, at: turn.now + settings.interval)
    } else {
      punches[number] = nil
    }
  }

  /// A timer is due: the next datagram goes. Another's changes nothing.
  mutating func fire(_ key: TimerKey, over rpc: inout DHTRPC, _ turn: inout Turn) {
    guard Timer(key) != nil, case .open(var way) = punches[key.subject]?.state else { return }
    let ping = rpc.ping(way.address, &turn)
    way.sent += 1
    punches[key.subject]?.state = .open(way)
    if way.sent < settings.datagrams { turn.setTimer(key, at: turn.now + settings.interval) }
    if ping == nil {
      settle(key.subject, isAnswered: false, &turn)
    } else {
      wait(for: ping, .exchanged(punch: key.subject))
    }
  }

  private mutating func settle(_ number: UInt64, isAnswered: Bool, _ turn: inout Turn) {
    guard case .open(var way) = punches[number]?.state else { return }
    way.settled += 1
    if isAnswered { way.answered += 1 }
    punches[number]?.state = .open(way)
    guard way.settled == settings.datagrams else { return }
    punches[number] = nil
    turn.log(
      HyperDHTEvents.punchFinished(number, way.address, sent: way.sent, answered: way.answered))
  }

  // MARK: - Asked

  /// Somebody had a ping passed on to this node. Their next datagrams may come directly, and from
  /// another port: it is told when they do.
  mutating func introduce(_ asker: Address, by referrer: Address, _ turn: inout Turn) {
    if introduced.count >= Self.mostIntroduced {
      introduced = introduced.filter { $0.value.until > turn.now }
    }
    guard introduced.count < Self.mostIntroduced || introduced[asker.host] != nil else { return }
    if let known = introduced[asker.host], known.until > turn.now { return }
    introduced[asker.host] = Introduced(until: turn.now + Self.listenedFor)
    asked.logEach(HyperDHTEvents.punchAsked(asker, referrer: referrer), per: asker.host, &turn)
  }

  /// A datagram came directly.
  mutating func hear(_ address: Address, _ turn: inout Turn) {
    guard !introduced.isEmpty, let known = introduced[address.host], known.until > turn.now,
      known.heard.count < Self.mostHeard, !known.heard.contains(address)
    else { return }
    introduced[address.host]?.heard.insert(address)
    asked.logEach(Event(HyperDHTEvents.punchHeard, peer: address), per: address.host, &turn)
  }
}
