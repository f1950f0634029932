package import Checks
import Glibc
package import Synchronization

/// Where the output goes, and what it can show.
package struct Terminal: Sendable {
  /// Whether a person is looking: the stream is a terminal, not a pipe or a file.
  package let isTerminal: Bool
  /// Whether it is a terminal on which a line can be written over, which a dumb one cannot.
  package let isLive: Bool
  /// Whether colours may be used: on a live terminal, unless `NO_COLOR` is set (no-color.org).
  package let hasColour: Bool
  private let descriptor: CInt

  package static let output = Terminal(descriptor: STDOUT_FILENO)

  private init(descriptor: CInt) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    // Terminals say what they are; what says nothing may be anything.
    isLive = isTerminal && ![nil, "dumb"].contains(Self.environment("TERM"))
    hasColour = isLive && Self.environment("NO_COLOR") == nil
  }

  /// In columns, now: windows change.
  package var width: Int {
    var size = winsize()
    let known =
      unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : 80
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }

  /// How a text looks.
  package enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  /// The text in a style, where colours may be used.
  package func styled(_ text: some StringProtocol, _ style: Style) -> String {
    hasColour ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : String(text)
  }

  /// Colours a part of a verdict report, where colours may be used.
  package func painted(_ text: String, _ tone: Tone) -> String {
    switch tone {
    case .good: styled(text, .green)
    case .bad: styled(text, .red)
    case .unsure: styled(text, .yellow)
    case .heading: styled(text, .bold)
    case .faint: styled(text, .dim)
    }
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
  package static func say(_ text: String) {
    waiting.withLock { waiting in
      if waiting.count < mostWaiting { waiting += Array(text.utf8) }
      write(&waiting, isPatient: false)
    }
  }

  /// Whether all that was said is written.
  static var isSettled: Bool { waiting.withLock(\.isEmpty) }

  /// Writes what waits, however long its reader takes.
  package static func settle() { waiting.withLock { write(&$0, isPatient: true) } }

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

  /// Completes the commands that a message advises, by where this one was told to look.
  package static let completion = Mutex<@Sendable (String) -> String>({ $0 })

  /// Prints `seedbed: MESSAGE` as an error.
  package static func complain(_ message: String) {
    let line = Array("seedbed: \(completion.withLock(\.self)(message))\n".utf8)
    _ = unsafe line.withUnsafeBytes { bytes in
      unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }
}

/// The last line of a terminal, which changes; what is said meanwhile scrolls by above it. Where lines
/// cannot be written over there is none, and only what is said is seen.
package struct LiveLine {
  private let terminal = Terminal.output
  private var shown = ""

  package init() {}

  var isPossible: Bool { terminal.isLive }

  /// - Parameter text: shorter than the terminal is wide.
  package mutating func show(_ text: String) {
    guard isPossible, text != shown, Terminal.isSettled else { return }
    Terminal.say("\r\(text)\u{1b}[K")
    shown = text
  }

  /// Says whole lines, above it.
  package func say(_ lines: String) {
    Terminal.say(shown.isEmpty ? lines : "\r\u{1b}[K\(lines)\(shown)")
  }

  /// Takes it away.
  package mutating func clear() {
    if !shown.isEmpty { Terminal.say("\r\u{1b}[K") }
    shown = ""
  }
}
