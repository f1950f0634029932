/// A bug that is in a mutated build and sleeps there until ``SwitchFile/variable`` names its number.
package struct Mutant: Sendable {
  /// What made it: a rule's name, or `planted`.
  package var rule: String
  /// The file's path from the repository's root.
  package var file: String
  /// The line, from 1.
  package var line: Int
  /// In words, e.g. `< became <=`.
  package var change: String
  /// The line as it was, without its indentation.
  package var before: String
  /// The line as it is in the mutated build, for a mutant's number.
  package var rewritten: @Sendable (_ number: Int) -> String
  /// What the switch's file declares for it; `nil` for nothing.
  package var declaration: (@Sendable (_ number: Int) -> String)?

  package init(
    rule: String, file: String, line: Int, change: String, before: String,
    rewritten: @escaping @Sendable (_ number: Int) -> String,
    declaration: (@Sendable (_ number: Int) -> String)? = nil
  ) {
    self.rule = rule
    self.file = file
    self.line = line
    self.change = change
    self.before = before
    self.rewritten = rewritten
    self.declaration = declaration
  }

  /// What tells it from all others for as long as its line is as it is, wherever the line moves.
  package var identity: String { "\(file) | \(before) | \(change)" }
}

/// The source file that a mutated build has in addition: it reads which mutant is awake.
package enum SwitchFile {
  /// The environment's variable with the number of the mutant that is awake; 0 or absent: none.
  package static let variable = "SEEDBED_MUTANT"

  package static func text(declarations: [String]) -> String {
    """
    import Glibc

    package enum Mutant {
      @usableFromInline package static let awake: Int =
        unsafe getenv("\(variable)").flatMap { unsafe Int(String(cString: $0)) } ?? 0

      @inlinable package static func isAwake(_ number: Int) -> Bool { awake == number }

      @inlinable package static func flips(_ number: Int, _ value: Bool) -> Bool {
        isAwake(number) ? !value : value
      }

      @inlinable package static func number<N: FixedWidthInteger>(
        _ number: Int, _ value: N, instead other: N
      ) -> N { isAwake(number) ? other : value }

      @inlinable package static func lesser<T: Comparable>(_ number: Int, _ a: T, _ b: T) -> T {
        isAwake(number) ? max(a, b) : min(a, b)
      }

      @inlinable package static func greater<T: Comparable>(_ number: Int, _ a: T, _ b: T) -> T {
        isAwake(number) ? min(a, b) : max(a, b)
      }
    }

    \(declarations.joined(separator: "\n"))

    """
  }
}
