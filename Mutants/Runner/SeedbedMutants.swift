import Arguments
import Foundation
import Messages
import MutationPoints

/// `seedbed-mutants`: how many of the bugs that implementers make the checks find.
@main struct SeedbedMutants {
  private static let command = Command(
    "seedbed-mutants", "Plant bugs in the participants, and see which of them the checks find.",
    discussion: """
      Each network gets bugs made by rule (a comparison, a sum, a number, a condition, a statement, \
      two arguments), sampled by a seed, and those planted by hand in Mutants/planted/NETWORK.txt. \
      One mutated build in .build/mutants has all of them, asleep. Each is then awake in simulations \
      of its network's topologies, until a check is red.

      The rate is that of the mutants with an effect on some event; those that Mutants/reviewed.txt \
      gives a reason for are not counted. The exit code is 1 when it is less than --least.
      """,
    examples: [
      Example("make mutants", "Every network."),
      Example("seedbed-mutants kptp --count 60 --sample 7", "More of one, and others."),
    ],
    positionals: [Positional("NETWORK", "Which; all of them without a name.", .repeated)],
    options: [
      Option(
        "count", .integer("N", 0...100_000), "Mutants by rule, of each network.", .defaulted("25")),
      Option(
        "sample", .integer("N", 0...Int64.max), "What the sample derives from.", .defaulted("1")),
      Option(
        "seeds", .integer("N", 1...1_000), "Seeds of each topology, from 1.", .defaulted("10")),
      Option("jobs", .integer("N", 1...256), "How many at a time.", .defaulted("2")),
      Option(
        "least", .integer("PERCENT", 0...100), "The least rate that is good.", .defaulted("0")),
      Option("table", .text("FILE"), "Writes the mutants, a line each, to a file, too."),
    ])

  static func main() {
    do {
      switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): print(text, terminator: "")
      case .run(let arguments): exit(try run(arguments) ? 0 : 1)
      }
    } catch {
      FileHandle.standardError.write(Data("seedbed-mutants: \(error)\n".utf8))
      exit(error is UsageError ? ExitCode.usage.rawValue : ExitCode.error.rawValue)
    }
  }

  private static func say(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
  }

  private static func run(_ arguments: ParsedArguments) throws -> Bool {
    let root = URL(filePath: FileManager.default.currentDirectoryPath)
    let nursery = try Nursery(root: root)
    let wanted = arguments.all("NETWORK")
    for name in wanted where nursery.planted[name] == nil {
      throw arguments.refusal(
        of: "NETWORK", allowed: nursery.planted.keys.sorted().joined(separator: ", "))
    }
    let networks = wanted.isEmpty ? nursery.planted.keys.sorted() : wanted
    let number = { Int(arguments.integer($0) ?? 0) }
    var chosen: [(network: String, mutant: Mutant)] = []
    for network in networks {
      // About every other one does not compile.
      chosen += try nursery.mutants(
        of: network, count: 3 * number("count"), sample: UInt64(number("sample")),
        besides: chosen.map(\.mutant)
      ).map { (network, $0) }
    }
    var orchard = Orchard(root: root)
    try orchard.plant(chosen.map(\.mutant), say: say)
    var table = Table(reviewed: nursery.reviewed, refused: orchard.refused.count)
    for network in networks {
      let campaign = try Campaign(
        orchard.executable, root: root, topologies: nursery.topologies(of: network),
        seeds: number("seeds"), jobs: number("jobs"))
      let planted = zip(1..., chosen).filter {
        $0.1.network == network && orchard.mutants[$0.0] != nil
      }
      let numbers =
        planted.filter { $0.1.mutant.rule == "planted" }.map(\.0)
        + planted.filter { $0.1.mutant.rule != "planted" }.prefix(number("count")).map(\.0)
      say("\(network): \(numbers.count) mutants on \(campaign.topologies.count) topologies")
      let fates = try inParallel(numbers, jobs: number("jobs")) { try campaign.fate(of: $0) }
      for (number, fate) in zip(numbers, fates) {
        table.add(network, chosen[number - 1].mutant, fate)
      }
    }
    print(table.text)
    if let file = arguments["table"] {
      try Data(table.lines.utf8).write(to: URL(filePath: file))
    }
    return table.rate * 100 >= Double(number("least"))
  }
}
