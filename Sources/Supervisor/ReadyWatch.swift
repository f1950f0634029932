import CProcess
import FoundationEssentials
import Glibc
import Participants

/// Sees `node.ready` in the logs of nodes that were just started.
///
/// The run's folder is watched only while somebody is awaited: afterwards the nodes' logs cost the
/// supervisor nothing.
struct ReadyWatch {
  private struct Awaited {
    var node: Int
    /// Where in its log the first line that was not looked at begins.
    var offset: Int
  }

  private struct ReadyLine: Decodable {
    var kind: String
    var address: String
  }

  private let folder: LiveRunFolder
  /// By the log's file name.
  private var awaited: [String: Awaited] = [:]
  private(set) var descriptor: Descriptor?

  init(_ folder: LiveRunFolder) { self.folder = folder }

  /// Call it before the node's process is started: a line that is in the log by then is an earlier
  /// process's. Returns the descriptor to wait on, where a new one was opened.
  mutating func await(_ node: Int, named name: String) throws(SupervisorError) -> Descriptor? {
    var information = stat()
    let exists = unsafe stat(folder.log(of: name), &information) == 0
    awaited[LiveRunFolder.logName(of: name)] = Awaited(
      node: node, offset: exists ? Int(information.st_size) : 0)
    guard descriptor == nil else { return nil }
    descriptor = try .taking(
      unsafe cprocess_watch_open(folder.path), for: "a watch on \(folder.path)")
    return descriptor
  }

  mutating func forget(_ name: String) {
    awaited[LiveRunFolder.logName(of: name)] = nil
    closeIfIdle()
  }

  private mutating func closeIfIdle() {
    if awaited.isEmpty { descriptor = nil }
  }

  /// The nodes that became ready, after the descriptor became readable.
  mutating func take() -> [(node: Int, address: Address)] {
    guard let descriptor else { return [] }
    var ready: [(node: Int, address: Address)] = []
    for name in Self.names(in: descriptor.read(atMost: 65_536), else: awaited.keys.sorted()) {
      guard let address = lookInto(name), let node = awaited.removeValue(forKey: name)?.node
      else { continue }
      ready.append((node: node, address: address))
    }
    closeIfIdle()
    return ready
  }

  private mutating func lookInto(_ name: String) -> Address? {
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
        if let address = Self.address(inLine: bytes[start..<end]) { return address }
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

  private static func address(inLine bytes: ArraySlice<UInt8>) -> Address? {
    guard let line = try? JSONDecoder().decode(ReadyLine.self, from: Data(bytes)),
      line.kind == "node.ready"
    else { return nil }
    return Address(parsing: line.address)
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
