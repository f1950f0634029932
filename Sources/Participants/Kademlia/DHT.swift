package import Participants
package import Wire

/// A node's part in a Kademlia network that speaks rpcudp: it keeps a routing table, answers, looks
/// up nodes and values, and holds values for others.
///
/// It is no participant but a part of one. Its owner hands it datagrams (``receive(_:from:_:)``)
/// and the timers that are its own (``fire(_:_:)``), starts ``set(_:to:_:)`` and
/// ``get(_:gathering:_:)``, and afterwards takes what came of them (``takeOutcomes()``).
///
/// After Maymounkov and Mazières, "Kademlia: A Peer-to-peer Information System Based on the XOR
/// Metric" (2002), on the wire of the PyPI packages `kademlia` 2.2.3 and `rpcudp` 5.0.1. Where it
/// does more than these, and why:
///
/// - **Nobody is believed unproven.** A node that asks, or that others name, is pinged, and becomes a
///   contact by its answer, which says its ID. A forged sender gets into no table and brings nobody a
///   flood of values, and a node that comes back at its address with another ID replaces the old one.
/// - **It asks nobody at its own address.** There was another node, which others may still name.
/// - **The dead leave.** A contact that does not answer is asked again at once, and dropped after
///   `max-failures`; one that has not proved itself for `ping-interval` is pinged.
/// - **Who was cut off comes back.** Nodes to join by that are no contacts are pinged with the others,
///   and when one answers, the own ID is looked up as at the beginning.
package struct DHT: Sendable {
  private enum Timer: UInt8, TimerPurpose {
    /// A request's time is up.
    case requests
    case upkeep
    case join
  }

  /// What came of something, for the owner.
  package enum Outcome: Sendable {
    /// The own ID has been looked up.
    case joined
    case put(NodeID, copies: Int)
    case putFailed(NodeID)
    case found(NodeID, [MessagePack])
    case missing(NodeID)
  }

  struct Settings {
    let k, alpha, maxFailures, maxRequests: Int
    let rpcTimeout, joinRetry, pingInterval, refreshInterval, republishInterval: Microseconds
    let valueLifetime: Microseconds
    let storage: Storage.Limits
    let evictsDead, givesValues, republishes, answersClosest: Bool

    init(_ options: OptionValues) {
      k = options.count("k")
      alpha = options.count("alpha")
      maxFailures = options.count("max-failures")
      maxRequests = options.count("max-requests")
      rpcTimeout = options.duration("rpc-timeout")
      joinRetry = options.duration("join-retry")
      pingInterval = options.duration("ping-interval")
      refreshInterval = options.duration("refresh-interval")
      republishInterval = options.duration("republish-interval")
      valueLifetime = options.duration("value-lifetime")
      storage = Storage.Limits(
        keys: options.count("max-keys"), keysPerPeer: options.count("max-keys-per-peer"),
        valueBytes: options.count("max-value"))
      evictsDead = options.flag("evict-dead")
      givesValues = options.flag("give-values")
      republishes = options.flag("republish")
      answersClosest = options.choice("answers") == "closest"
    }

    /// How often the DHT looks at what is due: four times in the shortest interval.
    var upkeepInterval: Microseconds {
      let shortest = min(pingInterval, refreshInterval, republishInterval, valueLifetime)
      return Microseconds(max(1_000, shortest.count / 4))
    }
  }

  let settings: Settings
  package private(set) var bootstrap: [Address]
  package internal(set) var own = NodeID.zero
  /// Where it listens. Others may still know the node that was there before, and name it.
  private(set) var address: Address?
  package internal(set) var table: RoutingTable
  package internal(set) var storage: Storage
  var outcomes: [Outcome] = []

  // Requests: DHT+Requests.swift
  var requests = RequestTable()
  /// Addresses with a ping under way.
  var pinged: Set<Address> = []
  /// Of what strangers do again and again.
  var repeats = Tally()
  /// Of contacts and values.
  var changes = Tally(different: 65_536, sparing: 64)

  // Lookups: DHT+Lookups.swift
  var lookups: [UInt64: LookupJob] = [:]
  var lastLookup: UInt64 = 0
  /// The lookup of the own ID, while there is one.
  var joining: UInt64?
  /// Lookups that nobody waits for, in order.
  var chores: [Chore] = []
  var choresUnderWay = 0

  // Values: DHT+Values.swift
  var publications: [UInt64: Publication] = [:]

  /// - Parameter options: of a role that has ``KademliaRoles/dht`` among its options.
  package init(options: OptionValues) {
    settings = Settings(options)
    bootstrap = options.addresses("bootstrap")
    storage = Storage(limits: settings.storage)
    table = RoutingTable(own: .zero, k: settings.k, at: Instant(microseconds: 0))
  }

  /// Begins, once, when the node listens at that address.
  package mutating func start(listening address: Address, _ turn: inout Turn) {
    self.address = address
    own = NodeID.random(using: &turn.random)
    table = RoutingTable(own: own, k: settings.k, at: turn.now)
    // Nodes that start together do not work together ever after.
    let first = Int64.random(in: 0...settings.upkeepInterval.count, using: &turn.random)
    turn.setTimer(Timer.upkeep, at: turn.now + Microseconds(first))
    join(&turn)
  }

  /// Has these nodes to join by from now on: the owner learned of them from somebody.
  package mutating func join(by addresses: [Address], _ turn: inout Turn) {
    bootstrap = addresses
    join(&turn)
  }

  /// A timer is due. Another's changes nothing.
  package mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    switch Timer(key) {
    case .requests: giveUpRequests(&turn)
    case .upkeep: upkeep(&turn)
    case .join: join(&turn)
    case nil: break
    }
  }

  /// What came of something since the last call, oldest first.
  package mutating func takeOutcomes() -> [Outcome] {
    defer { outcomes = [] }
    return outcomes
  }

  // MARK: - Time

  func setRequestTimer(at instant: Instant, _ turn: inout Turn) {
    turn.setTimer(Timer.requests, at: instant)
  }

  func retryJoin(_ turn: inout Turn) {
    turn.setTimer(Timer.join, at: turn.now + settings.joinRetry)
  }

  /// What is due at intervals: pings, refreshes, republications, expiries.
  private mutating func upkeep(_ turn: inout Turn) {
    turn.setTimer(Timer.upkeep, at: turn.now + settings.upkeepInterval)
    for contact in table.contacts where contact.identified + settings.pingInterval <= turn.now {
      ping(contact.address, id: contact.id, &turn)
    }
    for address in bootstrap where table.contact(at: address) == nil && !table.isEmpty {
      ping(address, isBootstrap: true, &turn)
    }
    if !table.isEmpty {
      for id in table.idle(since: turn.now - settings.refreshInterval, using: &turn.random) {
        table.touch(id, at: turn.now)
        addChore(.refresh(id))
      }
    }
    for (key, value) in storage.expire(storedBefore: turn.now - settings.valueLifetime) {
      changes.logEach(
        Event(KademliaEvents.expired, ["key": key, "value": DHTValue.name(of: value)]), per: key,
        &turn)
    }
    if settings.republishes && !table.isEmpty {
      planRepublishing(at: turn.now, using: &turn.random)
    }
    runChores(&turn)
  }

  /// The first node to notice spares the others the work (section 2.5), if they do not all notice at
  /// once.
  private mutating func planRepublishing(at now: Instant, using random: inout SeededGenerator) {
    let patience = Int64.random(
      in: settings.republishInterval.count * 3 / 4...settings.republishInterval.count,
      using: &random)
    for key in storage.takeDue(publishedBefore: now - Microseconds(patience), at: now) {
      addChore(.republish(key))
    }
  }
}
