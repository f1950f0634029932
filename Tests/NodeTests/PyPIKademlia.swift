import Foundation

/// A node of the PyPI package `kademlia` 2.2.3 in a process of its own, told what to do line by line.
final class PyPIKademlia {
  private static let program = """
    import asyncio, sys
    from kademlia.network import Server

    async def main():
        server = Server(ksize=int(sys.argv[1]))
        await server.listen(int(sys.argv[2]), interface="127.0.0.1")
        # Five seconds for each of the dead would be most of the tests' time.
        server.protocol._wait_timeout = 0.5
        print(server.transport.get_extra_info("sockname")[1], flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            verb, *rest = line.rstrip("\\n").split("\\t")
            if verb == "join":
                result = await server.bootstrap([("127.0.0.1", int(rest[0]))])
            elif verb == "set":
                result = await server.set(rest[0], rest[1])
            elif verb == "get":
                result = await server.get(rest[0])
            else:
                result = len(server.bootstrappable_neighbors())
            print(result, flush=True)

    asyncio.run(main())
    """

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Installs the packages. `nil` when they are there, and why not when they are not.
  static let obstacle: String? = {
    let install = Process()
    let output = Pipe()
    install.executableURL = root.appending(path: "scripts/install-kademlia.sh")
    install.standardError = output
    install.standardOutput = output
    do { try install.run() } catch { return "\(error)" }
    let text = (try? output.fileHandleForReading.readToEnd()).flatMap { $0 } ?? Data()
    install.waitUntilExit()
    return install.terminationStatus == 0 ? nil : String(decoding: text, as: UTF8.self)
  }()

  private(set) var port: UInt16 = 0
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var unread = Data()

  /// - Parameter own: the port to listen on; 0: any.
  init(k: Int, at own: UInt16 = 0, joining bootstrap: UInt16?) throws {
    process.executableURL = Self.root.appending(path: ".build/pypi-kademlia/bin/python")
    process.arguments = ["-c", Self.program, String(k), String(own)]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    port = UInt16(try line()) ?? 0
    if let bootstrap { _ = try tell("join", String(bootstrap)) }
  }

  deinit {
    kill()
  }

  /// Carries a command out, and gives what the package returned.
  func tell(_ words: String...) throws -> String {
    try input.fileHandleForWriting.write(
      contentsOf: Data("\(words.joined(separator: "\t"))\n".utf8))
    return try line()
  }

  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private func line() throws -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw Missing(what: "a line of a Python node") }
      unread += more
    }
  }
}
