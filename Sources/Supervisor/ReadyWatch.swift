import CProcess
import FoundationEssentials
import Glibc
import Participants
import Patterns

/// Sees that nodes which were just started are ready, by a line of a file of theirs: mostly
/// `node.ready` in their log.
///
/// The run's folder is watched only while somebody is awaited: afterwards the nodes' logs cost the
/// supervisor nothing.
struct ReadyWatch {
  /// What says in a line that a node is ready.
  enum Sign {
    /// `node.ready` with an address.
    case event
    /// `node.ready`, which has an address or not.
    case programEvent
    case line(Pattern)
  }

  private struct Awaited {
    var node: Int
    var sign: Sign
    /// Where in its file the first line that was not looked at begins.
    var offset: Int
  }

  private struct ReadyLine: Decodable {
    var kind: String
    var address: String?
  }

  private let folder: LiveRunFolder
  /// By the file's name.
  private var awaited: [String: Awaited] = [:]
  private(set) var descriptor: Descriptor?

  init(_ folder: LiveRunFolder) { self.folder = folder }

  /// Call it before the node's process is started: a line that is in the file by then is an earlier
  /// process's. Returns the descriptor to wait on, where a new one was opened.
  mutating func await(
    _ node: Int, by sign: Sign, in file: String
  ) throws(SupervisorError) -> Descriptor? {
    var information = stat()
    let exists = unsafe stat("\(folder.path)/\(file)", &information) == 0
    awaited[file] = Awaited(
      node: node, sign: sign, offset: exists ? Int(information.st_size) : 0)
    guard descriptor == nil else { return nil }
    descriptor = try .taking(
      unsafe cprocess_watch_open(folder.path), for: "a watch on \(folder.path)")
    return descriptor
  }

  /// The node need not be awaited any more, in any file.
  mutating func forget(_ node: String) {
    awaited[LiveRunFolder.logName(of: node)] = nil
    awaited[LiveRunFolder.outputName(of: node)] = nil
    closeIfIdle()
  }

  private mutating func closeIfIdle() {
    if awaited.isEmpty { descriptor = nil }
  }

  /// The nodes that became ready, after the descriptor became readable.
  mutating func take() -> [(node: Int, address: Address?)] {
    guard let descriptor else { return [] }
    var ready: [(node: Int, address: Address?)] = []
    for name in Self.names(in: descriptor.read(atMost: 65_536), else: awaited.keys.sorted()) {
      guard let found = lookInto(name), let node = awaited.removeValue(forKey: name)?.node
      else { continue }
      ready.append((node: node, address: found.address))
    }
    closeIfIdle()
    return ready
  }

  private mutating func lookInto(_ name: String) -> Found? {
    guard let entry = awaited[name],
      let file = Descriptor(opening: "\(folder.path)/\(name)", O_RDONLY)
    else { return nil }
    var offset = entry.offset
    defer { awaited[name]?.offset = offset }
    // The line is mostly the first, and short.
    var limit = 4_096
    while true {
      let bytes = file.read(atMost: limit, at: offset)
      var start = 0
      while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
        if let found = Found(in: bytes[start..<end], by: entry.sign) { return found }
        start = end + 1
      }
      offset += start
      if bytes.count < limit { return nil }
      if start == 0 {
        guard limit < Event.longestLine else { return nil }
        limit = Event.longestLine
      }
    }
  }

  /// A line that says that a node is ready, and where it listens if it says that too.
  private struct Found {
    var address: Address?

    init?(in line: ArraySlice<UInt8>, by sign: Sign) {
      switch sign {
      case .line(let pattern):
        guard case .match(let groups) = pattern.match(line) else { return nil }
        address = Self.address(in: Dictionary(groups) { first, _ in first })
      case .event, .programEvent:
        guard let event = try? JSONDecoder().decode(ReadyLine.self, from: Data(line)),
          event.kind == "node.ready"
        else { return nil }
        address = event.address.flatMap { Address(parsing: $0) }
        if case .event = sign, address == nil { return nil }
      }
    }

    /// By the named groups `address`, or `port` and perhaps `host`.
    private static func address(in groups: [String: String]) -> Address? {
      if let address = groups["address"] { return Address(parsing: address) }
      guard let port = groups["port"] else { return nil }
      return Address(parsing: "\(groups["host"] ?? Supervisor.loopback):\(port)")
    }
  }

  /// The file names of inotify events, each once, in order; `all` where the kernel lost some.
  private static func names(in bytes: [UInt8], else all: [String]) -> [String] {
    // struct inotify_event: wd, mask, cookie and the name's length, 4 bytes each, then the name,
    // filled up with zeros.
    var names: [String] = []
    var seen: Set<String> = []
    var offset = 0
    while offset + 16 <= bytes.count {
      let mask = number(bytes[(offset + 4)..<(offset + 8)])
      let length = Int(number(bytes[(offset + 12)..<(offset + 16)]))
      let rest = bytes[(offset + 16)...].prefix(length)
      if mask & cprocess_watch_overflow != 0 { return all }
      let name = String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)
      if seen.insert(name).inserted { names.append(name) }
      offset += 16 + length
    }
    return names
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    UInt32(littleEndian: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
}
