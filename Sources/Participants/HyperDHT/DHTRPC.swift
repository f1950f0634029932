package import Participants

/// A node's part in a distributed hash table that speaks dht-rpc, version 3: it keeps a table of
/// others, answers them, and asks those closest to a target whatever its owner wants.
///
/// It is no participant but a part of one. Its owner hands it datagrams
/// (``receive(_:from:_:)``), answers the calls that come out of these, hands it the timers
/// that are its own (``fire(_:_:)``), starts lookups, and afterwards takes what came of
/// them (``takeOutcomes()``).
///
/// On the wire it is what `dht-rpc` 3 for Node.js and its Go port are. Where it does more, and why:
///
/// - **Nobody is believed unproven.** Who asks is pinged, and gets into the table by the answer. An
///   address has one place in the table, whatever IDs it claims.
/// - **Only who was asked may answer**, and requests have random numbers.
/// - **The slow are waited for, and the dead once** (``Punctuality``, ``Lookup``). The silent are named
///   to nobody.
/// - **Tokens hold for one address, port and command** (``Tokens``).
/// - **Pings are passed on only to nodes in the table**, and to whom the owner knows, so nobody is
///   flooded through others.
package struct DHTRPC: Sendable {
  private enum Timer: UInt8, TimerPurpose {
    case upkeep
    case join
    case secret
  }

  package struct Settings: Sendable {
    /// Contacts in a bucket, and nodes in an answer.
    package var k: Int
    /// A request that is not answered is sent again after this, and then after twice as long.
    package var unit: Microseconds
    /// Between two looks at who has not been heard.
    package var upkeepInterval: Microseconds
    /// Contacts not heard for so long are pinged.
    package var staleAfter: Microseconds
    package var secretLifetime: Microseconds
    package var joinRetry: Microseconds
    package var maxRequests: Int
    package var maxLookups: Int
    /// Says its ID to nobody, so that nobody keeps it.
    package var isEphemeral: Bool
    package var encoding: IPEncoding

    package init(
      k: Int = 20, unit: Microseconds = .seconds(1), upkeepInterval: Microseconds = .seconds(40),
      staleAfter: Microseconds = .seconds(120), secretLifetime: Microseconds = .seconds(300),
      joinRetry: Microseconds = .seconds(5), maxRequests: Int = 1_024, maxLookups: Int = 64,
      isEphemeral: Bool = false, encoding: IPEncoding = .ipv4
    ) {
      self.k = k
      self.unit = unit
      self.upkeepInterval = upkeepInterval
      self.staleAfter = staleAfter
      self.secretLifetime = secretLifetime
      self.joinRetry = joinRetry
      self.maxRequests = maxRequests
      self.maxLookups = maxLookups
      self.isEphemeral = isEphemeral
      self.encoding = encoding
    }
  }

  /// A request with a command of the owner's and a target, which waits for ``answer(_:value:_:)``.
  package struct Call: Sendable {
    package let command: String
    package let target: [UInt8]
    package let value: [UInt8]?
    package let asker: Address
    /// The asker has shown that they receive what is sent to their address: they may change things.
    package let isUpdate: Bool
    let number: UInt16
  }

  package enum Outcome: Sendable {
    /// The own ID has been looked up.
    case joined
    /// A node answered in a lookup with a value.
    case value(lookup: UInt64, [UInt8], from: Address)
    /// Somebody answered a ping of the owner's; another port than was asked proves nothing.
    case pinged(UInt64, from: Address)
    /// Nobody did.
    case silent(UInt64)
    /// Somebody had a ping passed on to this node, which answered it.
    case introduced(Address, by: Address)
    /// A ping is to be passed on to somebody who is not in the table. See ``forward(_:_:)``.
    case stranger(Forwarding)
    /// A lookup ended. For an update, `updated` nodes took it.
    case finished(lookup: UInt64, Lookup, updated: Int)
  }

  /// A ping that somebody wants passed on.
  package struct Forwarding: Sendable {
    package let address: Address
    let request: RPCRequest
    let number: UInt16
  }

  /// What a node in the table is known by.
  package struct Known: Sendable {
    package let address: Address
    /// When it was last heard.
    package var heard: Instant
  }

  enum Purpose: Sendable {
    /// Who is there? `newcomer` wants the place of `id`, if that one is not there any more.
    case check(id: [UInt8]?, newcomer: Contact?)
    /// Is a contact there? Who is not keeps its place: it may be this node that is cut off.
    case probe(id: [UInt8])
    /// `id` is `nil` where it is not known who is there.
    case ask(lookup: UInt64, id: [UInt8]?)
    case update(lookup: UInt64, id: [UInt8])
    /// A ping of the owner's.
    case ping(UInt64)
    /// A ping by way of who named a node that does not answer.
    case punch
  }

  /// Whom a lookup is for.
  enum Client: Sendable {
    case owner
    /// The node itself, which looks up its own ID.
    case join
    /// The node itself, whose table has a gap.
    case gap
  }

  /// A lookup with what it asks.
  struct Job: Sendable {
    var lookup: Lookup
    let command: String
    let value: [UInt8]?
    let isUpdate: Bool
    let client: Client
    /// Requests of the second round, which brings the tokens back.
    var updating: Int?
    var updated = 0
  }

  /// So many contacts that become silent within a unit of time are no single deaths.
  package static let severalSilent = 3

  /// Ranges that a node looks into when it has joined, the widest ones.
  package static let mostGaps = 8

  package let settings: Settings
  package let bootstrap: [Address]
  package internal(set) var own: [UInt8] = []
  package internal(set) var table = ContactTree<Known>(own: [], size: 1)
  var ids: [Address: [UInt8]] = [:]
  var secrets: Secrets
  var tokens: Tokens
  var requests: UDPRequests<Purpose>
  var punctuality: Punctuality
  /// When contacts became silent, of late.
  var silences: [Instant] = []
  /// Addresses with a ping under way.
  var checking: Set<Address> = []
  var jobs: [UInt64: Job] = [:]
  var lastLookup: UInt64 = 0
  var lastPing: UInt64 = 0
  var isJoining = false
  var hasJoined = false
  var outcomes: [Outcome] = []

  /// - Parameters:
  ///   - bootstrap: numeric addresses, as only who was asked may answer.
  ///   - secret: what numbers and tokens are made of (``ParticipantSettings/secret``).
  package init(settings: Settings, bootstrap: [Address], secret: [UInt8]) {
    self.settings = settings
    self.bootstrap = bootstrap
    secrets = Secrets(key: secret)
    tokens = Tokens(using: &secrets)
    requests = UDPRequests(unit: settings.unit, limit: settings.maxRequests)
    punctuality = Punctuality(unit: settings.unit)
  }

  /// What came of something since the last call, oldest first.
  package mutating func takeOutcomes() -> [Outcome] {
    defer { outcomes = [] }
    return outcomes
  }

  /// Begins, once, when the node listens.
  package mutating func start(_ turn: inout Turn) {
    own = .random(Contact.idSize, using: &turn.random)
    table = ContactTree(own: own, size: settings.k)
    // Nodes that start together do not work together ever after.
    let first = Int64.random(in: 0...settings.upkeepInterval.count, using: &turn.random)
    turn.setTimer(Timer.upkeep, at: turn.now + Microseconds(first))
    turn.setTimer(Timer.secret, at: turn.now + settings.secretLifetime)
    join(&turn)
  }

  /// A timer is due. Another's changes nothing.
  package mutating func fire(_ key: TimerKey, _ turn: inout Turn) {
    if let lapse = requests.lapse(key, &turn) { take(lapse, &turn) }
    switch Timer(key) {
    case .upkeep:
      turn.setTimer(key, at: turn.now + settings.upkeepInterval)
      punctuality.forget(before: turn.now - settings.staleAfter)
      for entry in table.entries where entry.contact.heard + settings.staleAfter <= turn.now {
        check(entry.contact.address, id: entry.id, &turn)
      }
    case .join:
      join(&turn)
    case .secret:
      turn.setTimer(key, at: turn.now + settings.secretLifetime)
      tokens.rotate(using: &secrets)
    case nil:
      break
    }
  }

  /// Looks up the own ID until somebody answers, and again after everybody was lost.
  private mutating func join(_ turn: inout Turn) {
    turn.setTimer(Timer.join, at: turn.now + settings.joinRetry)
    let isAlone = table.count == 0
    guard !isJoining, isAlone ? !bootstrap.isEmpty : !hasJoined else { return }
    isJoining = true
    let number = lookUp(RPCRequest.findNode, own, for: .join, &turn)
    if number == nil { isJoining = false }
  }

  // MARK: - The table

  /// Somebody said who they are. Who is not in the table has to prove it.
  mutating func consider(_ id: [UInt8], at address: Address, _ turn: inout Turn) {
    guard id != own, table[id]?.address != address else { return }
    if let stalest = table.stalest(beside: id),
      !stalest.contains(where: { isDue($0, at: turn.now) })
    {
      return
    }
    check(address, id: nil, &turn)
  }

  /// Somebody answered from their address: they are who they are.
  mutating func hear(_ contact: Contact, _ turn: inout Turn) {
    guard contact.id != own else { return }
    punctuality.hear(contact)
    if let old = ids[contact.address], old != contact.id { remove(old) }
    if let known = table[contact.id], known.address != contact.address {
      check(known.address, id: contact.id, for: contact, &turn)
      return
    }
    switch table.add(contact.id, Known(address: contact.address, heard: turn.now)) {
    case .known:
      break
    case .added:
      ids[contact.address] = contact.id
    case .full(let stalest):
      for entry in stalest where isDue(entry, at: turn.now) {
        check(entry.contact.address, id: entry.id, for: contact, &turn)
      }
    }
  }

  /// Whether a contact may have to give its place up: it has not been heard for long enough.
  private func isDue(_ entry: ContactTree<Known>.Entry, at now: Instant) -> Bool {
    entry.contact.heard + settings.upkeepInterval <= now
  }

  mutating func remove(_ id: [UInt8]) {
    guard let gone = table.remove(id) else { return }
    ids[gone.address] = nil
  }

  /// Pings an address, unless it is being pinged.
  mutating func check(
    _ address: Address, id: [UInt8]?, for newcomer: Contact? = nil, _ turn: inout Turn
  ) {
    guard !checking.contains(address) else { return }
    let ping = RPCRequest(command: RPCRequest.ping, id: shownID)
    let patience = punctuality.patience(with: Contact(id: id ?? [], address: address))
    let number = requests.send(
      ping.encoded, to: address, patience: patience, for: .check(id: id, newcomer: newcomer),
      using: &secrets, &turn)
    if number != nil { checking.insert(address) }
  }

  /// What others are told.
  var shownID: [UInt8]? { settings.isEphemeral ? nil : own }
}
