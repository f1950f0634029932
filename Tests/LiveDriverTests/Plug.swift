import Foundation
import Participants

/// A plain socket to the driver.
final class Plug {
  struct Failure: Error { let got: String }

  let descriptor: Int32

  /// - Parameter local: where it comes from; `nil` for any port of 127.0.0.1.
  init(
    _ remote: Address, _ type: __socket_type = SOCK_STREAM, from local: Address? = nil
  ) throws {
    descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    if let local, !Self.bind(descriptor, to: local) { throw Failure(got: "no \(local)") }
    var wait = timeval(tv_sec: 30, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var address = Self.loopback(remote.port)
    let descriptor = descriptor
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result != 0 { throw Failure(got: "no connection") }
  }

  deinit { close(descriptor) }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Whether something has arrived that was not read.
  var hasSomething: Bool {
    var byte: UInt8 = 0
    return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0
  }

  /// Nothing more will be written.
  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What arrives next; empty at the end of the stream.
  func read() throws -> String {
    var buffer = [UInt8](repeating: 0, count: 1_024)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { throw Failure(got: unsafe String(cString: strerror(errno))) }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  func ask(_ text: String, for answer: String) throws {
    write(text)
    var got = try read()
    while got.utf8.count < answer.utf8.count { got += try read() }
    if got != answer { throw Failure(got: got) }
  }

  /// A socket that listens, and its port.
  static func listener() throws -> (descriptor: Int32, port: UInt16) {
    let port = try freePort()
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isBound = bind(descriptor, to: Address(host: "127.0.0.1", port: port))
    if !isBound || listen(descriptor, 8) != 0 { throw Failure(got: "no listener") }
    return (descriptor, port)
  }

  /// The next connection, and where it comes from.
  static func accept(
    from listener: Int32
  ) throws -> (descriptor: Int32, host: String, port: UInt16) {
    var remote = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = unsafe withUnsafeMutablePointer(to: &remote) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.accept(listener, $0, &length)
      }
    }
    if descriptor < 0 { throw Failure(got: "nobody connected") }
    let host = unsafe String(cString: inet_ntoa(remote.sin_addr))
    return (descriptor, host, UInt16(bigEndian: remote.sin_port))
  }

  static func bind(_ descriptor: Int32, to local: Address) -> Bool {
    var address = loopback(local.port)
    unsafe inet_pton(AF_INET, local.host, &address.sin_addr)
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
