import Hashing
import Participants
import PeerExchange

/// A peer that does as the original does: listens on ::1 alone, passes on ports, its own among them
/// wherever it falls, tells and asks only where it dialled, answers anywhere, and never forgets.
struct SimulatedOriginal: Participant {
  static let pieceSize = 1_024
  static let role = Role(
    network: "pex", name: "original", summary: "does as the original does",
    options: [
      OptionSpecification("bootstrap", .addresses(atMost: 1), default: .addresses([]), "")
    ],
    transports: .stream, seedList: .unused, make: { SimulatedOriginal($0) })

  private enum Timer: UInt8, TimerPurpose {
    case next
  }

  private let bootstrap: [Address]
  private let samples = SampleData(pieceSize: pieceSize)
  /// The order of a hash table: no one's own is first but by chance.
  private var ports: [UInt16] = []
  private var dialling: [ConnectionID: UInt16] = [:]
  private var neighbours: [ConnectionID] = []
  private var readers: [ConnectionID: PeerExchangeReader] = [:]

  init(_ settings: ParticipantSettings) { bootstrap = settings.options.addresses("bootstrap") }

  mutating func handle(_ input: Input, _ turn: inout Turn) {
    switch input {
    case .started(let listening):
      add(listening.port)
      for address in bootstrap { dial(address.port, &turn) }
      turn.setTimer(Timer.next, at: turn.now + .seconds(1))
    case .connected(let id):
      guard let port = dialling.removeValue(forKey: id) else { return }
      add(port)
      neighbours.append(id)
    case .closed(let id, _):
      dialling[id] = nil
      neighbours.removeAll { $0 == id }
    case .timer:
      let known = ports.map { Address(host: "::1", port: $0) }
      for id in neighbours { turn.write(PeerExchangeWire.peers(known), to: id) }
      let wanted = PieceHash(samples.hash(of: Int.random(in: 0..<75, using: &turn.random)).bytes)
      for id in neighbours { turn.write(PeerExchangeWire.ask(wanted), to: id) }
      turn.setTimer(Timer.next, at: turn.now + .seconds(1))
    case .received(let id, let bytes): read(bytes, from: id, &turn)
    case .accepted, .drained, .datagram, .file, .stopping: break
    }
  }

  private mutating func add(_ port: UInt16) {
    if !ports.contains(port) { ports.append(port) }
    ports.sort { $0.byteSwapped &* 40_503 < $1.byteSwapped &* 40_503 }
  }

  private mutating func dial(_ port: UInt16, _ turn: inout Turn) {
    dialling[turn.connect(to: Address(host: "::1", port: port))] = port
  }

  private mutating func read(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    var position = 0
    var reader = readers[id] ?? PeerExchangeReader(pieceSize: Self.pieceSize)
    while let item = reader.next(in: bytes, from: &position) {
      switch item {
      case .peers(let addresses):
        for address in addresses
        where !ports.contains(address.port) && !dialling.values.contains(address.port) {
          dial(address.port, &turn)
        }
      case .ask(let hash):
        guard let number = (0..<75).first(where: { samples.hash(of: $0) == hash }) else { continue }
        turn.write(PeerExchangeWire.give(hash, bytes: Self.pieceSize), to: id)
        for part in samples.parts(of: number) { turn.write(part, to: id) }
      case .give, .part, .whole, .unknown, .invalid: break
      }
    }
    readers[id] = reader
  }
}
