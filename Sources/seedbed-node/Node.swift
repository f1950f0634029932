import Arguments
import CProcess
import Glibc
import LiveDriver
import Messages
import Networks
import Participants
import Relay
import Sockets

/// `seedbed-node ROLE …`: runs one participant until it is asked to end.
@main struct Node {
  static func main() {
    cprocess_normalise()
    // A closed pipe or socket is an error code here, never the end of the node.
    signal(SIGPIPE, SIG_IGN)
    exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  private static func run(_ arguments: [String]) -> ExitCode {
    do {
      // Of all other roles nothing is needed then, which keeps an idle node small.
      let chosen = arguments.first.flatMap { Networks.role(named: $0) }
      switch try NodeCommandLine.root(chosen.map { [$0] } ?? Networks.roles).parse(arguments) {
      case .print(let text):
        print(text, terminator: "")
        return .success
      case .run(let parsed) where parsed.command.name == NodeCommandLine.relay.name:
        return try relay(seed: parsed.integer("seed"))
      case .run(let parsed):
        guard let role = Networks.role(named: parsed.command.name) else {
          preconditionFailure("a role that is not in the catalogue was parsed")
        }
        return try run(role, NodeCommandLine(parsed, role: role))
      }
    } catch {
      return complain("\(error)", .usage)
    }
  }

  private static func run(_ role: Role, _ command: NodeCommandLine) throws -> ExitCode {
    raiseDescriptorLimit()
    // Once before anything else, so that what is wrong with them is said as other misuse.
    _ = try command.rules?.read()
    let seeds = role.seedList == .reads ? try SeedListFile.read(command.config) : SeedList([])
    let participant = role.make(
      ParticipantSettings(
        options: command.options, seeds: seeds.seeds, data: command.data, secret: try secret()))
    let driver = try LiveDriver(
      participant,
      identity: LiveDriver.Identity(
        role: role.fullName, version: Version.current, options: command.options),
      random: SeededGenerator(seed: command.seed, stream: command.name),
      log: EventLog(path: command.log), rules: command.rules)
    let address = try driver.listen(
      on: command.listen, and: command.also, transports: role.transports,
      advertising: command.advertisedHost)
    if role.seedList == .listed, let config = command.config {
      try SeedListFile.add(address, to: config)
    }
    do throws(NodeFailure) {
      try driver.run(at: address, and: command.also)
      return .success
    } catch {
      return complain("\(error)", error.isMisuse ? .usage : .error)
    }
  }

  private static func relay(seed: Int64?) throws -> ExitCode {
    raiseDescriptorLimit()
    do throws(NodeFailure) {
      try Relay(seed: NodeCommandLine.seed(seed)).run()
      return .success
    } catch {
      return complain("\(error)", .error)
    }
  }

  private static func secret() throws(NodeFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: ParticipantSettings.secretSize)
    guard unsafe getentropy(&bytes, bytes.count) == 0 else {
      throw NodeFailure("the system has no random bytes: \(NodeFailure.describe(errno))")
    }
    return bytes
  }

  private static func complain(_ message: String, _ code: ExitCode) -> ExitCode {
    let line = Array("seedbed-node: \(message)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    return code
  }

  /// A seed holds a connection for each of its peers: more than the usual soft limit of 1024.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
