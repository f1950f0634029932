import Faults
import Foundation
import Participants
import Testing

/// A relay process, with the test in the place of the supervisor and of the nodes.
final class RelayUnderTest {
  private let process = Process()
  private let errors = Pipe()
  private var supervisor: Int32
  private var numberOfRules = 0
  /// Of the nodes that were ever started.
  private var names: [String] = []
  /// Other tests may have relays at the same time.
  private let hosts = "127.102.\(128 + getpid() % 128)"

  init() throws {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Missing(what: "a socket") }
    supervisor = ends[0]
    process.executableURL = NodeProcess.executable
    process.arguments = ["relay", "--seed", "7"]
    process.standardError = errors
    process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    try process.run()
    var wait = timeval(tv_sec: Int(Deadline.seconds), tv_usec: 0)
    unsafe setsockopt(
      supervisor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(supervisor)
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  // MARK: - The supervisor

  /// Says something, and waits for the answer.
  @discardableResult func say(_ message: RelayMessage) throws -> RelayAnswer {
    write(message.framed)
    return try answer()
  }

  /// The next answer.
  func answer() throws -> RelayAnswer {
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      var byte: UInt8 = 0
      guard unsafe recv(supervisor, &byte, 1, 0) == 1 else { throw Missing(what: "an answer") }
      line.append(byte)
    }
    guard let answer = RelayAnswer(parsing: String(decoding: line.dropLast(), as: UTF8.self)) else {
      throw Missing(what: "an answer that makes sense")
    }
    return answer
  }

  func write(_ bytes: [UInt8]) {
    _ = unsafe send(supervisor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// The supervisor goes away.
  func leave() {
    close(supervisor)
    supervisor = -1
  }

  /// Waits for the relay's end; returns its exit code (or the signal, negative) and its complaint.
  func end() throws -> (code: Int32, errors: String) {
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let status = process.terminationStatus
    return (
      process.terminationReason == .exit ? status : -status, String(decoding: text, as: UTF8.self)
    )
  }

  /// A node runs: as a process group of nobody's, unless one is given.
  @discardableResult func start(_ name: String, group: Int32 = .max) throws -> String {
    if !names.contains(name) { names.append(name) }
    let number = Int32(names.firstIndex(of: name) ?? 0) + 1
    let host = "\(hosts).\(number)"
    // Groups that nobody has must differ too.
    try say(.started(name, group: group == .max ? .max - number : group, host: host))
    return host
  }

  /// A node runs that listens by TCP and UDP.
  func open(_ name: String, group: Int32 = .max) throws -> Listening {
    let node = try Listening(host: try start(name, group: group))
    guard case .done = try say(.opened(name, listening: node.inside, at: node.address)) else {
      throw Missing(what: "an open door")
    }
    return node
  }

  /// A fault from some to others.
  func rule(
    _ action: Fault.Action, oneWay: Bool = false, from: String, to: String
  ) -> Fault {
    Fault(id: 1, action: action, between: [from], and: [to], oneWay: oneWay, at: .zero)
  }

  /// From now on these faults are on. Returns what was done since the rules before.
  @discardableResult func apply(_ rules: Fault...) throws -> RelayCounts {
    try apply(rules)
  }

  @discardableResult func apply(_ rules: [Fault]) throws -> RelayCounts {
    numberOfRules += 1
    guard
      case .done(let counts) = try say(.rules(NetworkRules(number: numberOfRules, faults: rules)))
    else { throw Missing(what: "counts") }
    return counts
  }

  // MARK: - The process

  var isRunning: Bool { process.isRunning }

  func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd")
      .count
  }

  /// Of its memory, what is in use, in bytes.
  func residentSize() throws -> Int {
    let text = try String(
      contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
  }
}

/// The sockets of a node that the relay passes on to.
final class Listening {
  let listener: Listener
  let datagrams: DatagramPlug
  /// Where it listens.
  let inside: Address
  /// Where the others reach it.
  let address: Address
  /// Where its dials come from, if it dials as our own nodes do.
  var source: Address {
    Address(host: "127.101.\(inside.port >> 8).\(inside.port & 255)", port: 0)
  }

  init(host: String) throws {
    // The system's choice for one of the two may be taken for the other.
    let pair = try Deadline.poll("a port for both") { () -> (Listener, DatagramPlug)? in
      let listener = try Listener(sharingPort: true)
      let inside = Address(host: "127.0.0.1", port: listener.port)
      guard let datagrams = try? DatagramPlug(at: inside) else { return nil }
      return (listener, datagrams)
    }
    (listener, datagrams) = pair
    inside = datagrams.address
    address = Address(host: host, port: inside.port)
  }
}

/// A plain UDP socket.
final class DatagramPlug {
  let descriptor: Int32
  let address: Address

  init(at address: Address = Address(host: "127.0.0.1", port: 0)) throws {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var wait = timeval(tv_sec: Int(Deadline.seconds), tv_usec: 0)
    let descriptor = descriptor
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let isBound = Loopback.bind(descriptor, to: address)
    self.address = unsafe Loopback.address { unsafe getsockname(descriptor, $0, $1) }
    if !isBound { throw Missing(what: "the address \(address)") }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8], to address: Address) {
    let (descriptor, flags) = (descriptor, Int32(MSG_NOSIGNAL))
    _ = unsafe Loopback.withAddress(address) { to, length in
      unsafe sendto(descriptor, bytes, bytes.count, flags, to, length)
    }
  }

  func send(_ text: String, to address: Address) { send(Array(text.utf8), to: address) }

  /// The next datagram, and where it is from.
  func receive() throws -> (bytes: [UInt8], from: Address) {
    guard let datagram = next(0) else { throw Missing(what: "a datagram") }
    return datagram
  }

  func receiveText() throws -> String { String(decoding: try receive().bytes, as: UTF8.self) }

  /// The next of those that are there already.
  func receiveNow() -> (bytes: [UInt8], from: Address)? { next(Int32(MSG_DONTWAIT)) }

  private func next(_ flags: Int32) -> (bytes: [UInt8], from: Address)? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var count = -1
    let from = unsafe Loopback.address { from, length in
      count = unsafe recvfrom(descriptor, &buffer, buffer.count, flags, from, length)
    }
    return count < 0 ? nil : (Array(buffer.prefix(count)), from)
  }
}
