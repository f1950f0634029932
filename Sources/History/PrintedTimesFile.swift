internal import Glibc
internal import Topology

/// `printed.times` of a run's folder: when the output of each program was seen to have grown to which
/// size. The supervisor writes lines `NODE SIZE MICROSECONDS`.
struct PrintedTimesFile {
  private struct Note {
    var size: Int64
    var time: Int64
  }

  /// In order of size, from the first that is still needed.
  private var notes: [String: ArraySlice<Note>] = [:]
  private var readTo: Int64 = 0
  private var rest: [UInt8] = []

  /// Takes the lines that were added. A torn one waits for its end.
  mutating func update(from folder: borrowing LogFolder) throws(HistoryError) {
    guard let file = try folder.open(RunFiles.printedTimes) else { return }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1_024, alignment: 1)
    defer { unsafe chunk.deallocate() }
    while true {
      let count = try unsafe file.read(at: readTo, into: chunk)
      guard count > 0 else { return }
      readTo += Int64(count)
      unsafe rest += chunk[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        take(String(decoding: rest[..<end], as: UTF8.self))
        rest.removeFirst(end + 1)
      }
    }
  }

  private mutating func take(_ line: String) {
    let words = line.split(separator: " ")
    guard words.count == 3, let size = Int64(words[1]), let time = Int64(words[2]) else { return }
    let node = String(words[0])
    // Sizes only grow; of a file that was tampered with the first word counts.
    guard size > notes[node]?.last?.size ?? 0 else { return }
    notes[node, default: []].append(Note(size: size, time: time))
  }

  /// As much of a node's output as has a time.
  func covered(_ node: String) -> Int64 { notes[node]?.last?.size ?? 0 }

  /// The time of a line that ends there; of one that nobody saw any more, the last that is known.
  /// Ask for the lines of a node in their order.
  mutating func time(of node: String, endingAt end: Int64) -> Int64? {
    while let first = notes[node]?.first, first.size < end, (notes[node]?.count ?? 0) > 1 {
      notes[node]?.removeFirst()
    }
    return notes[node]?.first?.time
  }
}
