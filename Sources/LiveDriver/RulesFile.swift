package import Faults
import Glibc
import Participants
package import Sockets

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

  /// - Parameters:
  ///   - name: the node's in the rules.
  ///   - seed: the run's.
  package init(path: String, name: String, seed: UInt64) {
    self.path = path
    self.name = name
    random = SeededGenerator(seed: seed, stream: "\(name) network")
  }

  /// The rules; `nil` where nothing has been disturbed so far in this run.
  ///
  /// - Throws: why they cannot be read.
  package func read() throws(NodeFailure) -> NetworkRules? {
    if unsafe access(path, F_OK) != 0, errno == ENOENT { return nil }
    let bytes: [UInt8]
    do throws(NodeFailure) {
      let descriptor = try RegularFile.open(path, O_RDONLY)
      defer { close(descriptor) }
      bytes = try RegularFile.contents(of: descriptor, atMost: Self.longest)
    } catch {
      throw NodeFailure("cannot read the rules \(path): \(error)")
    }
    do throws(NetworkRules.Malformed) {
      return try NetworkRules(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw NodeFailure("\(path):\(error.line): this is no rule for the network")
    }
  }
}
