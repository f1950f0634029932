import Foundation
import Participants
import Testing
import Topology

/// A folder beside whose topology a program and a file lie.
private final class Workshop {
  let folder: String

  init() throws {
    folder = "\(NSTemporaryDirectory())seedbed-topology-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write("#!/bin/sh\n", to: "node.sh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/node.sh")
    try write("port = {port}\npeers = {address:hub}\n", to: "node.conf")
    try write("a { b\nc } {nobody}\n", to: "broken.conf")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
  }

  func topology(_ text: String, programs: Bool = true) throws -> Topology {
    try Topology(
      TopologyFile(path: "\(folder)/t.yaml", text: text), roles: roles,
      checks: { _ in knownChecks },
      programs: programs)
  }

  /// What is wrong with a topology, without the folder.
  func complaints(_ text: String, programs: Bool = true) -> [String] {
    do {
      _ = try topology(text, programs: programs)
      return []
    } catch let error as TopologyError {
      return error.messages.map { $0.replacing("\(folder)/", with: "") }
    } catch {
      return ["\(error)"]
    }
  }
}

/// A topology of two programs, in whose group `leaf` the given lines stand too.
private func ring(_ lines: String..., command: String = "[./node.sh]", hub: String = "tcp")
  -> String
{
  """
  network: ring
  groups:
    hub: { count: 1, command: [./node.sh, '{port}'], ready: \(hub) }
    leaf:
      count: 3
      command: \(command)
  \(lines.map { "    \($0)\n" }.joined())stop: { at: 5s }
  checks: []

  """
}

