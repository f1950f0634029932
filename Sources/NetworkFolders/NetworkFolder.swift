internal import Glibc
package import Messages

/// What a network is apart from its code, as files: `views/*.sql` and `measures/*.sql`, what people
/// ask about; `checks/*.sql`, what it promises; `spawn.yaml`, the topology that `seedbed spawn` makes
/// others of; and `README.md`. Ours and a user's own are alike. `docs/NETWORKS.md` says more.
package struct NetworkFolder: Hashable, Sendable {
  package let path: String
  /// The last part of the path.
  package var name: String { String(path.split(separator: "/").last ?? "") }

  package enum Part: String, CaseIterable, Sendable { case views, checks, measures }

  package init(_ path: String) { self.path = path }

  package var exists: Bool { Files.isFolder(path) }

  /// The topology that `seedbed spawn` begins with.
  package var spawnFile: String { "\(path)/spawn.yaml" }
  package var hasSpawnFile: Bool { unsafe access(spawnFile, R_OK) == 0 }

  /// The names of a part's files without `.sql`, in order.
  package func names(of part: Part) -> [String] {
    Files.names(in: "\(path)/\(part.rawValue)").filter { $0.hasSuffix(".sql") }
      .map { String($0.dropLast(".sql".count)) }.sorted()
  }

  /// The path of a part's file, whether it is there or not.
  package func file(_ name: String, of part: Part) -> String {
    "\(path)/\(part.rawValue)/\(name).sql"
  }

  /// A part's files: their paths and texts, in order of their names.
  /// - Throws: for one that cannot be read or is not UTF-8 text.
  package func texts(of part: Part) throws(NetworkFileError) -> [(file: String, text: String)] {
    var texts: [(file: String, text: String)] = []
    for name in names(of: part) {
      let file = file(name, of: part)
      texts.append((file, try Files.text(of: file)))
    }
    return texts
  }

  /// Copies the views, checks and measures into another folder, which must not be there.
  ///
  /// - Throws: for what cannot be read or made.
  package func copy(to target: String) throws(NetworkFileError) {
    try Files.makeFolder(target)
    for part in Part.allCases where !names(of: part).isEmpty {
      try Files.makeFolder("\(target)/\(part.rawValue)")
      for name in names(of: part) {
        try Files.write(
          try Files.text(of: file(name, of: part)),
          to: NetworkFolder(target).file(name, of: part))
      }
    }
  }
}

/// What is wrong with a file of a network, or with the choice of a folder.
package struct NetworkFileError: ReportedError, Equatable {
  package var description: String

  package init(_ description: String) { self.description = description }

  package var exitCode: ExitCode { .usage }
}

/// The little of a file system that networks need.
package enum Files {
  /// The largest file that is read, in bytes.
  package static let largest = 1 << 20

  /// Whether there is a folder at a path, through links too.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The absolute path without links; `nil` where nothing is.
  package static func absolute(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The names in a folder, but for hidden ones; none where there is no folder.
  static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
        unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Why a file has no text, to be said after its path.
  package struct Unreadable: Error { package var description: String }

  /// A file's text, of at most ``largest`` bytes.
  ///
  /// - Throws: ``Unreadable`` for one that cannot be read, is larger or not UTF-8.
  package static func read(_ file: String) throws(Unreadable) -> String {
    let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Unreadable(description: "cannot be read: \(systemMessage(errno))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw Unreadable(description: "cannot be read: \(systemMessage(errno))")
      }
      if count == 0 { break }
      bytes += chunk.prefix(count)
      guard bytes.count <= largest else {
        throw Unreadable(description: "larger than \(largest) bytes")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Unreadable(description: "not UTF-8 text")
    }
    return text
  }

  /// The same, for a file of a network.
  ///
  /// - Throws: what ``read(_:)`` does, with the path.
  package static func text(of file: String) throws(NetworkFileError) -> String {
    do throws(Unreadable) {
      return try read(file)
    } catch {
      throw NetworkFileError("\(file): \(error.description)")
    }
  }

  /// Makes a folder that is not there yet.
  ///
  /// - Throws: where it is there, or cannot be made.
  package static func makeFolder(_ path: String) throws(NetworkFileError) {
    guard unsafe mkdir(path, 0o777) == 0 else { throw failure("be made", path) }
  }

  /// Writes a file that is not there yet.
  ///
  /// - Throws: where it is there, or cannot be written.
  package static func write(
    _ text: String, to path: String, isExecutable: Bool = false
  ) throws(NetworkFileError) {
    let descriptor = unsafe open(
      path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isExecutable ? 0o777 : 0o666)
    guard descriptor >= 0 else { throw failure("be made", path) }
    defer { close(descriptor) }
    var text = text
    let isWritten = text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let rest = bytes.count - written
        let count = unsafe Glibc.write(
          descriptor, bytes.baseAddress.map { unsafe $0 + written }, rest)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
      }
      return true
    }
    guard isWritten else { throw failure("be written", path) }
  }

  private static func failure(_ what: String, _ path: String) -> NetworkFileError {
    NetworkFileError("\(path): cannot \(what): \(systemMessage(errno))")
  }
}
