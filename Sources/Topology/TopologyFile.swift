import Glibc

/// A topology's text, and the path that errors name and that paths of checks are relative to.
package struct TopologyFile: Sendable {
  /// The largest file that is read, in bytes.
  package static let largest = 1 << 20

  package var path: String
  package var text: String

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// Reads a file of UTF-8 text.
  package init(reading path: String) throws(TopologyError) {
    self.init(path: path, text: "")
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.unreadable(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.unreadable(path) }
      if count == 0 { break }
      bytes += chunk.prefix(count)
      guard bytes.count <= Self.largest else {
        throw TopologyError(path, .file, "larger than \(Self.largest) bytes: no topology")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TopologyError(path, .file, "not UTF-8 text")
    }
    self.text = text
  }

  private static func unreadable(_ path: String) -> TopologyError {
    TopologyError(path, .file, "cannot be read: \(unsafe String(cString: strerror(errno)))")
  }

  /// The absolute path of a file named in the topology, or `nil` where no readable file is there.
  func resolve(_ named: String) -> String? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let joined = named.hasPrefix("/") ? named : folder + named
    guard let resolved = unsafe realpath(joined, nil) else { return nil }
    defer { unsafe free(resolved) }
    guard unsafe access(resolved, R_OK) == 0 else { return nil }
    return unsafe String(cString: resolved)
  }
}
