import Faults
import FoundationEssentials
import Glibc
import Messages
package import Participants
package import Topology

/// The folder of a run under way, `LOGS/YYYYMMDD-HHMMSS-NETWORK-xxxx`: everything a history is made
/// from.
package struct LiveRunFolder: Sendable {
  /// The folder's name, which is the run's.
  package let name: String
  /// The folder's path, relative when the logs' folder was given so.
  package let path: String
  /// Locked for as long as this process works on the run: however it ends, the lock goes with it.
  private let lock: Descriptor

  /// Makes the folder, and the logs' folder if it is absent. Two runs never get the same one.
  ///
  /// - Throws: where the folder cannot be made.
  package init(
    in logs: String, network: String, launched: Instant
  ) throws(SupervisorError) {
    try Self.makeFolders(logs)
    var random = SystemRandomNumberGenerator()
    while true {
      let number = UInt16.random(in: .min ... .max, using: &random)
      let digits = String(number, radix: 16)
      let padding = String(repeating: "0", count: 4 - digits.count)
      let name = "\(Self.stamp(launched))-\(network)-\(padding)\(digits)"
      let path = "\(logs)/\(name)"
      if unsafe mkdir(path, 0o777) == 0 {
        guard let lock = Descriptor(opening: path, O_RDONLY | O_DIRECTORY),
          flock(lock.number, LOCK_EX | LOCK_NB) == 0
        else { throw Self.failure("lock the folder", path, errno) }
        self.name = name
        self.path = path
        self.lock = lock
        return
      }
      if errno != EEXIST { throw Self.failure("make the folder", path, errno) }
    }
  }

  /// Whether some process works on the run in this folder, be it to record or to judge it.
  package static func isInUse(_ path: String) -> Bool {
    guard let folder = Descriptor(opening: path, O_RDONLY | O_DIRECTORY) else { return false }
    return flock(folder.number, LOCK_EX | LOCK_NB) != 0
  }

  package var seedList: String { "\(path)/\(RunFiles.seedList)" }
  /// The faults on the network that are on; absent until the first begins.
  package var rules: String { "\(path)/\(RunFiles.rules)" }
  package var ownLog: String { log(of: RunFiles.supervisor) }
  /// A node's event log.
  package func log(of node: String) -> String { "\(path)/\(RunFiles.log(of: node))" }
  /// What a node printed.
  package func output(of node: String) -> String { "\(path)/\(RunFiles.output(of: node))" }
  /// The folder of a node's own files, made by the node when it first writes one; for a program,
  /// before it starts.
  func data(of node: String) -> String { "\(path)/\(RunFiles.data(of: node))" }
  /// When what programs printed was seen.
  var printedTimes: String { "\(path)/\(RunFiles.printedTimes)" }

  /// Writes `plan.json` and a copy of the topology, before anything starts.
  ///
  /// - Throws: where a file cannot be written.
  package func write(_ manifest: RunManifest, topology: String) throws(SupervisorError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(manifest) else {
      throw SupervisorError("cannot write the plan as JSON", exitCode: .error)
    }
    try write(Array(json) + [UInt8(ascii: "\n")], to: "\(path)/\(RunFiles.plan)")
    try write(Array(topology.utf8), to: "\(path)/\(RunFiles.topology)")
  }

  /// Takes the folder away again with all that is in it, when the run is not to start after all.
  package func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Replaces `config.txt` as a whole: whoever reads it sees all seeds or the file as it was.
  func write(seedList: [Address]) throws(SupervisorError) {
    try replace(self.seedList, with: seedList.map { "\($0)\n" }.joined())
  }

  func write(_ text: String, to path: String) throws(SupervisorError) {
    try write(Array(text.utf8), to: path)
  }

  /// Replaces the rules for the network in the same way.
  func write(_ rules: NetworkRules) throws(SupervisorError) {
    try replace(self.rules, with: rules.description)
  }

  private func replace(_ file: String, with text: String) throws(SupervisorError) {
    let new = "\(file).new"
    try write(Array(text.utf8), to: new)
    guard unsafe rename(new, file) == 0 else { throw Self.failure("write", file, errno) }
  }

  private func write(_ bytes: [UInt8], to path: String) throws(SupervisorError) {
    guard let file = Descriptor(opening: path, O_WRONLY | O_CREAT | O_TRUNC) else {
      throw Self.failure("write", path, errno)
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = file.write(rest)
      guard count >= 0 else { throw Self.failure("write", path, CInt(-count)) }
      rest = rest.dropFirst(count)
    }
  }

  /// The last lines that a node printed, at most `limit`.
  package func lastOutput(of node: String, lines limit: Int) -> [String] {
    guard let file = Descriptor(opening: output(of: node), O_RDONLY) else { return [] }
    let size = Int(lseek(file.number, 0, SEEK_END))
    let bytes = file.read(atMost: 4_096, at: max(0, size - 4_096))
    return String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n").suffix(limit).map(String.init)
  }

  /// Removes the output files of those that printed nothing.
  func removeEmptyOutputs(of names: [String]) {
    for name in names {
      var information = stat()
      let path = output(of: name)
      if unsafe stat(path, &information) == 0, information.st_size == 0 { unsafe unlink(path) }
    }
  }

  static func makeFolders(_ path: String) throws(SupervisorError) {
    if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    let number = errno
    guard number == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw failure("make the folder", path, number)
    }
    try makeFolders(String(path[..<slash]))
    if unsafe mkdir(path, 0o777) != 0, errno != EEXIST {
      throw failure("make the folder", path, errno)
    }
  }

  private static func failure(
    _ action: String, _ path: String, _ number: CInt
  ) -> SupervisorError {
    SupervisorError(
      "cannot \(action) \(path): \(SupervisorError.text(of: number)): "
        + "choose a folder that can be written to", choice: .logs)
  }

  /// `YYYYMMDD-HHMMSS`, UTC.
  private static func stamp(_ instant: Instant) -> String {
    var seconds = time_t(instant.microseconds / 1_000_000)
    var parts = unsafe tm()
    var text = [CChar](repeating: 0, count: 16)
    unsafe gmtime_r(&seconds, &parts)
    let length = unsafe strftime(&text, text.count, "%Y%m%d-%H%M%S", &parts)
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
