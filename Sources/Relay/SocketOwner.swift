import Glibc
import Participants

/// Whose a socket of this machine is.
enum SocketOwner {
  enum Transport {
    case stream
    case datagram

    var number: UInt8 {
      switch self {
      case .stream: UInt8(IPPROTO_TCP)
      case .datagram: UInt8(IPPROTO_UDP)
      }
    }
  }

  /// The number of the socket that sends from `source` to `target`, IPv4 both; `nil` if there is none,
  /// or not any more. The kernel is asked for that one socket: sock_diag(7).
  static func inode(of source: Address, to target: Address, by transport: Transport) -> UInt64? {
    // A socket of UDP is looked up by what it would receive, one of TCP by its own view.
    let (first, second) = transport == .datagram ? (target, source) : (source, target)
    guard let firstHost = ipv4(first.host), let secondHost = ipv4(second.host) else { return nil }
    // struct inet_diag_req_v2: family, protocol, extensions, padding, states; then the socket: ports
    // and hosts in network order, the interface, and a cookie that is not known.
    var request = [UInt8(AF_INET), transport.number, 0, 0] + native(UInt32.max)
    request += [first.port, second.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    for host in [firstHost, secondHost] { request += host + [UInt8](repeating: 0, count: 12) }
    request += native(UInt32(0)) + native(UInt32.max) + native(UInt32.max)
    guard let answer = ask(request), answer.count >= inodeOffset + 4 else { return nil }
    // struct nlmsghdr: the length, then the type.
    guard answer[4...5].elementsEqual(native(sockDiagByFamily)) else { return nil }
    let inode = answer[inodeOffset..<(inodeOffset + 4)].reversed().reduce(0) {
      $0 << 8 | UInt64($1)
    }
    return inode == 0 ? nil : inode
  }

  private static let netlinkHeader = 16
  private static let sockDiagByFamily: UInt16 = 20
  /// In the answer: struct inet_diag_msg behind the header, of which it is the last.
  private static let inodeOffset = netlinkHeader + 68

  private static func ask(_ request: [UInt8]) -> [UInt8]? {
    let netlinkSockDiag: CInt = 4
    let socket = socket(
      AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), netlinkSockDiag)
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    let isRequest: UInt16 = 1
    let message =
      native(UInt32(netlinkHeader + request.count)) + native(sockDiagByFamily)
      + native(isRequest) + native(UInt32(1)) + native(UInt32(0)) + request
    guard unsafe send(socket, message, message.count, 0) == message.count else { return nil }
    var answer = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe recv(socket, &answer, answer.count, 0)
    return count > 0 ? Array(answer.prefix(count)) : nil
  }

  private static func native(_ number: some FixedWidthInteger) -> [UInt8] {
    unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
  }

  private static func ipv4(_ host: String) -> [UInt8]? {
    let bytes = host.split(separator: ".", omittingEmptySubsequences: false).compactMap {
      UInt8($0)
    }
    return bytes.count == 4 ? bytes : nil
  }

  // MARK: - Whose it is

  /// The name of the group of processes of which one holds the socket.
  static func find(_ inode: UInt64, among groups: [String: pid_t]) -> String? {
    let names = Dictionary(groups.map { ($1, $0) }) { first, _ in first }
    if let leader = names.keys.first(where: { holds(inode, $0) }) { return names[leader] }
    // One that a node has started.
    for pid in numbers(in: "/proc") where names[pid] == nil {
      if let name = names[getpgid(pid)], holds(inode, pid) { return name }
    }
    return nil
  }

  private static func holds(_ inode: UInt64, _ pid: pid_t) -> Bool {
    let folder = "/proc/\(pid)/fd"
    return numbers(in: folder).contains { number in
      var information = stat()
      return unsafe stat("\(folder)/\(number)", &information) == 0
        && information.st_mode & S_IFMT == S_IFSOCK && information.st_ino == inode
    }
  }

  /// What in a folder is called by a number.
  private static func numbers(in folder: String) -> [pid_t] {
    guard let folder = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(folder) }
    var numbers: [pid_t] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = pid_t(name) { numbers.append(number) }
    }
    return numbers
  }
}
