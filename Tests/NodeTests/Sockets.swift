import Foundation
import Participants

/// A plain TCP connection for speaking bytes to a node.
final class Connection {
  let descriptor: Int32
  private(set) var received: [UInt8] = []

  init(descriptor: Int32) {
    self.descriptor = descriptor
    var one: Int32 = 1
    unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    var wait = timeval(tv_sec: Int(Deadline.seconds), tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Dials a port of 127.0.0.1, from a port where somebody listens who shares it if one is given.
  convenience init(port: UInt16, from own: UInt16? = nil) throws {
    try self.init(
      to: Address(host: "127.0.0.1", port: port),
      from: own.map { Address(host: "127.0.0.1", port: $0) })
  }

  /// Dials an address of this machine, from another if one is given.
  convenience init(to remote: Address, from own: Address? = nil) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.init(descriptor: descriptor)
    if let own {
      Loopback.share(descriptor)
      guard Loopback.bind(descriptor, to: own) else { throw Missing(what: "the address \(own)") }
    }
    let result = unsafe Loopback.withAddress(remote) { unsafe connect(descriptor, $0, $1) }
    guard result == 0 else { throw Missing(what: "a connection to \(remote)") }
  }

  deinit { close(descriptor) }

  /// The other end.
  var remote: Address { unsafe Loopback.address { unsafe getpeername(descriptor, $0, $1) } }

  var remotePort: UInt16 { remote.port }

  func write(_ bytes: some Collection<UInt8>) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes in pieces, each handed to the other side's kernel before the next is sent.
  func write(_ bytes: [UInt8], cutAt cuts: [Int]) {
    var start = 0
    for cut in cuts + [bytes.count] {
      write(bytes[start..<cut])
      start = cut
      var waiting: Int32 = 1
      while waiting > 0, unsafe ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0 {}
    }
  }

  /// Reads exactly so many bytes.
  func read(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try readMore() else { throw Missing(what: "\(count) bytes; got \(text)") }
    }
    defer { received.removeFirst(count) }
    return Array(received.prefix(count))
  }

  func read(_ expected: String) throws { try read(Array(expected.utf8)) }

  func read(_ expected: [UInt8]) throws {
    let found = try read(expected.count)
    guard found == expected else {
      throw Missing(
        what: "\(String(decoding: expected, as: UTF8.self)); got "
          + String(decoding: found, as: UTF8.self))
    }
  }

  /// Reads to the end; returns all of it.
  func readToEnd() throws -> [UInt8] {
    while try readMore() {}
    defer { received = [] }
    return received
  }

  /// Whether something has arrived that was not read: bytes, the end or a reset.
  var hasSomething: Bool {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&ready, 1, 0) != 0
  }

  /// Nothing more will be written.
  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends it so that the other side sees a reset.
  func reset() {
    var nobody = sockaddr()
    nobody.sa_family = sa_family_t(AF_UNSPEC)
    unsafe connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
  }

  enum Ending {
    case end
    case reset
  }

  /// Reads until nothing more comes.
  func ending() throws -> Ending {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var count = 1
    while count > 0 { count = unsafe recv(descriptor, &buffer, buffer.count, 0) }
    if count < 0, errno != ECONNRESET { throw Missing(what: "the connection's end") }
    return count == 0 ? .end : .reset
  }

  private var text: String { String(decoding: received, as: UTF8.self) }

  /// False at the end of the stream.
  private func readMore() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == EAGAIN { throw Missing(what: "more bytes; got \(text)") }
    received += buffer.prefix(max(0, count))
    return count > 0
  }
}

/// A socket that listens on a port of 127.0.0.1: a free one, if none is said.
final class Listener {
  let descriptor: Int32
  let port: UInt16

  /// `sharingPort`: connections may be dialled from the port too.
  init(port: UInt16 = 0, sharingPort: Bool = false) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if sharingPort { Loopback.share(descriptor) }
    guard Loopback.bind(descriptor, to: Address(host: "127.0.0.1", port: port)),
      listen(descriptor, 64) == 0
    else { throw Missing(what: "a free port") }
    let descriptor = descriptor
    self.port = unsafe Loopback.address { unsafe getsockname(descriptor, $0, $1) }.port
  }

  deinit { close(descriptor) }

  /// Whether somebody has connected and was not accepted.
  var hasSomebody: Bool {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&ready, 1, 0) == 1
  }

  func accept() throws -> Connection {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&ready, 1, Int32(Deadline.seconds * 1_000)) == 1 else {
      throw Missing(what: "somebody to connect")
    }
    return Connection(descriptor: Glibc.accept(descriptor, nil, nil))
  }
}

enum Loopback {
  /// Lets several sockets bind one port.
  static func share(_ descriptor: Int32) {
    var on: Int32 = 1
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  static func bind(_ descriptor: Int32, to address: Address) -> Bool {
    unsafe withAddress(address) { unsafe Glibc.bind(descriptor, $0, $1) == 0 }
  }

  /// Hands out an IPv4 address in the kernel's layout.
  static func withAddress<Result>(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var filled = sockaddr_in()
    filled.sin_family = sa_family_t(AF_INET)
    filled.sin_port = address.port.bigEndian
    unsafe inet_pton(AF_INET, address.host, &filled.sin_addr)
    return unsafe withUnsafePointer(to: filled) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// From one of the calls that fill an IPv4 address in.
  @discardableResult static func address<Result>(
    _ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Address {
    var filled = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &filled) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe fill($0, &length)
      }
    }
    return Address(
      host: unsafe String(cString: inet_ntoa(filled.sin_addr)),
      port: UInt16(bigEndian: filled.sin_port))
  }
}
