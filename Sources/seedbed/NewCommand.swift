import Arguments
import Messages
import NetworkFolders
import Session

/// `seedbed new`: the beginnings of a network of one's own.
enum NewCommand: SeedbedCommand {
  static let command = Command(
    "new", "Write the folder of a network of your own, to begin with.",
    discussion: """
      The folder has a small program in Python, a topology that runs it, a view, a check and a \
      README.md. All of it works as it is; change it piece by piece. docs/NETWORKS.md tells what a \
      network's folder may have.
      """,
    examples: [
      Example("seedbed new chatter && seedbed run chatter/spawn.yaml", "Write it and run it.")
    ],
    positionals: [
      Positional("NAME", "The network's name, and the folder's: letters, digits and hyphens.")
    ],
    options: [])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let name = try arguments.require("NAME")
    guard name.wholeMatch(of: /[a-z][a-z0-9-]{0,39}/) != nil, name != NetworkFolders.sharedName
    else {
      throw UsageError(
        "'\(name)' is no name for a network: a letter and then letters, digits and hyphens, in lower "
          + "case, 40 at most, and not '\(NetworkFolders.sharedName)'", command: arguments.path)
    }
    try Files.makeFolder(name)
    for part in [NetworkFolder.Part.views, .checks] {
      try Files.makeFolder("\(name)/\(part.rawValue)")
    }
    for (file, text) in Skeleton(network: name).files {
      try Files.write(text, to: "\(name)/\(file)")
    }
    Terminal.say("\(name)/README.md says what is there; 'seedbed run \(name)/spawn.yaml' runs it\n")
    return .success
  }
}
