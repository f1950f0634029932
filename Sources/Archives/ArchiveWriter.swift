import CArchive
import Glibc
import Messages

/// Writes a `.tar.gz` of one folder's files: pax interchange format (POSIX.1-2001), read by every tar.
@safe package struct ArchiveWriter: ~Copyable {
  private let archive: OpaquePointer
  private let path: String
  private let folder: String

  /// - Parameters:
  ///   - path: the file to make; it must not exist.
  ///   - folder: what the names of all files begin with.
  /// - Throws: ``ArchiveError`` where it cannot be made.
  package init(_ path: String, folder: String) throws(ArchiveError) {
    unsafe archive = try Self.open(path)
    self.path = path
    self.folder = folder
  }

  private static func open(_ path: String) throws(ArchiveError) -> OpaquePointer {
    guard let archive = unsafe archive_write_new() else {
      throw ArchiveError("there is no memory to write \(path)", exitCode: .error)
    }
    unsafe archive_write_set_format_pax_restricted(archive)
    unsafe archive_write_add_filter_gzip(archive)
    guard unsafe archive_write_open_filename(archive, path) == ARCHIVE_OK else {
      defer { unsafe archive_write_free(archive) }
      throw unsafe problem(archive, path)
    }
    return unsafe archive
  }

  deinit { unsafe archive_write_free(archive) }

  /// Adds bytes as a file.
  ///
  /// - Throws: ``ArchiveError`` where it cannot be written.
  package func add(_ bytes: [UInt8], as name: String) throws(ArchiveError) {
    try begin(name, size: bytes.count)
    try write(bytes[...])
  }

  /// Adds a file as long as it is now; what is appended to it meanwhile is left out.
  ///
  /// - Throws: ``ArchiveError`` where the one cannot be read or the other not written.
  package func add(file: String, as name: String) throws(ArchiveError) {
    let descriptor = unsafe Glibc.open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("cannot read \(file)") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot read \(file)") }
    try begin(name, size: Int(status.st_size))
    var rest = Int(status.st_size)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while rest > 0 {
      let count = unsafe read(descriptor, &chunk, min(chunk.count, rest))
      guard count > 0 else { throw failure("\(file) is shorter than it was") }
      try write(chunk[..<count])
      rest -= count
    }
  }

  private func begin(_ name: String, size: Int) throws(ArchiveError) {
    let entry = unsafe archive_entry_new()
    defer { unsafe archive_entry_free(entry) }
    unsafe archive_entry_set_pathname(entry, "\(folder)/\(name)")
    unsafe archive_entry_set_size(entry, Int64(size))
    unsafe archive_entry_set_filetype(entry, FileType.regular)
    unsafe archive_entry_set_perm(entry, 0o644)
    try check(unsafe archive_write_header(archive, entry))
  }

  private func write(_ bytes: ArraySlice<UInt8>) throws(ArchiveError) {
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe archive_write_data(archive, buffer.baseAddress, buffer.count)
    }
    guard count == bytes.count else { throw unsafe Self.problem(archive, path) }
  }

  /// Writes what is left; without it the archive is no good.
  ///
  /// - Throws: ``ArchiveError`` where it cannot be written.
  package consuming func finish() throws(ArchiveError) {
    try check(unsafe archive_write_close(archive))
  }

  private func check(_ result: CInt) throws(ArchiveError) {
    guard result == ARCHIVE_OK else { throw unsafe Self.problem(archive, path) }
  }

  private static func problem(_ archive: OpaquePointer, _ path: String) -> ArchiveError {
    let text = unsafe archive_error_string(archive).map { unsafe String(cString: $0) }
    return ArchiveError("cannot write \(path): \(text ?? "unknown error")", exitCode: .error)
  }

  private func failure(_ what: String) -> ArchiveError {
    ArchiveError("\(what): \(systemMessage(errno))", exitCode: .error)
  }
}

/// `AE_IFREG` and `AE_IFDIR` of archive_entry.h, which Swift cannot import.
enum FileType {
  static let regular: UInt32 = 0o100_000
  static let folder: UInt32 = 0o040_000
}
