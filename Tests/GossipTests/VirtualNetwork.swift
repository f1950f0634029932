import Participants

/// A few participants in virtual time: streams that arrive in order but cut anywhere, nodes that die
/// or freeze. One seed fixes everything that happens.
struct VirtualNetwork {
  private final class Node {
    var participant: any Participant
    var random: SeededGenerator
    var effects = Effects()
    var timers: [TimerKey: UInt64] = [:]
    var isFrozen = false
    /// What arrived while the node was frozen.
    var held: [Input] = []

    init(_ participant: any Participant, random: SeededGenerator) {
      self.participant = participant
      self.random = random
    }
  }

  /// One side of a connection.
  private struct End: Hashable {
    var node: Address
    var connection: ConnectionID
  }

  private enum Happening {
    case input(Address, Input)
    case timer(Address, TimerKey, UInt64)
    case accept(End, by: Address)
    /// So many bytes, or the end, of what was sent towards an end.
    case arrival(End)
  }

  private(set) var now = Instant(microseconds: 1_795_000_000_000_000)
  private(set) var events: [(at: Instant, node: Address, event: Event)] = []
  private var nodes: [Address: Node] = [:]
  private var others: [End: End] = [:]
  /// Bytes under way towards an end.
  private var inFlight: [End: [UInt8]] = [:]
  private var ended: [End: CloseReason] = [:]
  /// When the last arrival at an end is due: later ones never overtake it.
  private var lastArrival: [End: Instant] = [:]
  private var queue = Heap<Planned>()
  private var order: UInt64 = 0
  private var random: SeededGenerator
  private let seed: UInt64

  init(seed: UInt64) {
    self.seed = seed
    random = SeededGenerator(seed: seed, stream: "network")
  }

  var live: [Address] { nodes.keys.sorted() }

  mutating func start(_ address: Address, _ participant: any Participant) {
    let random = SeededGenerator(seed: seed, stream: address.description)
    nodes[address] = Node(participant, random: random)
    handle(.started(listening: address), at: address)
  }

  /// The process is gone: its kernel closes every connection.
  mutating func kill(_ address: Address) {
    nodes[address] = nil
    for end in others.keys.filter({ $0.node == address }).sorted(by: {
      $0.connection < $1.connection
    }) {
      close(end, .reset)
    }
  }

  mutating func freeze(_ address: Address) { nodes[address]?.isFrozen = true }

  mutating func thaw(_ address: Address) {
    nodes[address]?.isFrozen = false
    let held = nodes[address]?.held ?? []
    nodes[address]?.held = []
    for input in held { handle(input, at: address) }
  }

  mutating func run(for duration: Microseconds) {
    let end = now + duration
    while let next = queue.first, next.at <= end {
      _ = queue.removeFirst()
      now = next.at
      happen(next.what)
    }
    now = end
  }

  /// The events of one kind, in order.
  func logged(_ kind: EventKind) -> [(at: Instant, node: Address, event: Event)] {
    events.filter { $0.event.kind == kind.name }
  }

  // MARK: -

  private mutating func happen(_ what: Happening) {
    switch what {
    case .input(let address, let input): handle(input, at: address)
    case .timer(let address, let key, let generation):
      guard nodes[address]?.timers[key] == generation else { return }
      nodes[address]?.timers[key] = nil
      handle(.timer(key), at: address)
    case .accept(let end, let address): accept(from: end, by: address)
    case .arrival(let end): arrive(at: end)
    }
  }

  private mutating func accept(from end: End, by address: Address) {
    guard others[end] == nil, nodes[end.node] != nil else { return }
    guard let connection = nodes[address]?.effects.nextConnection() else {
      plan(.input(end.node, .closed(end.connection, .refused)), after: latency())
      return
    }
    let other = End(node: address, connection: connection)
    others[end] = other
    others[other] = end
    plan(.input(end.node, .connected(end.connection)), after: .milliseconds(1))
    handle(.accepted(connection, from: end.node), at: address)
  }

  /// Delivers some of what is under way, cut at random.
  private mutating func arrive(at end: End) {
    guard let bytes = inFlight[end], others[end] != nil else { return }
    if bytes.isEmpty {
      guard let reason = ended[end] else { return }
      forget(end)
      handle(.closed(end.connection, reason), at: end.node)
      return
    }
    let count = Int.random(in: 1...bytes.count, using: &random)
    inFlight[end] = Array(bytes[count...])
    planArrival(at: end)
    handle(.received(end.connection, Array(bytes[..<count])), at: end.node)
  }

  private mutating func planArrival(at end: End) {
    let at = max(now + latency(), lastArrival[end] ?? now)
    lastArrival[end] = at
    plan(.arrival(end), after: at - now)
  }

  private mutating func forget(_ end: End) {
    if let other = others.removeValue(forKey: end) { others[other] = nil }
    inFlight[end] = nil
    ended[end] = nil
  }

  /// One side closes: the other learns it after everything that was sent before.
  private mutating func close(_ end: End, _ reason: CloseReason) {
    guard let other = others[end] else { return }
    inFlight[other, default: []] += []
    ended[other] = reason
    inFlight[end] = nil
    planArrival(at: other)
  }

  private mutating func handle(_ input: Input, at address: Address) {
    guard nodes[address] != nil else { return }
    guard nodes[address]?.isFrozen == false else {
      nodes[address]?.held.append(input)
      return
    }
    guard let node = nodes[address] else { return }
    node.participant.handle(input, at: now, using: &node.random, emit: &node.effects)
    var effects: [Effect] = []
    node.effects.drain { effects.append($0) }
    for effect in effects { perform(effect, of: address) }
  }

  private mutating func perform(_ effect: Effect, of address: Address) {
    switch effect {
    case .connect(let id, let remote):
      plan(.accept(End(node: address, connection: id), by: remote), after: latency())
    case .write(let id, let bytes):
      guard let other = others[End(node: address, connection: id)] else { return }
      inFlight[other, default: []] += bytes
      planArrival(at: other)
    case .close(let id):
      close(End(node: address, connection: id), .ended)
    case .setTimer(let key, let instant):
      order += 1
      nodes[address]?.timers[key] = order
      plan(.timer(address, key, order), after: instant - now)
    case .cancelTimer(let key):
      nodes[address]?.timers[key] = nil
    case .log(let event):
      events.append((now, address, event))
    case .send:
      break
    }
  }

  private mutating func latency() -> Microseconds {
    Microseconds(Int64.random(in: 100...3_000, using: &random))
  }

  private mutating func plan(_ what: Happening, after wait: Microseconds) {
    order += 1
    let at = now + max(wait, .zero)
    queue.insert(Planned(at: at, order: order, what: what))
  }

  private struct Planned: Comparable {
    var at: Instant
    var order: UInt64
    var what: Happening

    static func < (a: Planned, b: Planned) -> Bool {
      a.at == b.at ? a.order < b.order : a.at < b.at
    }
    static func == (a: Planned, b: Planned) -> Bool { a.order == b.order }
  }
}

/// A binary heap: the least element first.
private struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  var first: Element? { elements.first }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Element {
    elements.swapAt(0, elements.count - 1)
    let first = elements.removeLast()
    var parent = 0
    while let child = [2 * parent + 1, 2 * parent + 2].filter({ $0 < elements.count })
      .min(by: { elements[$0] < elements[$1] }), elements[child] < elements[parent]
    {
      elements.swapAt(child, parent)
      parent = child
    }
    return first
  }
}
