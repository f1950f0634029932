import Glibc
import Messages

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
  ///
  /// - Throws: ``TopologyError`` for a file that cannot be read, is too long or is no UTF-8.
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
    TopologyError(path, .file, "cannot be read: \(systemMessage(errno))")
  }

  /// What a path in a topology has to lead to.
  enum Target {
    case file, folder, executable
  }

  /// The absolute path of what is named in the topology, or `nil` where nothing of the kind is there
  /// that may be read (or executed).
  func resolve(_ named: String, _ target: Target = .file) -> String? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let joined = named.hasPrefix("/") ? named : folder + named
    var information = stat()
    guard unsafe stat(joined, &information) == 0,
      (information.st_mode & S_IFMT == S_IFDIR) == (target == .folder),
      unsafe access(joined, target == .executable ? X_OK : R_OK) == 0
    else { return nil }
    guard target == .executable, let slash = joined.lastIndex(of: "/") else {
      return Self.absolute(joined)
    }
    // A program may look at the name that it was started by: no link is followed.
    return Self.absolute(String(joined[...slash])).map { "\($0)/\(joined[slash...].dropFirst())" }
  }

  private static func absolute(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}

/// Programs that are named without a path, as a shell finds them.
enum ProgramPath {
  static func find(_ name: String) -> String? {
    guard let value = unsafe getenv("PATH") else { return nil }
    let folders = unsafe String(cString: value).split(separator: ":").filter { $0.hasPrefix("/") }
    let anywhere = TopologyFile(path: "", text: "")
    return folders.lazy.compactMap { anywhere.resolve("\($0)/\(name)", .executable) }.first
  }
}
