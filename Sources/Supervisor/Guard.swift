import CProcess
import Glibc
import Messages

/// A process of its own that outlives the supervisor for as long as it takes to kill what programs
/// have started: the kernel ends a node with its supervisor, and not the node's children.
final class Guard {
  private let pid: pid_t
  private let descriptor: Descriptor

  /// Call it from the main thread.
  init(nodes: Int) throws(SupervisorError) {
    var number: CInt = -1
    let result = unsafe cprocess_guard_start(UInt32(nodes), &number)
    guard result > 0, let descriptor = Descriptor(number) else {
      throw SupervisorError(
        "cannot start the guard of programs: \(SupervisorError.text(of: -result))",
        exitCode: .error)
    }
    pid = result
    self.descriptor = descriptor
  }

  /// From now on the process group of the node's process is its charge; `nil`: there is none.
  func tell(_ node: Int, group: pid_t?) {
    // A guard that somebody has killed is missed only if the supervisor is killed too.
    _ = cprocess_guard_tell(descriptor.number, UInt32(node), group ?? 0)
  }

  deinit {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }
}
