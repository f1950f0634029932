import Glibc
import Participants
import Patterns
import Topology

/// What a run needs where some of its nodes are programs.
struct Programs {
  /// The plan with a port for each program that is told one.
  let plan: Plan
  var printed: PrintedTimes
  /// By group: what says in a printed line that a program is ready.
  let readyPatterns: [String: Pattern]
  private let launcher: ProgramLauncher
  /// By node. Each is held until its program starts.
  private let ports: [Int: PortReservation]
  private let guardian: Guard
  private let folder: LiveRunFolder

  /// `nil` for a plan without programs.
  ///
  /// - Parameter environment: what programs get besides their own, `NAME=VALUE` each.
  init?(
    _ plan: Plan, in folder: LiveRunFolder, environment: [String], at now: Instant
  ) throws(SupervisorError) {
    guard !plan.programs.isEmpty else { return nil }
    guardian = try Guard(nodes: plan.nodes.count)
    self.folder = folder
    launcher = try ProgramLauncher(folder, seed: plan.seed, environment: environment)
    printed = try PrintedTimes(folder, at: now)
    let nodes = plan.nodes.indices.filter { index in
      plan.program(of: plan.nodes[index])?.takesPort ?? false
    }
    let reservations = try PortReservation.take(nodes.count)
    ports = Dictionary(uniqueKeysWithValues: zip(nodes, reservations))
    var withPorts = plan
    for (node, reservation) in ports {
      withPorts.nodes[node].listen =
        Address(host: plan.nodes[node].host, port: reservation.port).description
    }
    self.plan = withPorts
    var patterns: [String: Pattern] = [:]
    for (group, program) in plan.programs {
      guard case .log(let text) = program.ready else { continue }
      do throws(Pattern.SyntaxError) {
        patterns[group] = try Pattern(text)
      } catch { throw SupervisorError("the plan's group \(group): \(error)") }
    }
    readyPatterns = patterns
  }

  /// Everything that the node's process is started with; from here on its port is its own.
  mutating func launch(
    _ node: Int, _ program: Program, listen: String, addresses: [String: OptionValue],
    openFiles: UInt64
  ) throws(SupervisorError) -> Launch {
    let planned = plan.nodes[node]
    let address = Address(parsing: listen).map { plan.address(of: node, listening: $0).description }
    let launch = try launcher.launch(
      planned, program, listen: listen, address: address ?? listen, addresses: addresses,
      openFiles: openFiles)
    if !program.writesLog { try printed.begin(planned.name, folder.output(of: planned.name)) }
    ports[node]?.release()
    return launch
  }

  /// What is to end with the supervisor, however that ends.
  func tell(_ node: Int, group: pid_t?) { guardian.tell(node, group: group) }
}
