import Glibc
import Messages
import Participants
import Testing
import Topology

@Suite struct `A topology's file` {
  private let folder = Folder()

  @Test func `is read, and its checks are found beside it`() throws {
    let check = try folder.write("my-own.sql", "SELECT 1;")
    let path = try folder.write(
      "t.yaml",
      "network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: 1s }\n"
        + "checks: [./my-own.sql, all-is-well]\n")
    let read = try Topology(TopologyFile(reading: path), roles: roles, checks: { _ in knownChecks })
    #expect(read.checks == [check, "all-is-well"])
  }

  @Test func `names the checks that are not there, or twice`() throws {
    _ = try folder.write("my-own.sql", "SELECT 1;")
    let path = try folder.write(
      "t.yaml",
      "network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: 1s }\n"
        + "checks: [my-own.sql, ./my-own.sql, other.sql]\n")
    let error = #expect(throws: TopologyError.self) {
      try Topology(TopologyFile(reading: path), roles: roles, checks: { _ in knownChecks })
    }
    #expect(
      error?.messages == [
        "\(path):4:22: check './my-own.sql' is listed twice",
        "\(path):4:36: there is no readable file 'other.sql'",
      ])
    #expect(error?.exitCode == .usage)
  }

  @Test func `is refused where it cannot be read`() throws {
    #expect(
      complaint(reading: "\(folder.path)/none") == "cannot be read: No such file or directory")
    #expect(complaint(reading: folder.path) == "cannot be read: Is a directory")
    let binary = try folder.write("binary", [0xff, 0xfe, 0x00])
    #expect(complaint(reading: binary) == "not UTF-8 text")
    let large = try folder.write("large", [UInt8](repeating: 0x20, count: TopologyFile.largest + 1))
    #expect(complaint(reading: large) == "larger than 1048576 bytes")
  }

  /// What is said about a file, behind its path.
  private func complaint(reading path: String) -> String? {
    do throws(TopologyError) {
      _ = try TopologyFile(reading: path)
      return nil
    } catch {
      let prefix = "\(path): "
      return error.description.hasPrefix(prefix)
        ? String(error.description.dropFirst(prefix.count)) : error.description
    }
  }
}

/// A folder that goes with the test.
private final class Folder {
  let path: String

  init() {
    var template = Array("/tmp/seedbed-topology-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let made = unsafe buffer.baseAddress.flatMap({ unsafe mkdtemp($0) }) else { return "" }
      return unsafe String(cString: made)
    }
  }

  private var files: [String] = []

  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
    }
    try #require(count == bytes.count)
    files.append(file)
    return file
  }

  deinit {
    for file in files { unsafe unlink(file) }
    unsafe rmdir(path)
  }
}
