import Glibc
import LiveDriver
import Messages
import Participants

/// `config.txt` on disk: read by peers, added to by seeds.
enum SeedListFile {
  private static let longest = 1 << 20

  /// - Throws: a `UsageError` that names the file, the line and what was found.
  static func read(_ path: String?) throws(UsageError) -> SeedList {
    guard let path else { throw UsageError("this role needs a seed list: --config FILE") }
    let text: String
    do throws(NodeFailure) {
      let descriptor = try RegularFile.open(path, O_RDONLY)
      defer { close(descriptor) }
      text = try contents(of: descriptor)
    } catch {
      throw UsageError("cannot read the seed list \(path): \(error)")
    }
    let list = try parse(text, path: path)
    guard !list.seeds.isEmpty else {
      throw UsageError("\(path): no seed is listed; start a seed with --config \(path) first")
    }
    return list
  }

  /// Adds a seed's address if it is absent. Seeds that start at the same time take turns.
  static func add(_ seed: Address, to path: String) throws(UsageError) {
    do throws(NodeFailure) {
      let descriptor = try RegularFile.open(path, O_RDWR | O_CREAT | O_APPEND)
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX) == 0 else {
        throw NodeFailure(NodeFailure.describe(errno))
      }
      try add(seed, to: descriptor, path: path)
    } catch {
      throw UsageError("cannot add to the seed list \(path): \(error)")
    }
  }

  private static func add(
    _ seed: Address, to descriptor: CInt, path: String
  ) throws(NodeFailure) {
    let text = try contents(of: descriptor)
    let list: SeedList
    do throws(UsageError) { list = try parse(text, path: path) } catch {
      throw NodeFailure(error.message)
    }
    guard !list.seeds.contains(seed) else { return }
    let line = Array((text.isEmpty || text.hasSuffix("\n") ? "" : "\n").utf8) + "\(seed)\n".utf8
    let written = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    guard written == line.count else { throw NodeFailure(NodeFailure.describe(errno)) }
  }

  private static func parse(_ text: String, path: String) throws(UsageError) -> SeedList {
    do throws(SeedListError) {
      return try SeedList(parsing: text)
    } catch {
      throw UsageError("\(path):\(error.line): \(error)")
    }
  }

  private static func contents(of descriptor: CInt) throws(NodeFailure) -> String {
    String(
      decoding: try RegularFile.contents(of: descriptor, atMost: longest), as: UTF8.self)
  }
}
