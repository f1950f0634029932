import KPTP
import ParticipantTesting
import Participants

/// One kPTP peer on 127.0.0.1:4000, and a test that plays everybody else.
final class Table {
  var stage: Stage
  /// Dials that have come to something.
  private var settled: Set<ConnectionID> = []

  static let own = Address(host: "127.0.0.1", port: 4000)
  static let server = address(4999)

  init(_ options: [String: OptionValue] = [:], bootstrap: [Address] = []) {
    var options = options
    options["bootstrap"] = .addresses(bootstrap.map(\.description))
    stage = Stage(KPTPRoles.peer, at: Self.own, options)
  }

  static func address(_ port: UInt16) -> Address { Address(host: "127.0.0.1", port: port) }

  static func endpoint(_ port: UInt16) -> Endpoint { Endpoint(ip: 0x7f00_0001, port: port) }

  static func message(_ kind: KPTPMessage.Kind, listing ports: UInt16...) -> [UInt8] {
    KPTPMessage(kind, name: Array("test".utf8), peers: ports.map(endpoint)).encoded
  }

  /// The bytes that the peer wrote to a connection since the last look.
  func heard(on id: ConnectionID) -> [UInt8] { stage.heard(on: id) }

  /// What the peer says on a connection since the last look.
  func messages(on id: ConnectionID) -> [KPTPMessage] {
    var reader = KPTPReader()
    return reader.read(heard(on: id))
  }

  /// The types of it.
  func types(on id: ConnectionID) -> [UInt8] { messages(on: id).map(\.type) }

  /// Connections to that port that the peer waits for, oldest first.
  private func waiting(_ port: UInt16) -> [ConnectionID] {
    stage.dials.filter {
      $0.to == Self.address(port) && !stage.closed.contains($0.id) && !settled.contains($0.id)
    }.map(\.id)
  }

  /// The peer has dialled that port: lets the oldest connection come about and gives what is said
  /// there.
  func pickUp(_ port: UInt16) -> (id: ConnectionID, types: [UInt8])? {
    guard let id = waiting(port).first else { return nil }
    settled.insert(id)
    stage.handle(.connected(id))
    return (id, types(on: id))
  }

  /// Answers whatever the peer has dialled that port for; gives what it said.
  @discardableResult
  func answer(_ port: UInt16, listing ports: UInt16...) -> [UInt8] {
    let peers = ports.map(Self.endpoint)
    var said: [UInt8] = []
    while let (id, types) = pickUp(port) {
      said += types
      stage.say(KPTPMessage(.heartbeatResponse, name: [], peers: peers).encoded, on: id)
    }
    return said
  }

  /// Nobody listens there.
  func refuse(_ port: UInt16) {
    for id in waiting(port) {
      settled.insert(id)
      stage.handle(.closed(id, .refused))
    }
  }

  /// Somebody who listens on that port sends a heartbeat, and answers the one it gets.
  func introduce(_ port: UInt16) {
    let id = stage.accept(from: Self.address(port))
    stage.say(Self.message(.heartbeat), on: id)
    stage.handle(.closed(id, .ended))
    stage.wait(.seconds(1))
    answer(port)
  }

  /// Waits until the peer sends a heartbeat to somebody.
  func awaitHeartbeat() {
    let count = stage.logged(KPTPEvents.heartbeatSent).count
    for _ in 0..<500 where stage.logged(KPTPEvents.heartbeatSent).count == count {
      stage.wait(.milliseconds(100))
    }
  }

  /// The ports in the table, as the events tell it.
  var entries: Set<UInt16> {
    var ports: Set<UInt16> = []
    for event in stage.events {
      guard let port = event.peer?.port else { continue }
      switch event.kind {
      case KPTPEvents.entryAdded.name: ports.insert(port)
      case KPTPEvents.entryReplaced.name:
        ports.insert(port)
        if case .text(let over) = event["over"], let left = Address(parsing: over)?.port {
          ports.remove(left)
        }
      case KPTPEvents.entryRemoved.name: ports.remove(port)
      default: break
      }
    }
    return ports
  }

  /// Ports by the bucket that they have in the table of port 4000, nearest to it first. No two of
  /// them have one ID.
  static func ports(inBucket prefix: Int, _ count: Int) -> [UInt16] {
    guard let id = Endpoint(own)?.id else { return [] }
    var seen: Set<PeerID> = []
    return (5_000...20_000).filter { endpoint($0).id.sharedPrefix(with: id) == prefix }
      .filter { seen.insert(endpoint($0).id).inserted }
      .sorted { endpoint($0).id.distance(to: id) < endpoint($1).id.distance(to: id) }
      .prefix(count).map { $0 }
  }
}
