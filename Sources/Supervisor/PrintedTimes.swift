import CProcess
import Glibc
import Messages
import Participants

/// Notes when what programs print was seen, in the run's folder: printed lines have no time of their
/// own, and a history that is made from the folder again has to give them the same.
///
/// `printed.times` has lines `NODE SIZE MICROSECONDS`: at that time the node's output had grown to so
/// many bytes. So a line's time is that of the first note that covers it: never before it was
/// printed, and mostly a few milliseconds after. How much it can be is measured (``takeLateness()``).
struct PrintedTimes {
  /// How long what was printed may wait for its note: a program that prints without a pause costs the
  /// supervisor no more than this many looks.
  static let interval = Microseconds.milliseconds(2)

  /// The longest that the supervisor sleeps beside programs that print. Nobody can say when in that sleep
  /// a line was printed.
  static let longestSleep = Microseconds.milliseconds(10)

  static func pause() { usleep(UInt32(interval.count)) }

  private static let bytesAtOnce = 65_536

  private struct Output {
    let node: String
    let path: String
    var size = 0
  }

  private let file: Descriptor
  /// `nil` where the system has no more watches to give (`fs.inotify`): the files are looked at again
  /// and again instead.
  private(set) var watch: Descriptor?
  /// By the watch's number for the file, or below zero by its place.
  private var outputs: [CInt: Output] = [:]
  private var nextLook: Instant?

  /// When ``look(_:)`` has something to do; `nil` where there is a watch on each file.
  var wakeAt: Instant? { nextLook }

  /// Whatever was printed before has been noted.
  private var seen: Instant
  private var lateness: Microseconds?

  init(_ folder: LiveRunFolder, at now: Instant) throws(SupervisorError) {
    seen = now
    guard let file = Descriptor(opening: folder.printedTimes, O_WRONLY | O_CREAT | O_APPEND) else {
      throw SupervisorError(
        "cannot write \(folder.printedTimes): \(SupervisorError.text(of: errno))")
    }
    self.file = file
    let result = cprocess_file_watch_open()
    watch =
      result == -EMFILE ? nil : try .taking(result, for: "a watch on what programs print")
  }

  /// Call it before a program is started, for the first time or again. A line that an earlier process
  /// left torn is ended, so that the new one's first is whole.
  mutating func begin(_ node: String, _ path: String) throws(SupervisorError) {
    guard let output = Descriptor(opening: path, O_RDWR | O_CREAT | O_APPEND) else {
      throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: errno))")
    }
    let size = Int(lseek(output.number, 0, SEEK_END))
    let newline = UInt8(ascii: "\n")
    if size > 0, output.read(atMost: 1, at: size - 1) != [newline] { _ = output.write([newline]) }
    var number = -ENOSPC
    if let watch { number = unsafe cprocess_file_watch_add(watch.number, path) }
    if number == -ENOSPC {
      number = outputs.first { $0.value.path == path }?.key ?? -1 - CInt(outputs.count)
      nextLook = nextLook ?? Instant(microseconds: 0)
    } else if number < 0 {
      throw SupervisorError(
        "cannot watch \(path): \(SupervisorError.text(of: -number))", exitCode: .error)
    }
    if outputs[number] == nil { outputs[number] = Output(node: node, path: path) }
  }

  /// Notes what has grown of the files that have no watch, where it is time.
  mutating func look(_ now: () -> Instant) -> CInt? {
    let start = now()
    guard let due = nextLook, due <= start else { return nil }
    nextLook = start + LogWatch.interval
    defer { seen = start }
    return note(outputs.keys.filter { $0 < 0 }.sorted(), now)
  }

  /// Whether there is anything to note.
  var isWatching: Bool { !outputs.isEmpty }

  /// Call it where the watch has nothing to be noted that was printed before that time.
  mutating func seenAll(before time: Instant) {
    // Of files without a watch only a look tells.
    if nextLook == nil { seen = time }
  }

  /// How long before its time a line may have been printed, of all that were noted since the last call;
  /// `nil` where none were.
  mutating func takeLateness() -> Microseconds? {
    defer { lateness = nil }
    return lateness
  }

  /// Notes what has grown, after the watch became readable. Returns the errno where that fails.
  mutating func note(_ now: () -> Instant) -> CInt? {
    var numbers: Set<CInt> = []
    let start = now()
    let bytes = watch?.read(atMost: Self.bytesAtOnce) ?? []
    // If not, some are left.
    defer { if bytes.count < Self.bytesAtOnce { seenAll(before: start) } }
    // struct inotify_event without a name: wd, mask, cookie and length, 4 bytes each.
    for start in stride(from: 0, to: bytes.count - 15, by: 16) {
      let number = bytes[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      let mask = bytes[(start + 4)..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      if mask & cprocess_watch_overflow != 0 { return noteAll(now) }
      numbers.insert(CInt(bitPattern: number))
    }
    return note(numbers.sorted(), now)
  }

  /// Notes whatever has grown: at the end of the run.
  mutating func noteAll(_ now: () -> Instant) -> CInt? { note(outputs.keys.sorted(), now) }

  private mutating func note(_ numbers: [CInt], _ now: () -> Instant) -> CInt? {
    var text: [UInt8] = []
    for number in numbers {
      guard let output = outputs[number] else { continue }
      var information = stat()
      guard unsafe stat(output.path, &information) == 0 else { continue }
      let size = Int(information.st_size)
      guard size > output.size else { continue }
      outputs[number]?.size = size
      // Looked at after the size: a line is never older than its time says.
      let time = now()
      lateness = max(lateness ?? .zero, time - seen)
      text += Array("\(output.node) \(size) \(time.microseconds)\n".utf8)
    }
    while !text.isEmpty {
      let count = file.write(text[...])
      guard count >= 0 else { return CInt(-count) }
      text.removeFirst(count)
    }
    return nil
  }
}
