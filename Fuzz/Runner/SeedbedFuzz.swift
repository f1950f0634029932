import Arguments
import FuzzTargets
import Glibc
import Messages
import Participants

/// `seedbed-fuzz`: random inputs for everything that takes bytes from outside.
@main struct SeedbedFuzz {
  private static let names = FuzzTargets.all.map(\.name).joined(separator: ", ")

  private static let command = Command(
    "seedbed-fuzz", "Try random inputs on everything that takes bytes from outside.",
    discussion: """
      Each input is a well-formed one that was changed at random, or noise. An input that crashes \
      its target, or keeps it for \(CrashReport.patience) seconds, is saved to a file, and the exit \
      code is 1. The same seed tries the same inputs.
      """,
    examples: [
      Example("seedbed-fuzz", "Every target, a minute in all."),
      Example("seedbed-fuzz pex --replay crash-pex", "A saved input once more."),
    ],
    positionals: [
      Positional("TARGET", "Which to try: \(names); all of them without a name.", .repeated)
    ],
    options: [
      Option(
        "seconds", .integer("N", 1...86_400), "How long, in all.", .defaulted("60")),
      Option("seed", .integer("N", 0...Int64.max), "Fixes the inputs; random if absent."),
      Option("replay", .text("FILE"), "Takes this file's bytes as the only input."),
      Option("save", .text("DIR"), "Where inputs that crash are saved.", .defaulted(".")),
    ])

  static func main() {
    do {
      switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): print(text, terminator: "")
      case .run(let arguments): try run(arguments)
      }
    } catch {
      complain("\(error)")
      exit(ExitCode.usage.rawValue)
    }
  }

  private static func run(_ arguments: ParsedArguments) throws(UsageError) {
    let wanted = arguments.all("TARGET")
    for name in wanted where !FuzzTargets.all.contains(where: { $0.name == name }) {
      throw arguments.refusal(of: "TARGET", allowed: names)
    }
    let targets = FuzzTargets.all.filter { wanted.isEmpty || wanted.contains($0.name) }
    if let file = arguments["replay"] {
      guard let input = contents(of: file) else { throw UsageError("cannot read \(file)") }
      for target in targets { target.take(input) }
      return
    }
    let seconds = Double(arguments.integer("seconds") ?? 60) / Double(targets.count)
    let seed = arguments.integer("seed").map(UInt64.init) ?? UInt64.random(in: 0..<1 << 32)
    print("seed \(seed)")
    for target in targets {
      CrashReport.watch(target.name, in: arguments["save"] ?? ".")
      let tried = fuzz(target, seed: seed, for: seconds)
      print("\(target.name): \(tried) inputs")
    }
  }

  /// Returns how many inputs were tried.
  private static func fuzz(_ target: FuzzTarget, seed: UInt64, for seconds: Double) -> Int {
    var random = SeededGenerator(seed: seed, stream: target.name)
    let start = ContinuousClock.now
    var tried = 0
    while ContinuousClock.now - start < .seconds(seconds) {
      for _ in 0..<64 {
        let input = target.input(using: &random)
        CrashReport.note(input)
        target.take(input)
      }
      tried += 64
    }
    return tried
  }

  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = unsafe max(0, read(descriptor, buffer.baseAddress, 1 << 20))
    }
  }

  private static func complain(_ text: String) {
    let line = Array("seedbed-fuzz: \(text)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
