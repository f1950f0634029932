package import Messages

/// What a command line asks for.
package enum Parsed: Sendable {
  /// Run the command that ``ParsedArguments/command`` names.
  case run(ParsedArguments)
  /// Print this (help or the version) and end well.
  case print(String)
}

extension Command {
  /// Reads the arguments that follow the executable's name.
  ///
  /// `--` ends the options. An argument that begins with a hyphen is taken as an option's value
  /// only if it is a number (or with `=`).
  ///
  /// - Throws: `UsageError` with what was found, what is allowed and the nearest word.
  package func parse(_ arguments: [String]) throws(UsageError) -> Parsed {
    try parse(arguments[...], path: name)
  }

  private func parse(
    _ arguments: ArraySlice<String>, path: String
  ) throws(UsageError) -> Parsed {
    guard subcommands.isEmpty else { return try parseSubcommand(arguments, path: path) }
    var parser = Parser(command: self, path: path, rest: arguments)
    return try parser.parse()
  }

  private func parseSubcommand(
    _ arguments: ArraySlice<String>, path: String
  ) throws(UsageError) -> Parsed {
    guard let first = arguments.first else { return .print(help(path: path)) }
    if let answer = answer(to: first, path: path) { return answer }
    if first == "help" {
      return try parse(arguments.dropFirst() + ["--help"], path: path)
    }
    guard let subcommand = subcommands.first(where: { $0.name == first }) else {
      if first.hasPrefix("-") {
        throw UsageError(
          "unknown option '\(first)': options follow the command's name, as in "
            + "'\(path) COMMAND \(first)'",
          command: path)
      }
      let names = subcommands.map(\.name)
      throw UsageError(
        "unknown command '\(first)'\(suggestion(for: first, among: names)); "
          + "there are: \(names.joined(separator: ", "))",
        command: path)
    }
    return try subcommand.parse(arguments.dropFirst(), path: "\(path) \(first)")
  }

  fileprivate func answer(to argument: String, path: String) -> Parsed? {
    switch argument {
    case "-h", "--help": .print(help(path: path))
    case "--version": version.map { .print("\(name) \($0)\n") }
    default: nil
    }
  }
}

private struct Parser {
  let command: Command
  let path: String
  var rest: ArraySlice<String>
  var positionals: [String] = []
  var given: [String: [String]] = [:]

  mutating func parse() throws(UsageError) -> Parsed {
    while let argument = rest.popFirst() {
      if argument == "--" {
        positionals += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        positionals.append(argument)
        continue
      }
      if let answer = command.answer(to: argument, path: path) { return answer }
      try take(option: argument)
    }
    try assignPositionals()
    for option in command.options where given[option.name] != nil {
      guard let companion = option.companion, given[companion] == nil else { continue }
      throw usage("--\(option.name) belongs to --\(companion), which is not given")
    }
    for option in command.options where option.presence == .required {
      if given[option.name] == nil { throw usage("missing option \(option.label)") }
    }
    return .run(ParsedArguments(command: command, path: path, given: given))
  }

  private mutating func take(option argument: String) throws(UsageError) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelled = String(parts[0])
    guard let option = command.options.first(where: { $0.spellings.contains(spelled) }) else {
      let names = command.options.map { "--\($0.name)" } + ["--help"]
      throw usage("unknown option '\(spelled)'\(suggestion(for: spelled, among: names))")
    }
    if option.presence != .repeated, given[option.name] != nil {
      throw usage("option \(spelled) is given twice")
    }
    guard let kind = option.value else {
      guard parts.count == 1 else { throw usage("option \(spelled) takes no value") }
      given[option.name] = []
      return
    }
    let value: String
    if parts.count == 2 {
      value = String(parts[1])
    } else if let next = rest.first, !next.hasPrefix("-") || next == "-" || Int64(next) != nil {
      value = next
      rest.removeFirst()
    } else {
      throw usage("option \(spelled) needs a value: \(option.label)")
    }
    guard kind.accepts(value) else {
      throw usage(
        "'\(value)' is no value for \(spelled)\(kind.guess(value).map { " (did you mean '\($0)'?)" } ?? ""); "
          + "allowed: \(kind.allowed ?? kind.placeholder)")
    }
    given[option.name, default: []].append(value)
  }

  private mutating func assignPositionals() throws(UsageError) {
    var left = positionals[...]
    for positional in command.positionals {
      switch positional.presence {
      case .repeated:
        given[positional.name] = Array(left)
        left = []
      case .required, .optional:
        if let value = left.popFirst() {
          given[positional.name] = [value]
        } else if positional.presence == .required {
          throw usage("missing \(positional.name): \(positional.summary)")
        }
      }
    }
    if let extra = left.first { throw usage("unexpected argument '\(extra)'") }
  }

  private func usage(_ message: String) -> UsageError { UsageError(message, command: path) }
}

/// A command line that was read: each value as it was given, or its default.
///
/// Options are asked for by name without hyphens, positionals by their name in capitals.
package struct ParsedArguments: Sendable {
  /// The command to run.
  package let command: Command
  /// The command and what led to it, e.g. `seedbed run`.
  package let path: String
  fileprivate let given: [String: [String]]

  /// The value given, or the option's default.
  package subscript(name: String) -> String? {
    if let value = given[name]?.last { return value }
    guard case .defaulted(let value) = option(name)?.presence else { return nil }
    return value
  }

  /// The value of an argument that is required or has a default.
  ///
  /// - Throws: `UsageError` where it is absent.
  package func require(_ name: String) throws(UsageError) -> String {
    guard let value = self[name] else {
      throw UsageError("missing \(option(name)?.label ?? name)", command: path)
    }
    return value
  }

  /// Every value of a repeated argument, in order.
  package func all(_ name: String) -> [String] { given[name] ?? [] }

  /// Whether a flag is there, or an option was given rather than defaulted.
  package func has(_ name: String) -> Bool { given[name] != nil }

  /// The value of a `ValueKind.integer` option.
  package func integer(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }

  /// The value as something else, e.g. a duration.
  /// - Throws: a `UsageError` that says what was found and what is allowed, where `read` gives nil.
  package func value<Value>(
    _ name: String, allowed: String, _ read: (String) -> Value?
  ) throws(UsageError) -> Value? {
    guard let text = self[name] else { return nil }
    guard let value = read(text) else { throw refusal(of: name, allowed: allowed) }
    return value
  }

  /// The error for a value that turned out not to be usable.
  package func refusal(of name: String, allowed: String) -> UsageError {
    let label = option(name).map { "--\($0.name)" } ?? name
    return UsageError(
      "'\(self[name] ?? "")' is no value for \(label); allowed: \(allowed)", command: path)
  }

  private func option(_ name: String) -> Option? { command.options.first { $0.name == name } }
}
