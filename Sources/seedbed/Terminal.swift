import Glibc
import Synchronization

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

  /// What was said and is not written yet.
  private static let waiting = Mutex<[UInt8]>([])
  /// How much may wait, in bytes; what is said beyond it is left out.
  private static let mostWaiting = 1 << 20
  /// What a terminal or pipe that is ready takes without a wait, in bytes.
  private static let readySize = 256

  /// Writes to the output at once, or, where nobody takes it at the moment (Ctrl-S, a pager), when
  /// something more is said or ``settle()`` waits for it: a run does not wait for whoever looks at it. A
  /// reader that has gone is no reason to end.
  static func say(_ text: String) {
    waiting.withLock { waiting in
      if waiting.count < mostWaiting { waiting += Array(text.utf8) }
      write(&waiting, isPatient: false)
    }
  }

  /// Whether all that was said is written.
  static var isSettled: Bool { waiting.withLock(\.isEmpty) }

  /// Writes what waits, however long its reader takes.
  static func settle() { waiting.withLock { write(&$0, isPatient: true) } }

  private static func write(_ waiting: inout [UInt8], isPatient: Bool) {
    while !waiting.isEmpty {
      var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
      let ready = unsafe poll(&output, 1, isPatient ? -1 : 0)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return }
      let size = min(waiting.count, readySize)
      let count = unsafe waiting.withUnsafeBytes { bytes in
        unsafe Glibc.write(STDOUT_FILENO, bytes.baseAddress, size)
      }
      if count >= 0 {
        waiting.removeFirst(count)
      } else if errno != EINTR, errno != EAGAIN {
        waiting = []
      }
    }
  }

  /// Prints `seedbed: MESSAGE` as an error.
  static func complain(_ message: String) {
    let line = Array("seedbed: \(Advice.complete(message))\n".utf8)
    _ = unsafe line.withUnsafeBytes { bytes in
      unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
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
    guard isPossible, text != shown, Terminal.isSettled else { return }
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
