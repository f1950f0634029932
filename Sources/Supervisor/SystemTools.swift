import CProcess
import Glibc
import Messages

/// The system's programs that set networks up: `ip`, `nft` and `tc`.
///
/// Each is given its commands in a file of the run's folder, which shows later what was done last.
struct SystemTools {
  /// What each is run with, in front of the file, and the Debian package that has it.
  private static let tools = [
    "ip": (arguments: ["-batch"], package: "iproute2"),
    "nft": (arguments: ["-f"], package: "nftables"),
    "tc": (arguments: ["-batch"], package: "iproute2"),
  ]
  private static let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]

  private let folder: LiveRunFolder
  private let paths: [String: String]

  /// Finds them.
  init(_ folder: LiveRunFolder) throws(SupervisorError) {
    self.folder = folder
    var paths: [String: String] = [:]
    for (tool, (_, package)) in Self.tools.sorted(by: { $0.key < $1.key }) {
      let candidates: [String] = Self.folders.map { "\($0)/\(tool)" }
      guard let path = candidates.first(where: { unsafe access($0, X_OK) == 0 }) else {
        let folders = Self.folders.joined(separator: ", ")
        throw SupervisorError(
          "'isolation: namespace' needs \(tool), which is not in \(folders): install the package "
            + "\(package)")
      }
      paths[tool] = path
    }
    self.paths = paths
  }

  /// Runs commands, in a network namespace where one is given, and waits until they are done.
  func run(
    _ tool: String, _ commands: [String], in namespace: Descriptor? = nil
  ) throws(SupervisorError) {
    guard let path = paths[tool], let (arguments, _) = Self.tools[tool] else {
      preconditionFailure(tool)
    }
    let (file, output) = ("\(folder.path)/network.\(tool)", "\(folder.path)/network.\(tool).out")
    try folder.write(commands.joined(separator: "\n") + "\n", to: file)
    unsafe unlink(output)
    let status = try ChildProcess.run(
      path, [path] + arguments + [file], output: output, network: namespace?.number ?? -1)
    let said = TextFile.read(output) ?? ""
    guard status != .code(0) else {
      if said.isEmpty { unsafe unlink(output) }
      return
    }
    let lines = said.split(separator: "\n").prefix(3).joined(separator: "; ")
    throw SupervisorError("\(tool) (\(status)) said of \(file): \(lines)", exitCode: .error)
  }
}
