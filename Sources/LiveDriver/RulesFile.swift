import Glibc
import NetworkRules
import Participants

/// Where a node finds the rules for the network (``NetworkRules``), which it reads when it starts and
/// at every SIGURG. A signal that comes too early is ignored by default, and the rules are read after.
package struct RulesFile: Sendable {
  /// Sides of ten thousand nodes in twenty faults at once are about this long.
  private static let longest = 16 * 1024 * 1024

  let path: String
  /// The node's name in the rules.
  let name: String
  /// Decides what is lost: never the participant's own, whose draws stay the same.
  var random: SeededGenerator

  package init(path: String, name: String, seed: UInt64) {
    self.path = path
    self.name = name
    random = SeededGenerator(seed: seed, stream: "\(name) network")
  }

  /// The rules; `nil` where nothing has been disturbed so far in this run.
  func read() throws(NodeFailure) -> NetworkRules? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else {
      throw NodeFailure("cannot read the rules \(path): \(NodeFailure.describe(errno))")
    }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size <= Self.longest else {
      throw NodeFailure("the rules \(path) are longer than \(Self.longest) bytes")
    }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = unsafe max(0, pread(descriptor, buffer.baseAddress, size, 0))
    }
    do throws(NetworkRules.Malformed) {
      return try NetworkRules(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw NodeFailure("\(path):\(error.line): this is no rule for the network")
    }
  }
}
