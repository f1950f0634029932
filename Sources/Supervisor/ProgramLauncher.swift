import Glibc
import Messages
import Participants
import Topology

/// Makes all that a program is started with: its folder and files, and its texts with a value for
/// each placeholder.
struct ProgramLauncher {
  let folder: LiveRunFolder
  /// The run's folder from the root: programs work elsewhere.
  private let path: String
  private let seed: UInt64
  private let environment: [String]

  /// - Parameter environment: what programs get besides their own, `NAME=VALUE` each.
  init(
    _ folder: LiveRunFolder, seed: UInt64, environment: [String]
  ) throws(SupervisorError) {
    guard let resolved = unsafe realpath(folder.path, nil) else {
      throw SupervisorError("\(folder.path): \(SupervisorError.text(of: errno))")
    }
    defer { unsafe free(resolved) }
    self.folder = folder
    path = unsafe String(cString: resolved)
    self.seed = seed
    self.environment = environment
  }

  /// - Parameters:
  ///   - listen: where the node listens, if it is told to.
  ///   - address: where others reach it.
  ///   - addresses: of the nodes that each name in a placeholder stands for.
  func launch(
    _ node: PlannedNode, _ program: Program, listen: String, address: String,
    addresses: [String: OptionValue], openFiles: UInt64
  ) throws(SupervisorError) -> Launch {
    let data = "\(path)/\(RunFiles.data(of: node.name))"
    func value(_ placeholder: Template.Placeholder) throws(SupervisorError) -> String {
      switch placeholder {
      case .name: node.name
      case .index: String(node.name.dropFirst(node.group.count + 1))
      case .dir: data
      case .log: "\(path)/\(RunFiles.log(of: node.name))"
      case .config: "\(path)/\(RunFiles.seedList)"
      case .seed: String(seed)
      case .address(let part, of: let name?):
        try Self.part(part, of: addresses[name], name: name)
      case .address(.address, of: nil): address
      case .address(let part, of: nil):
        try Self.part(part, of: .addresses([listen]), name: "itself")
      }
    }
    func filled(_ text: String) throws(SupervisorError) -> String {
      let template: Template
      do throws(Template.SyntaxError) {
        template = try Template(parsing: text)
      } catch { throw SupervisorError(error.description) }
      return try template.filled(value)
    }
    try Self.makeFolder(data)
    for file in program.files {
      try put(file, in: data, text: try file.text.map(filled))
    }
    let command = try program.command.map(filled)
    var variables = environment
    for (name, text) in program.environment.sorted(by: { $0.key < $1.key }) {
      variables.removeAll { $0.hasPrefix("\(name)=") }
      variables.append("\(name)=\(try filled(text))")
    }
    let input = try program.input?.map { text throws(SupervisorError) in try filled(text) + "\n" }
    return Launch(
      executable: command[0], arguments: command, environment: variables,
      folder: program.folder ?? data, input: input.map { Array($0.joined().utf8) },
      output: folder.output(of: node.name), openFiles: openFiles)
  }

  /// What is asked for of one address, or of several with commas between them.
  private static func part(
    _ part: Template.AddressPart, of value: OptionValue?, name: String
  ) throws(SupervisorError) -> String {
    guard case .addresses(let texts)? = value else {
      throw SupervisorError("the plan has no address for \(name)", exitCode: .error)
    }
    return texts.map { text in
      switch part {
      case .address: text
      case .host: Address(parsing: text)?.host ?? ""
      case .port: (Address(parsing: text)?.port).map { String($0) } ?? ""
      }
    }.joined(separator: ",")
  }

  // MARK: Files

  private static func makeFolder(_ path: String) throws(SupervisorError) {
    if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    throw SupervisorError("cannot make the folder \(path): \(SupervisorError.text(of: errno))")
  }

  /// Puts a file into the node's folder, as it is or with its placeholders filled in. What a node has
  /// made of it before it is started again stays.
  private func put(
    _ file: Program.File, in data: String, text: String?
  ) throws(SupervisorError) {
    let path = "\(data)/\(file.to)"
    if unsafe access(path, F_OK) == 0 { return }
    if let slash = path.lastIndex(of: "/") {
      try LiveRunFolder.makeFolders(String(path[..<slash]))
    }
    var information = stat()
    guard let source = Descriptor(opening: file.from, O_RDONLY),
      unsafe fstat(source.number, &information) == 0
    else {
      throw SupervisorError("cannot read \(file.from): \(SupervisorError.text(of: errno))")
    }
    guard let target = Descriptor(opening: path, O_WRONLY | O_CREAT | O_TRUNC),
      fchmod(target.number, information.st_mode & 0o777) == 0
    else { throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: errno))") }
    if let text { return try Self.write(Array(text.utf8), to: target, path) }
    while case let bytes = source.read(atMost: 65_536), !bytes.isEmpty {
      try Self.write(bytes, to: target, path)
    }
  }

  private static func write(
    _ bytes: [UInt8], to file: Descriptor, _ path: String
  ) throws(SupervisorError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = file.write(rest)
      guard count >= 0 else {
        throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: CInt(-count)))")
      }
      rest = rest.dropFirst(count)
    }
  }
}
