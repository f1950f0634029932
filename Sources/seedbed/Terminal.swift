import Glibc

/// Where the output goes, and what it can show.
struct Terminal {
  /// Whether a person is looking: the stream is a terminal, not a pipe or a file.
  let isTerminal: Bool
  /// Whether colours may be used: on a terminal, unless `NO_COLOR` is set (no-color.org) or the
  /// terminal is a dumb one.
  let hasColour: Bool
  /// In columns.
  let width: Int

  static let output = Terminal(descriptor: STDOUT_FILENO)
  static let errors = Terminal(descriptor: STDERR_FILENO)

  private init(descriptor: CInt) {
    isTerminal = isatty(descriptor) == 1
    hasColour =
      isTerminal && Self.environment("NO_COLOR") == nil && Self.environment("TERM") != "dumb"
    var size = winsize()
    let known =
      unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    width = known ? Int(size.ws_col) : 80
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
