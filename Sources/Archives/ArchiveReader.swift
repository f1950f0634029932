import CArchive
import Glibc
import Messages

/// Unpacks what ``ArchiveWriter`` wrote, and trusts nobody: an archive may come from anywhere.
///
/// Only regular files right inside one folder are taken, with plain names, each once. No path of the
/// archive leads out of the folder that it is unpacked into, and what it holds has limits.
package enum ArchiveReader {
  /// Bytes of all files together.
  package static let mostBytes = 8 << 30
  package static let mostFiles = 100_000
  private static let longestName = 200

  /// Unpacks into an empty folder, without the archive's own folder.
  ///
  /// - Returns: the name of the archive's folder.
  /// - Throws: ``ArchiveError`` for what it refuses, and for what cannot be read or written.
  package static func unpack(
    _ path: String, into folder: String, mostBytes: Int = mostBytes
  ) throws(ArchiveError) -> String {
    guard let archive = unsafe archive_read_new() else {
      throw ArchiveError("there is no memory to read \(path)", exitCode: .error)
    }
    defer { unsafe archive_read_free(archive) }
    unsafe archive_read_support_format_tar(archive)
    unsafe archive_read_support_filter_gzip(archive)
    guard unsafe archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else {
      throw unsafe problem(archive, path)
    }
    var unpacking = Unpacking(path: path, folder: folder, left: mostBytes)
    while true {
      var entry: OpaquePointer?
      let result = unsafe archive_read_next_header(archive, &entry)
      if result == ARCHIVE_EOF { break }
      guard result == ARCHIVE_OK, let entry = unsafe entry else {
        throw unsafe problem(archive, path)
      }
      guard let name = try unsafe unpacking.name(of: entry) else { continue }
      try unsafe unpacking.take(name, from: archive)
    }
    guard let root = unpacking.root else { throw ArchiveError("\(path): there is nothing in it") }
    return root
  }

  private struct Unpacking {
    let path: String
    let folder: String
    var left: Int
    var root: String?
    var files = 0

    /// The plain name of a file to take; `nil` for the folder itself.
    mutating func name(of entry: OpaquePointer) throws(ArchiveError) -> String? {
      guard let text = unsafe archive_entry_pathname(entry) else {
        throw ArchiveError("\(path): a file in it has no name that can be read")
      }
      let name = unsafe String(cString: text)
      let type = unsafe UInt32(archive_entry_filetype(entry))
      let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      let isFolder = type == FileType.folder && (parts.count == 1 || parts == [parts[0], ""])
      guard isFolder || parts.count == 2, parts.prefix(isFolder ? 1 : 2).allSatisfy(Self.isPlain),
        root == nil || root == parts[0]
      else {
        throw refusal(name, "an export has files right inside one folder, with plain names")
      }
      root = parts[0]
      if isFolder { return nil }
      guard type == FileType.regular, unsafe archive_entry_hardlink(entry) == nil else {
        throw refusal(name, "it is a link or something else that is no regular file")
      }
      files += 1
      guard files <= ArchiveReader.mostFiles else {
        throw ArchiveError("\(path): more than \(ArchiveReader.mostFiles) files are in it")
      }
      return parts[1]
    }

    /// Whether a name is one that a run's folder has: no hidden file, no path, nothing odd.
    private static func isPlain(_ name: String) -> Bool {
      let bytes = name.utf8
      return bytes.count <= ArchiveReader.longestName && bytes.first != UInt8(ascii: ".")
        && !bytes.isEmpty
        && bytes.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
          default: false
          }
        }
    }

    /// Writes a file as long as its data is, whatever the header says.
    mutating func take(_ name: String, from archive: OpaquePointer) throws(ArchiveError) {
      let target = "\(folder)/\(name)"
      let file = unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard file >= 0 else {
        if errno == EEXIST { throw refusal(name, "it is there twice") }
        throw failure(target)
      }
      defer { close(file) }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = unsafe archive_read_data(archive, &chunk, chunk.count)
        if count == 0 { return }
        guard count > 0 else { throw unsafe problem(archive, path) }
        left -= count
        guard left >= 0 else {
          throw ArchiveError("\(path): what is in it is larger than is taken")
        }
        var rest = chunk[..<count]
        while !rest.isEmpty {
          let written = unsafe rest.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
          guard written > 0 else { throw failure(target) }
          rest = rest.dropFirst(written)
        }
      }
    }

    private func refusal(_ name: String, _ why: String) -> ArchiveError {
      ArchiveError("\(path): '\(name)' in it is not taken: \(why)")
    }

    private func failure(_ target: String) -> ArchiveError {
      ArchiveError(
        "cannot write \(target): \(systemMessage(errno))", exitCode: .error)
    }
  }

  private static func problem(_ archive: OpaquePointer, _ path: String) -> ArchiveError {
    let text = unsafe archive_error_string(archive).map { unsafe String(cString: $0) }
    return ArchiveError("\(path): not an export: \(text ?? "unknown error")")
  }
}
