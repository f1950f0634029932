import Foundation

/// A file that goes from one client to many.
///
/// A seeder has it, and others fetch it from the seeder and from one another, check every chunk and
/// the whole file, and write it to disk. In the same round, as many `curl` processes fetch the same
/// bytes from nginx, and check nothing.
enum TorrentBenchmark: Benchmark {
  static let name = "torrent"
  static let summary = "\(large) MiB to \(many) clients, and \(small) MiB to \(few)"

  private static let (large, many, small, few) = (256, 8, 5, 2)
  private static let rounds = 3
  private static let patience = Duration.seconds(120)

  static func run() throws -> [Measurement] {
    let nginx = try command("nginx", "curl")
    var rates: [(torrent: Double, curl: Double)] = []
    var copies: [Double] = []
    for round in 1...rounds {
      announce("\(name): round \(round) of \(rounds)")
      try withTemporaryFolder { folder in
        let seeded = try Swarm(mebibytes: large, in: folder)
        defer { seeded.end() }
        let time = try seeded.fetch(many)
        let useful = Double(large * many)
        copies.append(Double(try seeded.sent()) / Double(large << 20))
        let reference = try curl(of: seeded.file, by: many, from: nginx, in: folder)
        rates.append((useful / time, useful / reference))
        say(
          "\(name): round \(round) of \(rounds): \(Int(useful / time)) MiB/s; curl "
            + "\(Int(useful / reference))")
      }
    }
    let quick = try withTemporaryFolder { folder in
      let swarm = try Swarm(mebibytes: small, in: folder)
      defer { swarm.end() }
      return try swarm.fetch(few)
    }
    return [
      Measurement(
        subject: "useful bytes of \(large) MiB to \(many)", value: median(rates.map(\.torrent)),
        unit: "MiB/s",
        comparisons: [
          Measurement.Comparison(
            with: "\(many) curl processes and nginx",
            ratio: median(rates.map { $0.torrent / $0.curl }), target: .atLeast(0.5))
        ]),
      Measurement(
        subject: "of these, given by the seeder", value: median(copies), unit: "copies",
        target: .atMost(2)),
      Measurement(
        subject: "\(small) MiB to \(few), from their start", value: quick, unit: "s",
        target: .atMost(2)),
    ]
  }

  /// The path of a command; all that are named must be there.
  private static func command(_ names: String...) throws -> String {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
    let paths = try names.map { name in
      guard
        let path = folders.map({ "\($0)/\(name)" })
          .first(where: FileManager.default.isExecutableFile(atPath:))
      else { throw BenchmarkError(description: "there is no \(name): run 'make bench'") }
      return path
    }
    return paths[0]
  }

  /// The seconds until so many curl processes have a file.
  private static func curl(
    of file: String, by count: Int, from nginx: String, in folder: String
  ) throws -> Double {
    let socket = "\(folder)/nginx.port"
    let port = try freePort()
    let configuration = """
      user root; worker_processes auto; daemon off; pid \(folder)/nginx.pid;
      error_log \(folder)/nginx.log;
      events {}
      http {
        access_log off; sendfile on;
        server { listen 127.0.0.1:\(port); root \((file as NSString).deletingLastPathComponent); }
      }

      """
    try configuration.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
    let server = try Program(
      [nginx, "-p", folder, "-c", "\(folder)/nginx.conf"], output: socket)
    defer { server.end() }
    let url = "http://127.0.0.1:\(port)/\((file as NSString).lastPathComponent)"
    func fetch(_ number: Int, _ options: [String]) throws -> Process {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["curl", "-s", "-o", "\(folder)/copy-\(number)"] + options + [url]
      try process.run()
      return process
    }
    // Its port is open when a first byte comes.
    let first = try fetch(
      0, ["--retry", "50", "--retry-connrefused", "--retry-delay", "0", "-r", "0-0"])
    first.waitUntilExit()
    return try seconds {
      let processes = try (1...count).map { try fetch($0, []) }
      for process in processes {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
          throw BenchmarkError(description: "curl got nothing from nginx")
        }
      }
    }
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socketAddress in
        unsafe bind(descriptor, socketAddress, length) == 0
          && getsockname(descriptor, socketAddress, &length) == 0
      }
    }
    guard result else { throw BenchmarkError.system(errno, "cannot find a free port") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// A tracker, a client that has a file, and those that fetch it.
  private final class Swarm {
    let file: String
    private let folder: String
    private let node: String
    private var programs: [Program] = []

    init(mebibytes: Int, in folder: String) throws {
      self.folder = folder
      node = try Program.beside("seedbed-node")
      let home = "\(folder)/seeder"
      try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
      file = "\(home)/file.bin"
      var random = SystemRandomNumberGenerator()
      let bytes = (0..<(mebibytes << 17)).map { _ in random.next() }
      try unsafe bytes.withUnsafeBytes { unsafe Data($0) }.write(to: URL(filePath: file))
      try start("tracker", ["torrent-tracker"])
      let ready = try event("node.ready", of: "tracker")
      let make = try Program(
        [
          Program.beside("seedbed"), "torrentify", file, ready.address ?? "", "--output",
          "\(home)/torrent.json",
        ], output: "\(folder)/torrentify.out")
      defer { make.end() }
      while !FileManager.default.fileExists(atPath: "\(home)/torrent.json") {
        Thread.sleep(forTimeInterval: 0.01)
      }
      try start("seeder", ["torrent-client", "--torrent", "torrent.json", "--data", home])
      _ = try event("download.completed", of: "seeder")
    }

    /// Waits for an event of a kind.
    private func event(_ kind: String, of node: String) throws -> SeedbedRun.Line {
      let deadline = ContinuousClock.now + patience
      while ContinuousClock.now < deadline {
        if let line = try SeedbedRun.lines(of: node, in: folder).first(where: { $0.kind == kind }) {
          return line
        }
        Thread.sleep(forTimeInterval: 0.02)
      }
      throw BenchmarkError(description: "\(node) wrote no \(kind)")
    }

    private func start(_ name: String, _ arguments: [String]) throws {
      programs.append(
        try Program(
          [node] + arguments + ["--log", "\(folder)/\(name).ndjson"],
          output: "\(folder)/\(name).out"))
    }

    /// The seconds from the start of so many clients until each has the file.
    func fetch(_ count: Int) throws -> Double {
      for number in 1...count {
        let home = "\(folder)/client-\(number)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
          atPath: "\(folder)/seeder/torrent.json", toPath: "\(home)/torrent.json")
      }
      return try seconds {
        for number in 1...count {
          try start(
            "client-\(number)",
            [
              "torrent-client", "--torrent", "torrent.json", "--data", "\(folder)/client-\(number)",
            ])
        }
        for number in 1...count {
          _ = try event("download.completed", of: "client-\(number)")
        }
      }
    }

    /// Bytes of chunks that the seeder gave.
    func sent() throws -> Int {
      try SeedbedRun.lines(of: "seeder", in: folder).filter { $0.kind == "chunk.sent" }
        .reduce(0) { $0 + ($1.bytes ?? 0) }
    }

    func end() {
      for program in programs { program.end() }
    }
  }
}
