import Arguments
import Foundation

/// One thing that is measured, side by side with what it is compared with.
protocol Benchmark: SendableMetatype {
  static var name: String { get }
  static var summary: String { get }
  /// Measures; says on the way what it does.
  static func run() throws -> [Measurement]
}

/// One figure. A ratio is how many times better it is than what it is compared with.
struct Measurement: Encodable {
  var subject: String
  var value: Double
  var unit: String
  var comparison: Comparison?

  struct Comparison: Encodable {
    var with: String
    var ratio: Double
  }
}

/// `seedbed-benchmarks`: the figures that the project promises, measured against references in the
/// same run on the same machine.
@main struct Benchmarks {
  private static let benchmarks: [any Benchmark.Type] = [IngestBenchmark.self]

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
      print("\(benchmark.name): \(benchmark.summary)")
      let measurements = try benchmark.run()
      for measurement in measurements { print("  " + line(measurement)) }
      figures[benchmark.name] = measurements
    }
    guard let file = arguments["json"] else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(figures).write(to: URL(filePath: file))
  }

  private static func line(_ measurement: Measurement) -> String {
    let value = measurement.value.formatted(.number.precision(.significantDigits(1...4)))
    let ratio = measurement.comparison.map {
      " (\($0.ratio.formatted(.number.precision(.fractionLength(2)))) times \($0.with))"
    }
    return "\(measurement.subject): \(value) \(measurement.unit)\(ratio ?? "")"
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
}

/// The value in the middle: one slow round says nothing.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

/// How long `body` takes, in seconds.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
