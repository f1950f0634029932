import Glibc
import JSONReading
import Participants
import Patterns
import Topology

/// Sees what the supervisor waits for in the nodes' logs, and in what programs print: that those are
/// ready that were just started, and `rules.applied` of those that were just told of new rules for the
/// network.
///
/// The run's folder is watched only while somebody is awaited: afterwards the nodes' logs cost the
/// supervisor nothing. Where the system has no more watches to give (`fs.inotify`), the files are
/// looked at again and again instead.
struct LogWatch {
  /// What a node said.
  enum Word {
    case ready(Address?)
    case heeded(rules: Int)
  }

  /// What says in a line that a node is ready.
  enum Sign {
    /// `node.ready` with an address.
    case event
    /// `node.ready`, which has an address or not.
    case programEvent
    /// It matches; `host` is the node's, where it says a port alone.
    case line(Pattern, host: String)
  }

  private struct Awaited {
    var node: Int
    /// Where in its file the first line that was not looked at begins.
    var offset: Int
    /// `nil` for one that is ready.
    var ready: Sign?
    /// The number of the rules that it was told of.
    var rules: Int?

    var isDone: Bool { ready == nil && rules == nil }
  }

  /// How often is looked where there is no watch.
  static let interval = Microseconds.milliseconds(20)

  private let folder: LiveRunFolder
  /// By the file's name.
  private var awaited: [String: Awaited] = [:]
  private var changes: FileWatch?
  private var nextLook: Instant?

  /// When ``look(at:)`` has something to do; `nil` while there is a watch or nobody is awaited.
  var wakeAt: Instant? { nextLook }

  init(_ folder: LiveRunFolder) { self.folder = folder }

  /// Call it before the node's process is started: a line that is in the file by then is an earlier
  /// process's. Returns the descriptor to wait on, where a new one was opened.
  mutating func awaitReady(
    _ node: Int, by sign: Sign, in file: String
  ) throws(SupervisorError) -> Descriptor? {
    try watch(node, file) { $0.ready = sign }
  }

  /// The same before a node is told of new rules.
  mutating func awaitRules(
    _ number: Int, of node: Int, named name: String
  ) throws(SupervisorError) -> Descriptor? {
    try watch(node, RunFiles.log(of: name)) { $0.rules = number }
  }

  private mutating func watch(
    _ node: Int, _ file: String, _ change: (inout Awaited) -> Void
  ) throws(SupervisorError) -> Descriptor? {
    var information = stat()
    let exists = unsafe stat("\(folder.path)/\(file)", &information) == 0
    let size = exists ? Int(information.st_size) : 0
    change(&awaited[file, default: Awaited(node: node, offset: size)])
    guard changes == nil, nextLook == nil else { return nil }
    guard let watch = try FileWatch(for: "a watch on \(folder.path)"),
      try watch.add(folder.path) != nil
    else {
      nextLook = Instant(microseconds: 0)
      return nil
    }
    changes = watch
    return watch.descriptor
  }

  /// The node need not be awaited any more, in any file.
  mutating func forget(_ node: String) {
    awaited[RunFiles.log(of: node)] = nil
    awaited[RunFiles.output(of: node)] = nil
    closeIfIdle()
  }

  private mutating func closeIfIdle() {
    if awaited.isEmpty { (changes, nextLook) = (nil, nil) }
  }

  /// What nodes said, where there is no watch and it is time.
  mutating func look(at now: Instant) -> [(node: Int, word: Word)] {
    guard let due = nextLook, due <= now else { return [] }
    nextLook = now + Self.interval
    return take(from: awaited.keys.sorted())
  }

  /// What nodes said, after the descriptor became readable.
  mutating func take() -> [(node: Int, word: Word)] {
    guard let changes else { return [] }
    guard let files = changes.take().changes?.map(\.name) else {
      return take(from: awaited.keys.sorted())
    }
    var seen: Set<String> = []
    return take(from: files.filter { seen.insert($0).inserted })
  }

  private mutating func take(from files: [String]) -> [(node: Int, word: Word)] {
    var words: [(node: Int, word: Word)] = []
    for name in files {
      guard var entry = awaited[name] else { continue }
      words += lookInto(name, &entry).map { (node: entry.node, word: $0) }
      awaited[name] = entry.isDone ? nil : entry
    }
    closeIfIdle()
    return words
  }

  private func lookInto(_ name: String, _ entry: inout Awaited) -> [Word] {
    guard let file = Descriptor(opening: "\(folder.path)/\(name)", O_RDONLY) else { return [] }
    var words: [Word] = []
    // The line is mostly the first, and short.
    var limit = 4_096
    while true {
      let bytes = file.read(atMost: limit, at: entry.offset)
      var start = 0
      while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
        if let word = Self.word(inLine: bytes[start..<end], of: &entry) { words.append(word) }
        start = end + 1
        if entry.isDone { return words }
      }
      entry.offset += start
      if bytes.count < limit { return words }
      if start == 0 {
        guard limit < Event.longestLine else { return words }
        limit = Event.longestLine
      }
    }
  }

  /// What the line says, if it is awaited.
  private static func word(inLine bytes: ArraySlice<UInt8>, of entry: inout Awaited) -> Word? {
    if case .line(let pattern, let host)? = entry.ready {
      guard case .match(let groups) = pattern.match(bytes) else { return nil }
      entry.ready = nil
      return .ready(address(in: Dictionary(groups) { first, _ in first }, host: host))
    }
    // What a program prints may lack a time and a number.
    guard let fields = try? JSONValue(Array(bytes)), let kind = fields["kind"]?.text else {
      return nil
    }
    switch kind {
    case NodeEvents.ready.name:
      guard let sign = entry.ready else { return nil }
      let address = fields["address"]?.text.flatMap { Address(parsing: $0) }
      if case .event = sign, address == nil { return nil }
      entry.ready = nil
      return .ready(address)
    case NodeEvents.rulesApplied.name:
      guard let number = fields["number"]?.integer.map({ Int($0) }) else { return nil }
      if let awaited = entry.rules, number >= awaited { entry.rules = nil }
      return .heeded(rules: number)
    default: return nil
    }
  }

  /// By the named groups `address`, or `port` and perhaps `host`.
  private static func address(in groups: [String: String], host: String) -> Address? {
    if let address = groups["address"] { return Address(parsing: address) }
    guard let port = groups["port"] else { return nil }
    return Address(parsing: "\(groups["host"] ?? host):\(port)")
  }
}
