import Arguments
import CProcess
import Glibc
import Messages
import Session

/// One command of `seedbed`: what it is called and takes, and what it does.
protocol SeedbedCommand: SendableMetatype {
  static var command: Command { get }
  static func run(_ arguments: ParsedArguments) throws -> ExitCode
}

@main struct Seedbed {
  /// In the order of the help.
  private static let commands: [any SeedbedCommand.Type] = [
    RunCommand.self, SimulateCommand.self, ExploreCommand.self, SpawnCommand.self,
    RerunCommand.self, PsCommand.self, WaitCommand.self, FaultCommand.self, StopCommand.self,
    CheckCommand.self, CompareCommand.self, QueryCommand.self, RunsCommand.self, ShowCommand.self,
    LogsCommand.self, CollectCommand.self, ExportCommand.self, ImportCommand.self, PlanCommand.self,
    TorrentifyCommand.self,
  ]

  private static let root = Command(
    "seedbed", "Grow a peer-to-peer network on your machine, break it, and ask SQL what happened.",
    subcommands: commands.map { $0.command }, version: Version.current)

  static func main() {
    cprocess_normalise()
    let code = run(Array(CommandLine.arguments.dropFirst()))
    Terminal.settle()
    exit(code.rawValue)
  }

  private static func run(_ arguments: [String]) -> ExitCode {
    do {
      switch try root.parse(arguments) {
      case .print(let text):
        print(text, terminator: "")
        return .success
      case .run(let parsed):
        Advice.remember(parsed, among: root.subcommands)
        guard let chosen = commands.first(where: { $0.command.name == parsed.command.name }) else {
          preconditionFailure("a command that is not in the list was parsed")
        }
        return try chosen.run(parsed)
      }
    } catch let error as any ReportedError {
      for message in Advice.messages(of: error) { Terminal.complain(message) }
      return error.exitCode
    } catch {
      Terminal.complain(words(of: error))
      return .error
    }
  }
}
