package import CUV
import Glibc
package import Participants

/// A socket's address in the kernel's layout.
package struct SocketAddress {
  private var storage = sockaddr_storage()

  /// From a numeric host. `localhost` is 127.0.0.1, without asking anybody.
  package init?(numeric address: Address) {
    let host = address.host == "localhost" ? "127.0.0.1" : address.host
    let port = CInt(address.port)
    let found = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress else { return false }
      return unsafe uv_ip4_addr(host, port, base.assumingMemoryBound(to: sockaddr_in.self)) == 0
        || uv_ip6_addr(host, port, base.assumingMemoryBound(to: sockaddr_in6.self)) == 0
    }
    guard found else { return nil }
  }

  /// A copy of what the system hands out.
  package init?(_ pointer: UnsafePointer<sockaddr>?) {
    guard let pointer = unsafe pointer else { return nil }
    let size =
      unsafe pointer.pointee.sa_family == sa_family_t(AF_INET6)
      ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    unsafe self.init(pointer, length: socklen_t(size))
  }

  /// A copy of so many bytes.
  package init?(_ pointer: UnsafePointer<sockaddr>?, length: socklen_t) {
    guard let pointer = unsafe pointer, length <= MemoryLayout<sockaddr_storage>.size else {
      return nil
    }
    unsafe withUnsafeMutableBytes(of: &storage) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
    }
  }

  /// From one of the calls that fill an address in.
  package init?(
    _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<CInt>) -> CInt
  ) {
    var length = CInt(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress else { return CInt(-1) }
      return unsafe ask(base.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard result == 0 else { return nil }
  }

  /// Calls the body with what the system wants.
  package mutating func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    unsafe withUnsafePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
    }
  }

  /// `AF_INET` or `AF_INET6`.
  package var family: sa_family_t { storage.ss_family }

  /// Whether it is in 127.0.0.0/8.
  package var isLoopback: Bool {
    guard CInt(storage.ss_family) == AF_INET else { return false }
    return unsafe withUnsafeBytes(of: storage) { unsafe $0[4] } == 127
  }

  /// What the system wants to know of the layout, in bytes.
  var length: socklen_t {
    let isIPv6 = CInt(storage.ss_family) == AF_INET6
    return socklen_t(
      isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
  }

  /// The port stands at the same place for both families (RFC 3493).
  package var port: UInt16 {
    get {
      unsafe withUnsafeBytes(of: storage) {
        UInt16(bigEndian: unsafe $0.load(fromByteOffset: 2, as: UInt16.self))
      }
    }
    set {
      unsafe withUnsafeMutableBytes(of: &storage) {
        unsafe $0.storeBytes(of: newValue.bigEndian, toByteOffset: 2, as: UInt16.self)
      }
    }
  }

  /// As text and port.
  package var address: Address? {
    var copy = self
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let size = text.count
    let result = unsafe copy.withPointer { unsafe uv_ip_name($0, &text, size) }
    guard result == 0 else { return nil }
    let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return Address(host: host, port: port)
  }
}
