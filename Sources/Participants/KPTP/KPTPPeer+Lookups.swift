import Participants

/// A way to an ID: the peers nearest to it that were heard of, and what came of asking them.
struct Lookup {
  struct Step {
    enum State { case known, asked, answered, failed }

    let endpoint: Endpoint
    let id: PeerID
    var state = State.known
  }

  enum Purpose {
    case refresh
    case put(Payload)
    case get(Payload)

    var word: String {
      switch self {
      case .refresh: "refresh"
      case .put: "put"
      case .get: "get"
      }
    }

    var isForValue: Bool { if case .refresh = self { false } else { true } }
  }

  /// Peers that are asked at a time, and that must all have answered in the end: one of them alone
  /// may have a gap in its table.
  static let breadth = 3
  /// Peers that are remembered, nearest first.
  static let mostSteps = 64

  let number: UInt64
  let target: PeerID
  let purpose: Purpose
  /// Nearest to the target first.
  private(set) var steps: [Step] = []
  var asked = 0

  init(number: UInt64, target: PeerID, for purpose: Purpose) {
    self.number = number
    self.target = target
    self.purpose = purpose
  }

  mutating func add(_ endpoint: Endpoint, _ id: PeerID) {
    guard !steps.contains(where: { $0.endpoint == endpoint }) else { return }
    let distance = id.distance(to: target)
    let position = steps.firstIndex { $0.id.distance(to: target) > distance } ?? steps.count
    steps.insert(Step(endpoint: endpoint, id: id), at: position)
    if steps.count > Self.mostSteps { steps.removeLast() }
  }

  mutating func mark(_ endpoint: Endpoint, _ state: Step.State) {
    guard let index = steps.firstIndex(where: { $0.endpoint == endpoint }) else { return }
    steps[index].state = state
  }

  /// The nearest of those who did not fail: so many that are of use, and the others among them, who
  /// know the way all the same.
  ///
  /// - Parameter isOfUse: whether somebody found may do what the way is for.
  private func nearest(_ isOfUse: (Endpoint) -> Bool) -> [Step] {
    var nearest: [Step] = []
    var found = 0
    for step in steps where step.state != .failed {
      nearest.append(step)
      if isOfUse(step.endpoint) { found += 1 }
      if found == Self.breadth { break }
    }
    return nearest
  }

  var underWay: Int { steps.count { $0.state == .asked } }

  /// Whom to ask now.
  func next(_ isOfUse: (Endpoint) -> Bool) -> Endpoint? {
    guard underWay < Self.breadth else { return nil }
    return nearest(isOfUse).first { $0.state == .known }?.endpoint
  }

  /// Whether the nearest have all answered.
  func isDone(_ isOfUse: (Endpoint) -> Bool) -> Bool {
    nearest(isOfUse).allSatisfy { $0.state == .answered }
  }

  /// Those who answered, nearest first.
  var answered: [Endpoint] { steps.filter { $0.state == .answered }.map(\.endpoint) }
}

extension KPTPPeer {
  /// Looks for what the table lacks: the peers nearest to us, and in turn one for each bucket that
  /// is empty while a nearer one is not. `bootstrap`: is asked too.
  mutating func refresh(asking bootstrap: Endpoint?, _ turn: inout Turn) {
    let isUnderWay = lookups.contains { if case .refresh = $0.purpose { true } else { false } }
    guard !isUnderWay else { return }
    let deepest = table.entries.first.map { table.prefix(of: $0.id) } ?? 0
    let empty = (0..<deepest).filter { table.bucket($0).isEmpty }
    let place = rounds % (empty.count + 1)
    let target =
      place == 0
      ? own.id : PeerID(own.id.number ^ UInt16(1) << UInt16(PeerID.bits - 1 - empty[place - 1]))
    startLookup(of: target, for: .refresh, beginningAt: bootstrap, &turn)
  }

  mutating func startLookup(
    of target: PeerID, for purpose: Lookup.Purpose, beginningAt first: Endpoint? = nil,
    _ turn: inout Turn
  ) {
    lastLookup += 1
    var lookup = Lookup(number: lastLookup, target: target, for: purpose)
    for entry in table.entries { lookup.add(entry.endpoint, entry.id) }
    lookups.append(lookup)
    if let first, first != own {
      lookups[lookups.count - 1].add(first, first.id)
      askStep(first, of: lookups.count - 1, &turn)
    }
    advance(lookup.number, &turn)
  }

  private mutating func askStep(_ peer: Endpoint, of index: Int, _ turn: inout Turn) {
    lookups[index].asked += 1
    let isAsked = ask(peer, .step(lookup: lookups[index].number), &turn)
    lookups[index].mark(peer, isAsked ? .asked : .failed)
  }

  mutating func step(
    _ number: UInt64, answeredBy peer: Endpoint, _ listed: [Endpoint], _ turn: inout Turn
  ) {
    guard let index = lookups.firstIndex(where: { $0.number == number }) else { return }
    lookups[index].mark(peer, .answered)
    for endpoint in listed where endpoint != own && endpoint.isReachable {
      lookups[index].add(endpoint, endpoint.id)
    }
    advance(number, &turn)
  }

  mutating func step(_ number: UInt64, failedBy peer: Endpoint, _ turn: inout Turn) {
    guard let index = lookups.firstIndex(where: { $0.number == number }) else { return }
    lookups[index].mark(peer, .failed)
    advance(number, &turn)
  }

  private mutating func advance(_ number: UInt64, _ turn: inout Turn) {
    guard let index = lookups.firstIndex(where: { $0.number == number }) else { return }
    // Only peers that keep values are of use where one is to be put or got.
    let (isForValue, manners) = (lookups[index].purpose.isForValue, manners)
    let now = turn.now
    let isOfUse = { (peer: Endpoint) in !isForValue || !manners.isMute(peer, at: now) }
    while lookups[index].asked < settings.lookupSteps, let peer = lookups[index].next(isOfUse) {
      askStep(peer, of: index, &turn)
    }
    let isOutOfSteps = lookups[index].asked >= settings.lookupSteps
    guard lookups[index].isDone(isOfUse) || isOutOfSteps && lookups[index].underWay == 0 else {
      return
    }
    let lookup = lookups.remove(at: index)
    turn.log(
      KPTPEvents.lookupEnded, peer: lookup.answered.first?.address,
      ["target": lookup.target, "purpose": lookup.purpose.word, "asked": lookup.asked])
    switch lookup.purpose {
    case .refresh: break
    case .put(let payload):
      spread(payload, to: lookup.answered.filter(isOfUse), &turn)
    case .get(let payload):
      find(payload, at: lookup.answered.filter(isOfUse), &turn)
    }
  }
}
