import Glibc
import Participants

/// A port that was picked for a program, which cannot say what the system would have given it.
///
/// It lies outside the range that the system picks from, so nobody gets it by chance while nobody
/// holds it. Until the program starts it is held by a bound TCP and a bound UDP socket; to the end of
/// the run an abstract Unix socket of its name keeps other runs from picking it, and vanishes with
/// the supervisor, however that dies. Abstract names are each network namespace's own, as ports are.
final class PortReservation {
  let port: UInt16
  private let mark: Descriptor
  /// The sockets that hold the port.
  private var holders: [Descriptor]

  /// The least port that is picked.
  static let least = 10_000

  private init?(_ port: UInt16) {
    guard let mark = Self.mark(port), let stream = Self.bound(SOCK_STREAM, port),
      let datagram = Self.bound(SOCK_DGRAM, port)
    else { return nil }
    self.port = port
    self.mark = mark
    holders = [stream, datagram]
  }

  /// Lets the program have the port.
  func release() { holders = [] }

  /// So many free ports.
  static func take(_ count: Int) throws(SupervisorError) -> [PortReservation] {
    guard count > 0 else { return [] }
    let system = systemRange
    let free =
      Array(least..<max(least, system.lowerBound)) + Array((system.upperBound + 1)..<65_536)
    // Runs that begin at different places get in each other's way less.
    let start = Int.random(in: 0..<max(1, free.count))
    var taken: [PortReservation] = []
    for port in free[start...] + free[..<start] {
      if taken.count == count { break }
      if let reservation = PortReservation(UInt16(port)) { taken.append(reservation) }
    }
    guard taken.count == count else {
      throw SupervisorError(
        "\(count) programs need a port each, and only \(taken.count) of those that the system leaves "
          + "alone are free (see 'sysctl net.ipv4.ip_local_port_range' and 'ulimit -n')")
    }
    return taken
  }

  /// The ports that the system gives to who asks for any: ip(7), ip_local_port_range.
  private static var systemRange: ClosedRange<Int> {
    let words =
      TextFile.read("/proc/sys/net/ipv4/ip_local_port_range")?
      .split(whereSeparator: \.isWhitespace).compactMap { Int($0) } ?? []
    guard words.count == 2, words[0] <= words[1], words[1] < 65_536 else { return 32_768...60_999 }
    return words[0]...words[1]
  }

  private static func bound(_ type: __socket_type, _ port: UInt16) -> Descriptor? {
    guard
      let socket = Descriptor(socket(AF_INET, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0))
    else { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    return bind(socket, &address) ? socket : nil
  }

  private static func mark(_ port: UInt16) -> Descriptor? {
    guard
      let socket = Descriptor(
        socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0))
    else { return nil }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // unix(7): a name that begins with a zero byte is in no file system.
    let name = [0] + Array("seedbed-port-\(port)".utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    return bind(socket, &address, length: MemoryLayout<sa_family_t>.size + name.count)
      ? socket : nil
  }

  private static func bind<SocketAddress>(
    _ socket: Descriptor, _ address: inout SocketAddress, length: Int? = nil
  ) -> Bool {
    let length = socklen_t(length ?? MemoryLayout<SocketAddress>.size)
    return unsafe withUnsafeBytes(of: &address) { bytes in
      unsafe Glibc.bind(
        socket.number, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), length) == 0
    }
  }
}
