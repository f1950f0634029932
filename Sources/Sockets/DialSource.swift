import Faults
package import Participants

/// Where nodes of ours dial from: 127.101.0.0/16, where the last two bytes are the port that they
/// listen on, so that whoever accepts knows the node. All of 127.0.0.0/8 is this machine.
package enum DialSource {
  private static let prefix = "127.101."
  private static let loopback = "127.0.0.1"

  /// Where a node that listens there dials from; `nil` if it cannot be recognised.
  package static func of(_ listening: Address) -> SocketAddress? {
    guard listening.numeric.host == loopback else { return nil }
    let host = "\(prefix)\(listening.port >> 8).\(listening.port & 255)"
    return SocketAddress(numeric: Address(host: host, port: 0))
  }

  /// The address that the node at the other end listens on, as far as its end of the connection
  /// tells: where it was dialled, or dialled from as above.
  package static func listening(of end: Address) -> Address {
    guard end.host.hasPrefix(prefix) else { return end }
    let bytes = end.host.split(separator: ".").suffix(2).compactMap { UInt16($0) }
    return Address(host: loopback, port: bytes.reduce(0) { $0 << 8 | $1 })
  }

  /// What a participant hears of the other end: the host that everybody has.
  package static func visible(_ end: Address) -> Address {
    end.host.hasPrefix(prefix) ? Address(host: loopback, port: end.port) : end
  }
}
