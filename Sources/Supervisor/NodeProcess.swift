import Arguments
import CProcess
import Glibc
package import Participants
package import Topology

/// How nodes are started: `seedbed-node` with what the plan says about each.
package struct NodeCommand: Sendable {
  /// The path of the node's executable.
  package let executable: String
  private let environment: [String]

  /// Finds `seedbed-node` beside the running executable.
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

  package func arguments(
    for node: PlannedNode, listen: String, addresses: [String: OptionValue] = [:], seed: UInt64,
    in folder: LiveRunFolder
  ) -> [String] {
    let fixed = [
      executable, node.role, "--name", node.name, "--listen", listen,
      "--log", folder.log(of: node.name), "--config", folder.seedList, "--seed", String(seed),
      "--data", folder.data(of: node.name), "--rules", folder.rules,
    ]
    let options = node.options.merging(addresses.mapValues(\.description)) { $1 }
    return fixed + options.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", $0.value] }
  }

  /// Starts a node. Call it from the main thread: the node dies with the thread that started it.
  ///
  /// - Parameters:
  ///   - openFiles: the node's soft limit of open files.
  ///   - network: the network namespace to start it in; -1 for the supervisor's.
  func start(
    _ arguments: [String], output: String, openFiles: UInt64, network: CInt
  ) throws(SupervisorError) -> NodeProcess {
    let pid = try ChildProcess.spawn(
      executable, arguments, environment: environment, output: output, openFiles: openFiles,
      network: network)
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
  /// - Parameters:
  ///   - openFiles: the soft limit of open files; 0 for the supervisor's.
  ///   - network: the network namespace; -1 for the supervisor's.
  static func spawn(
    _ executable: String, _ arguments: [String], environment: [String], output: String,
    openFiles: UInt64 = 0, network: CInt
  ) throws(SupervisorError) -> pid_t {
    let pid = unsafe withCStrings(arguments) { arguments in
      unsafe withCStrings(environment) { environment in
        unsafe withCStrings([executable, output]) { paths in
          var child = unsafe cprocess_child(
            path: paths[0], arguments: arguments, environment: environment, output: paths[1],
            open_files: openFiles, network: network)
          return unsafe cprocess_spawn(&child)
        }
      }
    }
    guard pid > 0 else {
      let hint = pid == -EAGAIN ? " (the limit of processes: see 'ulimit -u')" : ""
      throw SupervisorError(
        "\(executable): \(SupervisorError.text(of: -pid))\(hint)", exitCode: .error)
    }
    return pid
  }

  /// Runs a short program to its end, without an environment.
  static func run(
    _ executable: String, _ arguments: [String], output: String, network: CInt
  ) throws(SupervisorError) -> SupervisorCore.ExitStatus {
    let pid = try spawn(executable, arguments, environment: [], output: output, network: network)
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

  /// Without effect on a process that has ended.
  func signal(_ signal: SupervisorCore.Signal) {
    let number =
      switch signal {
      case .terminate: SIGTERM
      case .kill: SIGKILL
      case .pause: SIGSTOP
      case .resume: SIGCONT
      case .heed: SIGURG
      }
    _ = cprocess_pidfd_signal(descriptor.number, number)
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
