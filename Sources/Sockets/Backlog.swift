/// What was written to a connection and has not left, in order. The pieces are kept as they came:
/// nothing is copied.
struct Backlog {
  /// Those before `head` have left, and are empty.
  private var pieces: [[UInt8]] = []
  private var head = 0
  /// Bytes of the first piece that have left.
  private var sent = 0
  /// Bytes in all.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    pieces.append(bytes)
    count += bytes.count
  }

  /// The rest of the first piece.
  func withFirst<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    guard head < pieces.count else { return nil }
    return unsafe pieces[head].withUnsafeBytes { unsafe body(.init(rebasing: $0[sent...])) }
  }

  /// So many bytes of the first piece have left.
  mutating func drop(_ bytes: Int) {
    sent += bytes
    count -= bytes
    guard sent == pieces[head].count else { return }
    pieces[head] = []
    head += 1
    sent = 0
    // Compact now and then: those that have left never outnumber those that wait.
    if head * 2 > pieces.count {
      pieces.removeFirst(head)
      head = 0
    }
  }
}