@Suite struct `A topology with programs` {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test func `says what they run, with paths from the root`() throws {
    let text = ring(
      "environment: { MODE: '{name}' }", "folder: .", "input: ['{port}', 'no']",
      "files: [node.conf, { from: node.conf, to: etc/own.conf, fill: true }]",
      "ready: { log: 'at (?<address>\\S+)' }",
      "events: [{ match: 'hop (?<n1>\\d+)', kind: hop.made, numbers: [n1] }]",
      command: "[./node.sh, --to, '{address:hub-1}']")
    let plan = try workshop.topology(text).plan(seed: 1)
    let folder = try #require(plan.programs["leaf"]?.folder)
    let program = try #require(plan.programs["leaf"])
    #expect(program.command == ["\(folder)/node.sh", "--to", "{address:hub-1}"])
    #expect(program.environment == ["MODE": "{name}"])
    #expect(program.input == ["{port}", "no"])
    #expect(program.files.map(\.to) == ["node.conf", "etc/own.conf"])
    #expect(program.files.map(\.text) == [nil, "port = {port}\npeers = {address:hub}\n"])
    #expect(program.ready == .log(#"at (?<address>\S+)"#))
    #expect(
      program.events == [
        Program.EventPattern(match: #"hop (?<n1>\d+)"#, kind: "hop.made", numbers: ["n1"])
      ])
    let leaf = try #require(plan.nodes.first { $0.name == "leaf-2" })
    #expect(leaf.role == "external")
    #expect(leaf.addresses == ["hub-1": ["hub-1"], "hub": ["hub-1"]])
    let decoded = try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan))
    #expect(decoded == plan)
  }

  @Test
  func `finds a program without a path on PATH, and leaves one with a placeholder to the run`()
    throws
  {
    let programs = try workshop.topology(ring(command: "[sh, -c, 'exit {{1}}']")).plan(seed: 1)
      .programs
    #expect(programs["leaf"]?.command.first?.hasSuffix("/sh") == true)
    let copied = try workshop.topology(
      ring("files: [node.sh]", command: "['{dir}/node.sh']")
    ).plan(seed: 1).programs
    #expect(copied["leaf"]?.command == ["{dir}/node.sh"])
  }

  @Test func `may have programs in roles of a network that Seedbed ships, and tell it of them`()
    throws
  {
    let text = """
      network: mesh
      groups:
        theirs: { count: 2, role: hub, command: [./node.sh, '{address}'], ready: tcp }
        leaf: { count: 2, after: theirs, options: { friends: theirs-1 } }
        guest: { count: 1, after: leaf, command: [./node.sh, '{config}', '{address:leaf-1}'] }
      stop: { at: 5s }
      """
    let plan = try workshop.topology(text).plan(seed: 1)
    #expect(
      plan.nodes.map(\.role) == ["mesh-hub", "mesh-hub", "mesh-leaf", "mesh-leaf", "external"])
    #expect(plan.nodes[2].addresses == ["friends": ["theirs-1"]])
  }

  @Test func `may tell each of a group of all the others, whose ports are picked before`() throws {
    let nodes = try workshop.topology(
      ring("ready: tcp", command: "[./node.sh, '{port}', '{address:leaf}']")
    )
    .plan(seed: 1).nodes
    #expect(nodes[2].addresses == ["leaf": ["leaf-1", "leaf-3"]])
  }

  @Test(arguments: [
    (
      "[./gone.sh]",
      "6:15: there is no executable file './gone.sh' (paths are relative to the topology's folder)"
    ),
    (
      "[./node.conf]",
      "6:15: there is no executable file './node.conf' (paths are relative to the topology's folder)"
    ),
    ("[pyhton7]", "6:15: there is no program 'pyhton7' on PATH: install it, or write its path"),
    ("sh", "6:14: 'command' takes a list, found 'sh'"),
    ("[]", "6:14: 'command' takes a list: the program and its arguments, found a list"),
    (
      "[sh, {port}]",
      "6:19: 'command' takes texts, found a mapping; a text that begins with a placeholder needs "
        + "quotes: '{port}'"
    ),
    (
      "[sh, 'x{nam}']",
      "6:19: unknown placeholder '{nam}'; there are: {name}, {index}, {dir}, {log}, {config}, {seed}, "
        + "{address}, {host}, {port}, {address:NODE}, {host:NODE}, {port:NODE}; a brace itself is "
        + "doubled"
    ),
    (
      "[sh, 'a } b']",
      "6:19: a '}' stands alone: placeholders are written {name}, and a brace itself is doubled"
    ),
    (
      "[sh, '{address:hup-1}']",
      "6:14: unknown node or group 'hup-1' in a placeholder of group 'leaf' (did you mean 'hub-1'?); "
        + "there are: hub, leaf, hub-1, leaf-1"
    ),
    (
      "[sh, '{address:leaf-1}']",
      ""
    ),
  ])
  func `refuses a command that cannot work`(command: String, message: String) {
    let found = workshop.complaints(ring(command: command))
    #expect(found == (message.isEmpty ? [] : ["t.yaml:\(message)"]))
  }

  @Test(arguments: [
    ("environment: [A]", "7:18: expected a mapping (KEY: VALUE) for 'environment', found a list"),
    ("folder: gone", "7:13: there is no folder 'gone'"),
    ("files: [gone.py]", "7:13: there is no readable file 'gone.py'"),
    (
      "files: [{ from: node.conf, to: ../x }]",
      "7:36: 'to' is a path inside the node's own folder, found '../x'"
    ),
    ("files: [node.conf, node.conf]", "7:24: two files would be put at 'node.conf'"),
    (
      "files: [{ from: broken.conf, fill: true }]",
      "7:21: broken.conf:1:3: unknown placeholder '{ b\nc }'; there are: {name}, {index}, {dir}, {log}, "
        + "{config}, {seed}, {address}, {host}, {port}, {address:NODE}, {host:NODE}, {port:NODE}; a "
        + "brace itself is doubled"
    ),
    (
      "ready: soon",
      "7:12: 'ready' takes event, tcp, { log: REGEX }, { tcp: PORT } or { http: /PATH }, found 'soon'"
    ),
    (
      "ready: tcp",
      "7:12: nothing tells the program the port that it is awaited at: put {port} into its command, "
        + "environment, input or files, or name the port here"
    ),
    ("ready: { tcp: 70000 }", "7:19: 'tcp' takes a port from 1 to 65535, found '70000'"),
    (
      "ready: { http: status }",
      "7:20: 'http' takes a path, or a port and a path: /status, 8080/status, found 'status'"
    ),
    (
      "ready: { log: 'a(b' }",
      "7:19: not a regular expression: missing closing parenthesis, after character 3 of 'a(b'"
    ),
    ("ready: { log: a, tcp: 1 }", "7:12: 'ready' is one of log, tcp, http"),
    ("events: [{ kind: a.b }]", "7:14: missing key 'match' in an event"),
    (
      "events: [{ match: a, kind: Got }]",
      "7:32: 'kind' is like area.verb, in lower case; found 'Got'"
    ),
    (
      "events: [{ match: '(?<t>a)', kind: a.b }]",
      "7:23: a group cannot be called 't', which every event has"
    ),
    (
      "events: [{ match: '(?<hops>a)', kind: a.b, numbers: [hop] }]",
      "7:58: unknown group 'hop' of the pattern (did you mean 'hops'?); there are: hops"
    ),
    ("role: hub", "7:11: unknown role 'hub'; there are: none"),
    (
      "options: { pace: 1s }",
      "7:5: unknown key 'options'; allowed here: role, count, after, every, joins, listen, command, "
        + "environment, folder, input, files, ready, events"
    ),
  ])
  func `refuses what its other keys cannot mean`(line: String, message: String) {
    #expect(workshop.complaints(ring(line)) == ["t.yaml:\(message)"])
  }

  @Test func `refuses patterns where the program writes its events itself`() {
    #expect(
      workshop.complaints(
        ring("events: [{ match: a, kind: a.b }]", command: "[sh, '{log}']")
      ) == [
        "t.yaml:7:5: 'events' are made of what is printed, but this program writes its events itself, "
          + "to {log}"
      ])
  }

  @Test func `refuses the address of who has none, or has it too late`() {
    #expect(
      workshop.complaints(ring(command: "[sh, '{address:hub}']", hub: "{ log: up }")) == [])
    let silent = ring(command: "[sh, '{address:hub}']", hub: "{ log: up }")
      .replacing("[./node.sh, '{port}']", with: "[./node.sh]")
    #expect(
      workshop.complaints(silent) == [
        "t.yaml:6:14: nothing says where the nodes of group 'hub' listen, which group 'leaf' is told: "
          + "put {port} into their command, or say what they are 'ready' by"
      ])
    let late = ring("ready: { log: 'at (?<port>\\d+)' }")
      .replacing("[./node.sh, '{port}']", with: "[./node.sh, '{port}', '{address:leaf-1}']")
    #expect(
      workshop.complaints(late) == [
        "t.yaml:3:29: group 'hub' is told where 'leaf-1' listens, which is not known when it starts: "
          + "let it start after group 'leaf', or put {port} into the command there"
      ])
  }

  @Test func `has faults on what programs send only where the kernel or a relay carries them out`()
  {
    let text = ring().replacing(
      "stop:", with: "faults: [{ at: 1s, partition: { between: hub, and: leaf-2 } }]\nstop:")
    #expect(
      workshop.complaints(text) == [
        "t.yaml:7:31: a partition is carried out by nodes of ours, and hub-1 is a program: let a "
          + "relay do it, with 'isolation: relay', or the kernel, with 'isolation: namespace'"
      ])
    for isolation in ["relay", "namespace"] {
      #expect(workshop.complaints("isolation: \(isolation)\n" + text) == [])
    }
  }

  @Test func `cannot be simulated`() {
    #expect(
      workshop.complaints(ring(), programs: false).last
        == "t.yaml:6:5: a program cannot be simulated, "
        + "only the networks that Seedbed ships: 'seedbed run t.yaml'")
  }

  @Test func `has a network of any name only where every group is a program`() {
    #expect(workshop.complaints(ring()) == [])
    #expect(
      workshop.complaints(ring().replacing("network: ring", with: "network: My Ring")) == [
        "t.yaml:1:10: a network's name is a letter and then letters, digits and hyphens, in lower "
          + "case, 40 at most; found 'My Ring'"
      ])
    let mixed = ring().replacing("stop:", with: "  own: { count: 1 }\nstop:")
    #expect(
      workshop.complaints(mixed).first == "t.yaml:1:10: unknown network 'ring'; there are: mesh")
  }
}

@Suite struct `A template` {
  @Test func `has its placeholders filled in, and its doubled braces made single`() throws {
    let template = try Template(parsing: "{{{name}}}:{port:hub-1}é")
    let text = template.filled { placeholder in
      switch placeholder {
      case .name: "n"
      case .address(.port, of: "hub-1"): "7"
      case .index, .dir, .log, .config, .seed, .address: "?"
      }
    }
    #expect(text == "{n}:7é")
  }
}
