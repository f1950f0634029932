package import Participants

/// The nodes' files. They take no time and never fill up.
///
/// Pages of the same content are held once, whoever has them: a thousand nodes that have the same file
/// take little more memory than one. A page stays to the end, also when no file has it any more.
package struct Disks {
  /// Bytes of a page: no more than a torrent's smallest chunk, so that chunks are whole pages.
  private static let pageSize = 16 * 1_024

  private struct Place: Hashable {
    let node: Int
    let path: String
  }

  /// Pages in order, all whole but the last.
  private typealias File = [[UInt8]]

  private var files: [Place: File] = [:]
  private var pages: Set<[UInt8]> = []

  /// Whole pages that are held.
  package var pageCount: Int { pages.count }

  /// Empty disks.
  package init() {}

  /// Does what is to be done with a file of a node.
  package mutating func answer(_ request: FileRequest, of node: Int) -> FileAnswer {
    let missing = FileAnswer.failed("No such file or directory")
    switch request {
    case .read(let path, let offset, let count):
      guard let file = files[Place(node: node, path: path)] else { return missing }
      return .bytes(Self.bytes(of: file, offset..<offset + count))
    case .write(let path, let offset, let bytes):
      write(bytes, at: offset, to: Place(node: node, path: path))
      return .done
    case .rename(let path, let name):
      guard let file = files.removeValue(forKey: Place(node: node, path: path)) else {
        return missing
      }
      files[Place(node: node, path: name)] = file
      return .done
    }
  }

  private static func size(of file: File) -> Int {
    max(0, file.count - 1) * pageSize + (file.last?.count ?? 0)
  }

  private static func bytes(of file: File, _ range: Range<Int>) -> [UInt8] {
    let range = range.clamped(to: 0..<size(of: file))
    guard !range.isEmpty else { return [] }
    let first = file[range.lowerBound / pageSize]
    // Whole pages, which most reads of small chunks are, are lent.
    if range.lowerBound % pageSize == 0, range.count == first.count { return first }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position / pageSize * pageSize
      let end = min(range.upperBound, start + pageSize)
      bytes += file[position / pageSize][(position - start)..<(end - start)]
      position = end
    }
    return bytes
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int, to place: Place) {
    var file = files.removeValue(forKey: place) ?? []
    // What was never written reads as zeros.
    if !bytes.isEmpty { grow(&file, to: offset + bytes.count) }
    var (position, rest) = (offset, bytes)
    while !rest.isEmpty {
      let number = position / Self.pageSize
      let start = number * Self.pageSize
      let end = min(offset + bytes.count, start + Self.pageSize)
      let part = rest.prefix(end - position)
      rest = rest.dropFirst(part.count)
      if part.count == file[number].count {
        file[number] = Array(part)
      } else {
        file[number].replaceSubrange((position - start)..<(end - start), with: part)
      }
      // A page is hardly filled from its end: what is shared is not changed soon.
      if end == start + Self.pageSize { file[number] = shared(file[number]) }
      position = end
    }
    files[place] = file
  }

  private mutating func grow(_ file: inout File, to size: Int) {
    guard Self.size(of: file) < size else { return }
    if let last = file.indices.last {
      let count = min(Self.pageSize, size - last * Self.pageSize) - file[last].count
      if count > 0 { file[last] += [UInt8](repeating: 0, count: count) }
    }
    let whole = size / Self.pageSize - file.count
    if whole > 0 {
      let zeros = shared([UInt8](repeating: 0, count: Self.pageSize))
      file += repeatElement(zeros, count: whole)
    }
    let rest = size - file.count * Self.pageSize
    if rest > 0 { file.append([UInt8](repeating: 0, count: rest)) }
  }

  private mutating func shared(_ page: [UInt8]) -> [UInt8] {
    pages.insert(page).memberAfterInsert
  }
}
