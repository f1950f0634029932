import Arguments
import Checks
import Foundation
import History
import Messages
import NetworkFolders
import Session

/// `seedbed check`: judges a recorded run again.
enum CheckCommand: SeedbedCommand {
  static let command = Command(
    "check", "Judge a run by its network's checks, or by your own.",
    discussion: """
      Without --check, the checks that the run's topology asks for, or else every check of its \
      network. Their verdicts are stored in the history; those of other checks, and of --against, \
      are shown, and stored with --store only. docs/CHECKS.md tells how to write a check.

      Exit codes: 0 every check passed that was asked; 1 one failed; 2 none failed but one was \
      inconclusive, or none was asked; 3 a check itself did not work; 64 a check is missing or \
      malformed.
      """,
    examples: [
      Example("seedbed check", "The last run."),
      Example("seedbed check --list gossip", "What a network promises."),
      Example(
        "seedbed check --report junit=report.xml --format github",
        "For CI: a report for its test view, and annotations."),
      Example(
        "seedbed check 3 --check dead-nodes-are-reported --check ./my-own.sql",
        "Run 3, by two checks."),
      Example(
        "seedbed check --explain dead-nodes-are-reported",
        "What its verdict on the last run rests on."),
      Example(
        "seedbed check last --against 1 --view gossip_deliveries.delay --tolerance 30%",
        "Fails when the 95th percentile has grown by more than 30 %."),
    ],
    positionals: [
      Positional(
        "RUN", "A run: 'last', its number, or the beginning of its name; with --list, a network.",
        .optional)
    ],
    options: [
      .flag("list", "Print the checks that there are instead, of every network or of one."),
      Option(
        "check", .text("NAME|FILE"), "A check's name, or a file that ends in .sql.", .repeated),
      Option(
        "explain", .text("NAME|FILE"),
        "Say what one check judged and what it could not, its deadlines, and what of it takes how long."
      ),
      .flag("store", "Store the verdicts of checks too that the run did not ask for."),
      .networks, .logs, .history,
      Option(
        "against", .text("RUN"),
        "Judge whether things take longer than in this run, and whether its checks have less to judge, "
          + "instead of by checks."),
      Option(
        "view", .text("VIEW.COLUMN"),
        "With --against: what to compare; without it, what 'compare' measures.", .repeated
      ).with("against"),
      Option(
        "tolerance",
        ValueKind("PERCENT", allowed: "a percentage from 0% to 10000%") { percent($0) != nil },
        "With --against: how much more the 95th percentile (p95) may be, and how many fewer witnesses.",
        .defaulted("20%")
      ).with("against"),
      Option(
        "format",
        .choice("FORMAT", ["table", "json"] + Report.Format.allCases.map(\.rawValue)),
        "How the verdicts are printed.", .defaulted("table")),
      .report,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    if arguments.has("list") { return try list(arguments) }
    for file in arguments.reports { try file.check() }
    let number = try ReadOnlyHistory(arguments.history).run(named: arguments["RUN"] ?? "last")
    let judge = try Self.judge(of: number, arguments)
    if let name = arguments["explain"] { return try explain(name, judge, arguments) }
    let (judgements, kept) =
      try arguments["against"].map { (try regressions(judge, against: $0, arguments), []) }
      ?? promises(judge, arguments)
    // Before the output, whose reader may go away; but whoever may only read gets the verdicts too.
    let stored = Result {
      try (arguments.has("store") ? judgements : kept)
        .store(run: number, history: arguments.history)
    }
    for file in arguments.reports { try file.write(judge.report(judgements)) }
    var output = StandardOutput()
    let hints = try arguments.hints().lines(judgements, by: judge, run: number)
    output.write(try text(of: judgements, by: judge, as: arguments["format"], hints: hints))
    try output.finish()
    do {
      try stored.get()
    } catch {
      // What was found stands.
      Terminal.complain("the verdicts are not stored: \(error)")
    }
    return judgements.exitCode(
      areNamed: arguments.has("check") || judge.plannedChecks != nil)
  }

  /// Says what a check's verdict rests on. Nothing is stored.
  private static func explain(
    _ name: String, _ judge: borrowing Judge, _ arguments: ParsedArguments
  ) throws -> ExitCode {
    let checks = try CheckLibrary(try arguments.networks)
      .checks([name], network: judge.network, folder: judge.networkFolder)
    var output = StandardOutput()
    let judgements = judge.judge(checks)
    for judgement in judgements {
      output.write(try judge.explanation(of: judgement))
    }
    try output.finish()
    return judgements.exitCode(areNamed: true)
  }

  /// Prints the checks that there are, of one network or of all.
  private static func list(_ arguments: ParsedArguments) throws -> ExitCode {
    guard let format = ResultFormat(rawValue: arguments["format"] ?? "table"),
      [.table, .json].contains(format)
    else { throw arguments.refusal(of: "format", allowed: "table or json, with --list") }
    let networks = try arguments.networks
    let folders: [NetworkFolder]
    if let name = arguments["RUN"] {
      let named = name.contains("/") ? NetworkFolder(name) : networks.folder(named: name)
      guard let named, named.exists else {
        let known = networks.all.map(\.name)
        throw UsageError(
          "there is no network '\(name)'\(suggestion(for: name, among: known)); there are: "
            + known.joined(separator: ", "), command: arguments.path)
      }
      folders = [named]
    } else {
      folders = networks.all
    }
    var writer = ResultWriter(
      format, columns: ["network", "check", "promise"], to: StandardOutput(), look: .output)
    for folder in folders where !folder.names(of: .checks).isEmpty {
      for check in try CheckLibrary(networks).checks(network: folder.name, folder: folder) {
        writer.add([.text(folder.name), .text(check.name), .text(check.promise)])
      }
    }
    try writer.finish().finish()
    return .success
  }

  /// A judge of a run, with the views of the network where the command line says.
  private static func judge(of run: Int64, _ arguments: ParsedArguments) throws -> Judge {
    let judge = try Judge(arguments.history, run: run)
    let given = try arguments.networks.folder(named: judge.network)
    guard arguments.has("networks"), let given, !given.isShipped else { return judge }
    return try Judge(arguments.history, run: run, network: given)
  }

  /// What the network's checks say, and what of it belongs to the run: what its topology asks for.
  private static func promises(
    _ judge: borrowing Judge, _ arguments: ParsedArguments
  ) throws -> (all: [Judgement], kept: [Judgement]) {
    let library = CheckLibrary(try arguments.networks)
    let given = arguments.all("check")
    let wanted = judge.plannedChecks
    let judgements = judge.judge(
      try library.checks(
        given.isEmpty ? wanted : given, network: judge.network, folder: judge.networkFolder))
    guard !given.isEmpty else { return (judgements, judgements) }
    let asked =
      wanted ?? judge.networkFolder?.names(of: .checks) ?? library.names(of: judge.network)
    let kept = zip(given, judgements).filter { asked.contains(planned($0.0)) }.map(\.1)
    return (judgements, kept)
  }

  /// A check's name or file as a plan has it.
  private static func planned(_ reference: String) -> String {
    reference.hasSuffix(".sql")
      ? URL(filePath: reference).standardizedFileURL.path(percentEncoded: false) : reference
  }

  /// Whether something takes longer than in another run.
  private static func regressions(
    _ judge: borrowing Judge, against reference: String, _ arguments: ParsedArguments
  ) throws -> [Judgement] {
    let base = try ReadOnlyHistory(arguments.history, runNamed: reference)
    let columns = try arguments.all("view").map { try Measure(column: $0, of: base.views) }
    let measures =
      columns.isEmpty
      ? try Measure.all(of: judge.networkFolder ?? arguments.networks.folder(named: judge.network))
      : columns
    let name = try base.database.text("SELECT name FROM runs") ?? reference
    let tolerance = Self.percent(arguments["tolerance"] ?? "") ?? 0
    let slower = try judge.judge(measures, against: base, named: name, tolerance: tolerance)
    guard columns.isEmpty, judge.plannedChecks != [] else { return slower }
    let checks = try CheckLibrary(try arguments.networks)
      .checks(judge.plannedChecks, network: judge.network, folder: judge.networkFolder)
    let before = try Judge(
      arguments.history, run: ReadOnlyHistory(arguments.history).run(named: reference))
    return try slower
      + judge.judge(
        witnessesOf: judge.judge(checks), against: before.judge(checks), named: name,
        tolerance: tolerance)
  }

  /// `20%` or `20`.
  private static func percent(_ text: String) -> Double? {
    Double(text.hasSuffix("%") ? text.dropLast() : text[...]).flatMap {
      (0...10_000) ~= $0 ? $0 : nil
    }
  }

  private static func text(
    of judgements: [Judgement], by judge: borrowing Judge, as format: String?, hints: [String]
  ) throws -> String {
    if let format = format.flatMap({ Report.Format(rawValue: $0) }) {
      return try judge.report(judgements).text(format)
    }
    return format == "json"
      ? judgements.json + "\n"
      : try judge.report(judgements, hints: hints, paint: Terminal.output.painted)
  }
}
