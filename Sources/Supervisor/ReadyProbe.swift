import Glibc
import Participants

/// Sees that programs which were just started are ready by asking their ports, again and again.
///
/// No call waits: a program that accepts and then says nothing costs a descriptor, and is asked anew
/// after a while.
struct ReadyProbe {
  enum Question: Equatable {
    /// Does the port accept a connection?
    case accepts
    /// Is a GET of the path answered with 2xx or 3xx?
    case answers(path: String)
  }

  fileprivate struct Asked {
    var address: Address
    var question: Question
    var socket: Descriptor?
    var hasAsked = false
    var answer: [UInt8] = []
    var since: Instant
  }

  /// How often is looked.
  static let interval = Microseconds.milliseconds(20)
  /// How long an answer may take before it is asked for anew.
  static let answerWithin = Microseconds.seconds(2)
  /// As much of an answer as is read: its first line says it.
  static let longestAnswer = 4_096

  /// By node.
  private var asked: [Int: Asked] = [:]
  private var nextLook: Instant?

  /// When ``take(at:)`` has something to do; `nil` while nobody is awaited.
  var wakeAt: Instant? { asked.isEmpty ? nil : nextLook }

  mutating func await(_ node: Int, _ question: Question, at address: Address, now: Instant) {
    asked[node] = Asked(address: address, question: question, since: now)
    nextLook = min(nextLook ?? now, now)
  }

  mutating func forget(_ node: Int) { asked[node] = nil }

  /// The nodes that were found ready since the last call.
  mutating func take(at now: Instant) -> [(node: Int, address: Address)] {
    guard let due = wakeAt, due <= now else { return [] }
    nextLook = now + Self.interval
    var ready: [(node: Int, address: Address)] = []
    for node in asked.keys.sorted() {
      guard asked[node]?.look(at: now) == true, let found = asked.removeValue(forKey: node)
      else { continue }
      ready.append((node: node, address: found.address))
    }
    return ready
  }
}

extension ReadyProbe.Asked {
  /// Goes as far as it can without waiting; true when the answer is yes.
  fileprivate mutating func look(at now: Instant) -> Bool {
    if socket == nil || now >= since + ReadyProbe.answerWithin { connect(at: now) }
    guard let socket else { return false }
    guard checkConnection(socket) else { return false }
    guard case .answers(let path) = question else { return true }
    if !hasAsked {
      hasAsked = true
      let request = "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n"
      if socket.write(Array(request.utf8)[...]) < 0 { self.socket = nil }
      return false
    }
    return readAnswer(socket)
  }

  private mutating func connect(at now: Instant) {
    (hasAsked, answer, since, socket) = (false, [], now, nil)
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = address.port.bigEndian
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = address.port.bigEndian
    if unsafe inet_pton(AF_INET, address.host, &v4.sin_addr) == 1 {
      connect(AF_INET, to: &v4)
    } else if unsafe inet_pton(AF_INET6, address.host, &v6.sin6_addr) == 1 {
      connect(AF_INET6, to: &v6)
    }
  }

  private mutating func connect<SocketAddress>(_ family: CInt, to target: inout SocketAddress) {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    socket = Descriptor(Glibc.socket(family, type | CInt(SOCK_NONBLOCK.rawValue), 0))
    guard let socket else { return }
    let size = socklen_t(MemoryLayout<SocketAddress>.size)
    let failed = unsafe withUnsafeBytes(of: &target) { bytes in
      unsafe Glibc.connect(
        socket.number, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), size) != 0
    }
    if failed, errno != EINPROGRESS { self.socket = nil }
  }

  /// Whether the dial was answered; forgets the socket where it was refused.
  private mutating func checkConnection(_ socket: Descriptor) -> Bool {
    var state = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
    guard unsafe poll(&state, 1, 0) == 1 else { return false }
    var failure: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    guard unsafe getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &failure, &size) == 0,
      failure == 0
    else {
      self.socket = nil
      return false
    }
    return true
  }

  /// RFC 9112, section 4: `HTTP/1.1 200 OK`.
  private mutating func readAnswer(_ socket: Descriptor) -> Bool {
    var state = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&state, 1, 0) == 1 else { return false }
    let bytes = socket.read(atMost: ReadyProbe.longestAnswer - answer.count)
    answer += bytes
    let line = String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let isWhole = answer.contains(UInt8(ascii: "\r"))
    if isWhole || bytes.isEmpty || answer.count == ReadyProbe.longestAnswer { self.socket = nil }
    return isWhole && line.wholeMatch(of: /HTTP\/1\.[01] [23][0-9][0-9]( .*)?/) != nil
  }
}
