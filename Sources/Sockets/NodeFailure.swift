import CUV
import Glibc

/// Why a node, or what stands between nodes, cannot start or go on: in words for the person who
/// started it.
package struct NodeFailure: Error, CustomStringConvertible {
  package let description: String
  /// Whether the person who started it is to name something else.
  package let isMisuse: Bool
  /// Whether it is that somebody else has the address.
  package let isTaken: Bool

  package init(_ description: String, isMisuse: Bool = false) {
    self.description = description
    self.isMisuse = isMisuse
    isTaken = false
  }

  /// - Parameters:
  ///   - what: what could not be done.
  ///   - code: libuv's error code.
  package init(_ what: String, code: CInt) {
    description = "\(what): \(unsafe String(cString: uv_strerror(code)))"
    isMisuse = false
    isTaken = code == UV_EADDRINUSE.rawValue
  }

  /// The system's words for an error number.
  package static func describe(_ code: CInt) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
