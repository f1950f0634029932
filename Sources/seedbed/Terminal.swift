import Glibc

/// Where the output goes, and what it can show.
struct Terminal {
  /// Whether a person is looking: the stream is a terminal, not a pipe or a file.
  let isTerminal: Bool
  /// Whether it is a terminal on which a line can be written over, which a dumb one cannot.
  let isLive: Bool
  /// Whether colours may be used: on a live terminal, unless `NO_COLOR` is set (no-color.org).
  let hasColour: Bool
  private let descriptor: CInt

  static let output = Terminal(descriptor: STDOUT_FILENO)
  static let errors = Terminal(descriptor: STDERR_FILENO)

  private init(descriptor: CInt) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    // Terminals say what they are; what says nothing may be anything.
    isLive = isTerminal && ![nil, "dumb"].contains(Self.environment("TERM"))
    hasColour = isLive && Self.environment("NO_COLOR") == nil
  }

  /// In columns, now: windows change.
  var width: Int {
    var size = winsize()
    let known =
      unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : 80
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  /// The text in a style, where colours may be used.
  func styled(_ text: some StringProtocol, _ style: Style) -> String {
    hasColour ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : String(text)
  }

  /// Writes to the output at once, whatever reads it; a reader that has gone is no reason to end.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }

  /// Prints `seedbed: MESSAGE` as an error.
  static func complain(_ message: String) {
    let line = Array("seedbed: \(Advice.complete(message))\n".utf8)
    _ = unsafe line.withUnsafeBytes { bytes in
      unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }
}

/// The last line of a terminal, which changes; what is said meanwhile scrolls by above it. Where lines
/// cannot be written over there is none, and only what is said is seen.
struct LiveLine {
  private let terminal = Terminal.output
  private var shown = ""

  var isPossible: Bool { terminal.isLive }

  /// - Parameter text: shorter than the terminal is wide.
  mutating func show(_ text: String) {
    guard isPossible, text != shown else { return }
    Terminal.say("\r\(text)\u{1b}[K")
    shown = text
  }

  /// Says whole lines, above it.
  func say(_ lines: String) {
    Terminal.say(shown.isEmpty ? lines : "\r\u{1b}[K\(lines)\(shown)")
  }

  mutating func clear() {
    if !shown.isEmpty { Terminal.say("\r\u{1b}[K") }
    shown = ""
  }
}
