import CProcess
import Glibc
import Messages
package import Participants
package import Topology

/// All that a node's process is started with.
struct Launch {
  var executable: String
  var arguments: [String]
  /// `NAME=VALUE` each.
  var environment: [String]
  /// The folder that it works in; `nil`: the supervisor's.
  var folder: String?
  /// What it can read; `nil`: nothing. At most ``longestInput`` bytes.
  var input: [UInt8]?
  /// A socket that is its standard input instead; -1 for none.
  var channel: CInt = -1
  /// The file that it prints to.
  var output: String
  /// Its soft limit of open files; 0 for the supervisor's.
  var openFiles: UInt64 = 0
  /// The network namespace that it is in; -1 for the supervisor's.
  var network: CInt = -1

  /// As much as a pipe holds.
  static let longestInput = 65_536
}

/// How nodes of ours are started: `seedbed-node` with what the plan says about each.
package struct NodeCommand: Sendable {
  /// The path of the node's executable.
  package let executable: String
  /// `NAME=VALUE` each.
  let environment: [String]

  /// Finds `seedbed-node` beside the running executable.
  ///
  /// - Throws: where there is no executable of the node beside this one.
  package init() throws(SupervisorError) {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let own = buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
    let folder = own.lastIndex(of: UInt8(ascii: "/")).map { own[..<$0] } ?? []
    executable = String(decoding: folder, as: UTF8.self) + "/seedbed-node"
    guard unsafe access(executable, X_OK) == 0 else {
      throw SupervisorError(
        "cannot run \(executable): \(SupervisorError.text(of: errno)). "
          + "It belongs beside seedbed: run 'make build'.")
    }
    environment = Self.environment()
  }

  /// The supervisor's own, but a node that crashes dies at once instead of spending seconds on a
  /// backtrace, unless the user has said otherwise.
  private static func environment() -> [String] {
    var result: [String] = []
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      unsafe result.append(String(cString: entry))
      unsafe next += 1
    }
    if !result.contains(where: { $0.hasPrefix("SWIFT_BACKTRACE=") }) {
      result.append("SWIFT_BACKTRACE=enable=no")
    }
    return result
  }

  /// The command line of a node of ours, its program first.
  ///
  /// - Parameters:
  ///   - listen: the address that it is to listen at.
  ///   - host: what it is to tell others, if not that.
  ///   - addresses: a value for each of its options that are addresses.
  package func arguments(
    for node: PlannedNode, listen: String, advertising host: String? = nil,
    addresses: [String: OptionValue] = [:], seed: UInt64, in folder: LiveRunFolder
  ) -> [String] {
    let fixed =
      [
        executable, node.role, "--name", node.name, "--listen", listen,
        "--log", folder.log(of: node.name), "--config", folder.seedList, "--seed", String(seed),
        "--data", folder.data(of: node.name), "--rules", folder.rules,
      ] + (host.map { ["--advertise", $0] } ?? []) + (node.also.map { ["--also", $0] } ?? [])
    let options = node.options.merging(addresses.mapValues(\.description)) { $1 }
    return fixed + options.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", $0.value] }
  }

  func launch(
    _ arguments: [String], output: String, openFiles: UInt64
  ) -> Launch {
    Launch(
      executable: executable, arguments: arguments, environment: environment, output: output,
      openFiles: openFiles)
  }
}

extension Launch {
  /// Starts the process. Call it from the main thread: it dies with the thread that started it.
  func start() throws(SupervisorError) -> NodeProcess {
    var ends: [CInt] = [-1, -1]
    if let input {
      guard unsafe pipe(&ends) == 0 else {
        throw SupervisorError(SupervisorError.text(of: errno), exitCode: .error)
      }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
      let written = unsafe input.withUnsafeBytes { unsafe write(ends[1], $0.baseAddress, $0.count) }
      guard written == input.count else {
        for end in ends { close(end) }
        throw SupervisorError(
          "its input has \(input.count) bytes; \(Self.longestInput) at most", exitCode: .usage)
      }
    }
    defer { for end in ends where end >= 0 { close(end) } }
    let pid = try ChildProcess.spawn(self, input: channel >= 0 ? channel : ends[0])
    let result = cprocess_pidfd_open(pid)
    guard let descriptor = Descriptor(result) else {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      let hint = result == -EMFILE ? " (the limit of open files: see 'ulimit -n')" : ""
      throw SupervisorError(SupervisorError.text(of: -result) + hint, exitCode: .error)
    }
    return NodeProcess(pid: pid, descriptor: descriptor)
  }
}

