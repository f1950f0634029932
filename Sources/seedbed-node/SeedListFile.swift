import Arguments
import Glibc
import LiveDriver
import Participants

/// `config.txt` on disk: read by peers, added to by seeds.
enum SeedListFile {
  private static let longest = 1 << 20

  /// - Throws: a `UsageError` that names the file, the line and what was found.
  static func read(_ path: String?) throws(UsageError) -> SeedList {
    guard let path else { throw UsageError("this role needs a seed list: --config FILE") }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw UsageError("cannot read the seed list \(path): \(NodeFailure.describe(errno))")
    }
    defer { close(descriptor) }
    let list = try parse(contents(of: descriptor), path: path)
    guard !list.seeds.isEmpty else {
      throw UsageError("\(path): no seed is listed; start a seed with --config \(path) first")
    }
    return list
  }

  /// Adds a seed's address if it is absent. Seeds that start at the same time take turns.
  static func add(_ seed: Address, to path: String) throws(UsageError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
      throw UsageError("cannot add to the seed list \(path): \(NodeFailure.describe(errno))")
    }
    defer { close(descriptor) }
    let text = contents(of: descriptor)
    guard try !parse(text, path: path).seeds.contains(seed) else { return }
    let line = Array((text.isEmpty || text.hasSuffix("\n") ? "" : "\n").utf8) + "\(seed)\n".utf8
    let written = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    guard written == line.count else {
      throw UsageError("cannot add to the seed list \(path): \(NodeFailure.describe(errno))")
    }
  }

  private static func parse(_ text: String, path: String) throws(UsageError) -> SeedList {
    do throws(SeedListError) {
      return try SeedList(parsing: text)
    } catch {
      throw UsageError("\(path):\(error.line): \(error)")
    }
  }

  private static func contents(of descriptor: CInt) -> String {
    // Not filled with zeros first: touching this much would cost more than the node's whole start.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: longest) { buffer, count in
      count = unsafe max(0, pread(descriptor, buffer.baseAddress, longest, 0))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
