import Foundation

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
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.init(descriptor: descriptor)
    if let own {
      Loopback.share(descriptor)
      var address = Loopback.address(port: own)
      let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard result == 0 else { throw Missing(what: "the port \(own)") }
    }
    var address = Loopback.address(port: port)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Missing(what: "a connection to port \(port)") }
  }

  deinit { close(descriptor) }

  /// The port of the other end.
  var remotePort: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe getpeername(descriptor, $0, &length)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

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

/// A socket that listens on a free port of 127.0.0.1.
final class Listener {
  let descriptor: Int32
  let port: UInt16

  /// `sharingPort`: connections may be dialled from the port too.
  init(sharingPort: Bool = false) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if sharingPort { Loopback.share(descriptor) }
    var address = Loopback.address(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard result else { throw Missing(what: "a free port") }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }

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

  static func address(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
