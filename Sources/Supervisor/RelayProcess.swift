import CProcess
import Glibc
import Messages
import NetworkRules
import Participants
import Topology

/// The relay between the nodes: a process of its own, so that what the nodes say to one another never
/// waits for the supervisor. It ends with this object.
final class RelayProcess {
  /// What its output is called, beside the nodes'.
  static let name = "relay"
  /// How long it may take to answer.
  private static let patience = 10

  private let plan: Plan
  private let folder: LiveRunFolder
  private let socket: Descriptor
  private let process: NodeProcess
  /// Becomes readable when the process ends.
  var descriptor: Descriptor { process.descriptor }

  /// Call it from the main thread.
  init(
    _ plan: Plan, _ command: NodeCommand, in folder: LiveRunFolder
  ) throws(SupervisorError) {
    self.plan = plan
    self.folder = folder
    var ends: [CInt] = [-1, -1]
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0, let socket = Descriptor(ends[0]),
      let other = Descriptor(ends[1])
    else { throw Self.failure(SupervisorError.text(of: errno)) }
    self.socket = socket
    var wait = timeval(tv_sec: Self.patience, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
      unsafe setsockopt(socket.number, SOL_SOCKET, option, &wait, size)
    }
    var launch = command.launch(
      [command.executable, "relay", "--seed", String(plan.seed)],
      output: folder.output(of: Self.name), openFiles: 0)
    launch.channel = other.number
    process = try launch.start()
  }

  deinit {
    process.signal(.kill)
    waitpid(process.pid, nil, 0)
  }

  // MARK: - What it is told

  /// A node's process runs.
  func started(_ node: Int, pid: pid_t) throws(SupervisorError) {
    let planned = plan.nodes[node]
    let host = plan.isolation.host(of: node) ?? planned.host
    try ask(.started(planned.name, group: pid, host: host))
  }

  /// A node is ready. Returns where others reach it.
  ///
  /// - Parameter heard: the address that it said; `nil` if it said none.
  func opened(_ node: Int, heard: Address?) throws(SupervisorError) -> Address? {
    let planned = plan.nodes[node]
    guard let port = heard?.port ?? planned.knownAddress?.port else { return nil }
    // Our own nodes say where others reach them, and a program may say that it listens everywhere.
    let isSaidByProgram = plan.program(of: planned) != nil && heard?.isEverywhere == false
    let host = (isSaidByProgram ? heard?.numeric.host : nil) ?? planned.host
    let listening = Address(host: host, port: port)
    let address = plan.address(of: node, listening: listening)
    do throws(SupervisorError) {
      try ask(.opened(planned.name, listening: listening, at: address))
    } catch {
      guard error.description.contains("address already in use") else { throw error }
      throw SupervisorError(
        "\(error.description). The relay stands at another address of \(planned.name)'s port: "
          + "let \(planned.name) listen at {host} alone, not on every address", exitCode: .error)
    }
    return address
  }

  /// A node's process has ended.
  func ended(_ node: Int) throws(SupervisorError) { try ask(.ended(plan.nodes[node].name)) }

  /// From now on these faults are on. Returns what it did since the last time.
  func apply(_ rules: NetworkRules) throws(SupervisorError) -> RelayCounts {
    try ask(.rules(rules))
  }

  @discardableResult
  private func ask(_ message: RelayMessage) throws(SupervisorError) -> RelayCounts {
    var rest = message.framed[...]
    while !rest.isEmpty {
      let count = socket.write(rest)
      guard count > 0 else { throw hasEnded }
      rest = rest.dropFirst(count)
    }
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      let bytes = socket.read(atMost: 4_096)
      guard !bytes.isEmpty else { throw hasEnded }
      line += bytes
    }
    switch RelayAnswer(parsing: String(decoding: line.dropLast(), as: UTF8.self)) {
    case .done(let counts): return counts
    case .failed(let why): throw Self.failure(why)
    case nil: throw Self.failure("it said what is no answer")
    }
  }

  /// Why it cannot be asked.
  var hasEnded: SupervisorError {
    let said = folder.lastOutput(of: Self.name, lines: 1).first
    return Self.failure(said ?? "it has ended, or does not answer")
  }

  private static func failure(_ why: String) -> SupervisorError {
    SupervisorError("the relay between the nodes: \(why)", exitCode: .error)
  }
}

extension Address {
  /// Whether it stands for every address of the machine.
  fileprivate var isEverywhere: Bool { host == "0.0.0.0" || host == "::" }
}