/// Processes that the supervisor starts, all in the same way: `cprocess_spawn`.
enum ChildProcess {
  /// - Parameter input: the reading end of a pipe; -1 for nothing to read.
  static func spawn(_ launch: Launch, input: CInt = -1) throws(SupervisorError) -> pid_t {
    let paths = [launch.executable, launch.output] + (launch.folder.map { [$0] } ?? [])
    let pid = unsafe withCStrings(launch.arguments) { arguments in
      unsafe withCStrings(launch.environment) { environment in
        unsafe withCStrings(paths) { paths in
          // The end mark where there is no folder.
          var child = unsafe cprocess_child(
            path: paths[0], arguments: arguments, environment: environment, folder: paths[2],
            input: input, output: paths[1], open_files: launch.openFiles, network: launch.network)
          return unsafe cprocess_spawn(&child)
        }
      }
    }
    guard pid > 0 else {
      let hint = pid == -EAGAIN ? " (the limit of processes: see 'ulimit -u')" : ""
      throw SupervisorError(
        "\(launch.executable): \(SupervisorError.text(of: -pid))\(hint)", exitCode: .error)
    }
    return pid
  }

  /// Runs a short program to its end, without an environment.
  static func run(
    _ executable: String, _ arguments: [String], output: String, network: CInt
  ) throws(SupervisorError) -> SupervisorCore.ExitStatus {
    let pid = try spawn(
      Launch(
        executable: executable, arguments: arguments, environment: [], output: output,
        network: network))
    var status: CInt = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    // wait(2): the signal in the low seven bits, else the exit code in the next byte.
    let signal = status & 0x7f
    return signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
  }
}

/// A node's process, from its start to its reaping.
final class NodeProcess {
  let pid: pid_t
  let descriptor: Descriptor

  init(pid: pid_t, descriptor: Descriptor) {
    self.pid = pid
    self.descriptor = descriptor
  }

  /// Makes sure that the system lets processes be watched.
  static func checkSystem() throws(SupervisorError) {
    let result = cprocess_pidfd_open(getpid())
    guard Descriptor(result) == nil else { return }
    let advice =
      [ENOSYS, EPERM].contains(-result)
      ? ": Linux 5.3 has it, where no container's seccomp profile forbids it" : ""
    throw SupervisorError(
      "cannot watch processes with pidfd_open (\(SupervisorError.text(of: -result)))\(advice)",
      exitCode: .error)
  }

  /// Without effect on a process that has ended. What ends or freezes a node does so to all that it
  /// has started; to end in order is its own affair.
  func signal(_ signal: SupervisorCore.Signal) {
    // As long as the process was not reaped, nobody else can get its group's number.
    switch signal {
    case .terminate: _ = cprocess_pidfd_signal(descriptor.number, SIGTERM)
    case .heed: _ = cprocess_pidfd_signal(descriptor.number, SIGURG)
    case .kill: kill(-pid, SIGKILL)
    case .pause: kill(-pid, SIGSTOP)
    case .resume: kill(-pid, SIGCONT)
    }
  }

  /// Whether the process is stopped by a signal: state T in proc_pid_stat(5).
  var isPaused: Bool {
    guard let text = TextFile.read("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")")
    else { return false }
    return text[name...].dropFirst(2).first == "T"
  }

  /// Reaps the process if it has ended, and ends what it may have started in its process group.
  func reap() -> SupervisorCore.ExitStatus? {
    var code: CInt = 0
    var signal: CInt = 0
    guard unsafe cprocess_pidfd_reap(descriptor.number, &code, &signal) == 1 else { return nil }
    return signal == 0 ? .code(code) : .signal(signal)
  }
}

/// The process group that a node's process led.
struct ProcessGroup {
  let leader: pid_t

  /// Whether nothing is left of it, not even a zombie. Ask once the leader was reaped.
  var isEmpty: Bool { kill(-leader, 0) != 0 && errno == ESRCH }
}

/// A null-terminated array of C strings, for as long as the body runs.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies = unsafe strings.map { unsafe strdup($0) } + [nil]
  defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
  return unsafe copies.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("an array with an end mark") }
    return unsafe body(base)
  }
}
