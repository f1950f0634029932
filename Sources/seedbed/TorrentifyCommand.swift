import Arguments
import Glibc
import HTTPTorrent
import Messages
import Participants

/// `seedbed torrentify`: makes the torrent of a file.
enum TorrentifyCommand: SeedbedCommand {
  static let command = Command(
    "torrentify", "Make the torrent of a file: its chunks' hashes and its tracker.",
    discussion: """
      Whoever has the torrent and the tracker's network can fetch the file with 'seedbed-node \
      torrent-client --torrent NAME', and whoever has the file beside the torrent gives it to \
      them. The file is read once, whatever its size.
      """,
    examples: [
      Example("seedbed torrentify example.mp4 127.0.0.1:5000", "Writes torrent.json.")
    ],
    positionals: [
      Positional("FILE", "The file."), Positional("TRACKER", "Where its tracker is: HOST:PORT."),
    ],
    options: [
      Option(
        "output", letter: "o", .text("FILE"), "Where to write the torrent.",
        .defaulted("torrent.json"))
    ])

  /// Bytes that are read at once.
  private static let readSize = 1 << 20

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let path = try arguments.require("FILE")
    let trackerText = try arguments.require("TRACKER")
    guard let tracker = Address(parsing: trackerText), tracker.port > 0 else {
      throw UsageError("the tracker is '\(trackerText)': expected HOST:PORT, e.g. 127.0.0.1:5000")
    }
    let plain = path.split(separator: "/").last.map(String.init) ?? path
    guard let name = FileName(plain) else {
      throw UsageError(
        "clients would refuse the name '\(plain)': it may not have separators, colons or control "
          + "characters, nor more than \(FileName.longest) bytes")
    }
    let torrent = try torrent(of: path, named: name, tracker: tracker)
    let output = arguments["output"] ?? "torrent.json"
    try write(torrent.json(), to: output)
    print(
      "\(output): \(name), \(counted(torrent.fileSize, "byte")) in "
        + "\(counted(torrent.chunks.count, "chunk")) of "
        + "\(torrent.chunkSize)")
    return .success
  }

  private static func torrent(
    of path: String, named name: FileName, tracker: Address
  ) throws -> Torrent {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else { throw failure("read", path) }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw UsageError("\(path) is no file")
    }
    var maker: TorrentMaker
    do throws(TorrentError) {
      maker = try TorrentMaker(fileSize: Int64(information.st_size))
    } catch {
      throw UsageError("\(path): \(error)")
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readSize, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var total = 0
    while true {
      let count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { break }
      unsafe maker.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      total += count
    }
    guard total == information.st_size else {
      throw UsageError("\(path) changed while it was read: try again")
    }
    return maker.finish(named: name, tracker: tracker)
  }

  /// Whole or not at all: a torrent that is there already is replaced in one step.
  private static func write(_ bytes: [UInt8], to path: String) throws {
    let new = path + ".new"
    let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("write", path) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else {
        let problem = failure("write", path)
        close(descriptor)
        unsafe unlink(new)
        throw problem
      }
      rest = rest.dropFirst(count)
    }
    close(descriptor)
    guard unsafe rename(new, path) == 0 else { throw failure("write", path) }
  }

  private static func failure(_ action: String, _ path: String) -> UsageError {
    UsageError("cannot \(action) \(path): \(systemMessage(errno))")
  }
}
