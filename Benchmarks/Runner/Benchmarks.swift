import Arguments
import Foundation
import Messages

/// One thing that is measured, side by side with what it is compared with.
protocol Benchmark: SendableMetatype {
  static var name: String { get }
  static var summary: String { get }
  /// Measures; says on the way what it does.
  static func run() throws -> [Measurement]
}

/// One figure, and what it is held against.
struct Measurement: Encodable {
  var subject: String
  var value: Double
  var unit: String
  var target: Target?
  var comparisons: [Comparison] = []

  struct Comparison: Encodable {
    var with: String
    /// The figure divided by the other's.
    var ratio: Double
    var target: Target?
  }

  /// What a figure or ratio should be. It is reported beside it, never asserted.
  enum Target: Encodable, CustomStringConvertible {
    case atMost(Double)
    case atLeast(Double)

    var description: String {
      switch self {
      case .atMost(let limit): "≤ \(limit.short)"
      case .atLeast(let limit): "≥ \(limit.short)"
      }
    }

    func isMet(by value: Double) -> Bool {
      switch self {
      case .atMost(let limit): value <= limit
      case .atLeast(let limit): value >= limit
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(description)
    }
  }
}

/// `seedbed-benchmarks`: the figures that the project promises, measured against references in the
/// same run on the same machine.
@main struct Benchmarks {
  private static let benchmarks: [any Benchmark.Type] = [
    LaunchBenchmark.self, FootprintBenchmark.self, IngestBenchmark.self,
    SimulationBenchmark.self, ExchangeBenchmark.self, KademliaBenchmark.self,
    TorrentBenchmark.self, RPCBenchmark.self,
  ]

  private static let command = Command(
    "seedbed-benchmarks", "Measure Seedbed against plain references.",
    discussion: "Build it with '-c release'; figures of a debug build mean nothing.",
    positionals: [
      Positional(
        "BENCHMARK",
        "Which to run: \(benchmarks.map { $0.name }.joined(separator: ", ")); all of "
          + "them without a name.", .repeated)
    ],
    options: [Option("json", .text("FILE"), "Writes the figures to a file, too.")])

  static func main() {
    do {
      switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): print(text, terminator: "")
      case .run(let arguments): try run(arguments)
      }
    } catch let error as any ReportedError {
      complain(error.messages, error.exitCode)
    } catch {
      complain(["\(error)"], .error)
    }
  }

  private static func run(_ arguments: ParsedArguments) throws {
    let names = arguments.all("BENCHMARK")
    for name in names where !benchmarks.contains(where: { $0.name == name }) {
      throw arguments.refusal(
        of: "BENCHMARK", allowed: benchmarks.map { $0.name }.joined(separator: ", "))
    }
    var figures: [String: [Measurement]] = [:]
    for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) {
      say("\(benchmark.name): \(benchmark.summary)")
      figures[benchmark.name] = try benchmark.run()
    }
    announce("")
    print(table(figures))
    guard let file = arguments["json"] else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(figures).write(to: URL(filePath: file))
  }

  /// A line for each figure, and for each further comparison of it.
  private static func table(_ figures: [String: [Measurement]]) -> String {
    var rows = [["benchmark", "figure", "", "ratio", "to", "target"]]
    for benchmark in benchmarks {
      for figure in figures[benchmark.name] ?? [] {
        let start = [benchmark.name, figure.subject, "\(figure.value.short) \(figure.unit)"]
        if figure.comparisons.isEmpty {
          rows.append(start + ["", "", verdict(figure.target, figure.value)])
        }
        for (index, comparison) in figure.comparisons.enumerated() {
          rows.append(
            (index == 0 ? start : ["", "", ""]) + [
              comparison.ratio.formatted(.number.precision(.fractionLength(2))), comparison.with,
              verdict(comparison.target, comparison.ratio),
            ])
        }
      }
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
        .joined(separator: "  ").replacing(#/ +$/#, with: "")
    }.joined(separator: "\n")
  }

  private static func verdict(_ target: Measurement.Target?, _ value: Double) -> String {
    target.map { "\($0), \($0.isMet(by: value) ? "met" : "missed")" } ?? ""
  }

  private static func complain(_ messages: [String], _ code: ExitCode) -> Never {
    for message in messages {
      FileHandle.standardError.write(Data("seedbed-benchmarks: \(message)\n".utf8))
    }
    exit(code.rawValue)
  }
}

/// What a benchmark cannot go on without.
struct BenchmarkError: ReportedError {
  var description: String
  var exitCode: ExitCode { .error }

  /// - Parameter number: an `errno`.
  static func system(_ number: CInt, _ what: String) -> BenchmarkError {
    BenchmarkError(description: "\(what): \(String(describing: POSIXErrorCode(rawValue: number)))")
  }
}

extension Double {
  /// With four digits that count.
  fileprivate var short: String { formatted(.number.precision(.significantDigits(1...4))) }
}

private let hasTerminal = isatty(STDERR_FILENO) == 1

/// Tells whoever watches what is done now, until the next line.
func announce(_ text: String) {
  if hasTerminal { FileHandle.standardError.write(Data("\r\(text)\u{1b}[K".utf8)) }
}

/// Tells whoever watches what was found on the way.
func say(_ text: String) {
  announce("")
  FileHandle.standardError.write(Data("\(text)\n".utf8))
}

/// The value in the middle: one slow round says nothing.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

/// The processor time that `body` takes of this process, in seconds.
func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
  let start = now()
  try body()
  return now() - start
}

/// How long `body` takes, in seconds.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
