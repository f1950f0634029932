import CUV
import Faults
package import Participants

/// Faults on the network, as this node's driver carries them out: a datagram is judged when it is
/// sent, a stream when something of it arrives, and a dial before it is made.
extension LiveDriver {
  /// Reads the rules, goes by them from now on, and says so.
  func readRules() {
    guard let rulesFile, !isStopping else { return }
    let rules: NetworkRules?
    do throws(NodeFailure) { rules = try rulesFile.read() } catch { return fail(error) }
    guard let rules else { return }
    let before = conditions
    let paths = rules.paths(of: rulesFile.name)
    conditions = paths.isEmpty ? nil : Conditions(paths, random: rulesFile.random, after: before)
    record(
      NodeEvents.rulesApplied(
        rules.number, faults: rules.faults(of: rulesFile.name), lost: before?.lost ?? 0,
        held: before?.held ?? 0))
    for id in connections.keys.sorted() {
      guard let connection = connections[id] else { continue }
      connection.judge()
      connection.hold?.rulesChanged()
    }
  }

  /// What the faults that are on do between this node and the one that listens there.
  func lines(to remote: Address) -> Conditions.Lines? { conditions?.lines[remote] }

  func arrival(of bytes: Int, from remote: Address, at now: Instant) -> Instant {
    conditions?.arrival(of: bytes, from: remote, at: now) ?? now
  }

  func countHeld() { conditions?.countHeld() }

  // MARK: - Who dials

  /// Nodes dial from 127.101.0.0/16, where the last two bytes are the port that they listen on: so
  /// that whoever accepts knows the node. All of 127.0.0.0/8 is this machine.
  private static let sourcePrefix = "127.101."
  private static let loopback = "127.0.0.1"

  /// Where a node that listens there dials from; `nil` if it cannot be recognised.
  static func source(of listening: Address) -> SocketAddress? {
    guard listening.numeric.host == loopback else { return nil }
    let host = "\(sourcePrefix)\(listening.port >> 8).\(listening.port & 255)"
    return SocketAddress(numeric: Address(host: host, port: 0))
  }

  /// The address that the node at the other end listens on, as far as its end of the connection
  /// tells: where it was dialled, or dialled from as above.
  package static func listening(of end: Address) -> Address {
    guard end.host.hasPrefix(sourcePrefix) else { return end }
    let bytes = end.host.split(separator: ".").suffix(2).compactMap { UInt16($0) }
    return Address(host: loopback, port: bytes.reduce(0) { $0 << 8 | $1 })
  }

  /// What the participant hears of the other end: the host that everybody has.
  static func visible(_ end: Address) -> Address {
    end.host.hasPrefix(sourcePrefix) ? Address(host: loopback, port: end.port) : end
  }

  // MARK: - Datagrams

  /// Whether the datagram is to be sent now, and not later or never.
  func lets(_ datagram: [UInt8], to address: Address) -> Bool {
    let now = self.now
    guard let due = conditions?.departure(of: datagram.count, to: address.numeric, at: now)
    else { return false }
    guard due > now else { return true }
    if delayed == nil {
      delayed = unsafe DelayedDatagrams(on: loop, clock: clock) { [unowned self] in
        transmit($0, to: $1)
      }
    }
    if delayed?.add(datagram, due: due, by: address) == true { countHeld() }
    return false
  }
}

extension Connection {
  /// Begins to hold back what comes, where faults between the two nodes want it.
  func judge() {
    guard hold == nil, let driver = unsafe LiveDriver.of(handle.pointee.loop),
      driver.conditions != nil,
      let end = unsafe SocketAddress({ unsafe uv_tcp_getpeername(handle, $0, $1) })?.address
    else { return }
    let remote = LiveDriver.listening(of: end)
    if driver.lines(to: remote) != nil { hold = Hold(self, to: remote, on: driver) }
  }
}
