import Faults
import NetworkFolders
import Networks
import Participants
import Testing
import Topology

@Suite struct `A topology composed from numbers` {
  private let gossip: SpawnTemplate

  init() throws {
    gossip = try Self.template("gossip")
  }

  private static func template(_ network: String) throws -> SpawnTemplate {
    try #require(try NetworkFolders.found.folder(named: network)?.spawnTemplate())
  }

  private func read(_ file: TopologyFile) throws -> Topology {
    try Topology(file, roles: Networks.roles, checks: nil)
  }

  @Test(arguments: [(5, 30, 20, 0), (5, 30, 20, 2), (1, 1, 4, 0), (5, 1_000, 30, 10)])
  func `is valid and has what was asked for`(
    seeds: Int, peers: Int, seconds: Int64, kills: Int
  ) throws {
    let file = try gossip.compose(
      counts: ["seeds": seeds, "peers": peers], duration: .seconds(seconds), kills: kills)
    let plan = try read(file).plan(seed: 1)
    #expect(plan.nodes.count { $0.role == "gossip-seed" } == seeds)
    #expect(plan.nodes.count { $0.role == "gossip-peer" } == peers)
    #expect(plan.stopAt == .seconds(seconds))
    #expect(plan.faults.count == kills)
    #expect(plan.checks == nil)
    for fault in plan.faults {
      #expect(fault.action == .kill)
      #expect(fault.node?.hasPrefix("peer-") == true)
      #expect(fault.at * 4 >= plan.stopAt && fault.at * 2 <= plan.stopAt)
    }
  }

  @Test func `there is one for every network`() {
    let networks = NetworkFolders.shipped.filter(\.hasSpawnFile).map(\.name)
    #expect(networks == Networks.all.map(\.name).sorted())
  }

  @Test(arguments: NetworkFolders.shipped.map(\.name), [Int64(1), 20, 3_600])
  func `of any network is valid, with its counts where none are asked for`(
    network: String, seconds: Int64
  ) throws {
    let template = try Self.template(network)
    let topology = try read(
      template.compose(duration: .seconds(seconds), kills: 2))
    for parameter in template.parameters {
      let group = parameter.name.dropLast()
      #expect(topology.groups.first { $0.name == group }?.count == parameter.count)
    }
    let victims = try #require(template.victims)
    let faults = topology.plan(seed: 1).faults
    #expect(faults.map { $0.node?.hasPrefix("\(victims)-") } == [true, true])
  }

  @Test(arguments: [4, 10, 20, 30, 60, 600])
  func `leaves the time to see every kill reported and repaired`(seconds: Int64) throws {
    let duration = Microseconds.seconds(seconds)
    let topology = try read(gossip.compose(duration: duration, kills: 2))
    let role = try #require(Networks.roles.first { $0.fullName == "gossip-peer" })
    let options = OptionValues(role.options, given: topology.groups[1].options)
    let probing = options.duration("liveness-interval") * (options.count("liveness-misses") + 1)
    let repair =
      probing + options.duration("answer-timeout") + options.duration("relink-interval") * 2
      + .seconds(1)
    let lastKill = try #require(topology.plan(seed: 0).faults.last)
    #expect(lastKill.at + repair <= duration)
  }

  @Test func `lets a bounded number of peers speak in a large network`() throws {
    let file = try gossip.compose(counts: ["peers": 1_000], duration: .seconds(30))
    let peers = try read(file).plan(seed: 1).nodes.filter { $0.group == "peer" }
    #expect(peers.count { $0.options["gossip-count"] == "3" } == 20)
    #expect(peers.count { $0.options["gossip-count"] == "0" } == 980)
  }

  @Test func `is refused like any other where its numbers make no sense`() throws {
    #expect(throws: TopologyError.self) {
      try read(gossip.compose(counts: ["peers": 0], duration: .seconds(20)))
    }
    let error = #expect(throws: TopologyError.self) {
      try read(gossip.compose(counts: ["peers": 2], duration: .seconds(20), kills: 3))
    }
    let file = try #require(NetworkFolders.found.folder(named: "gossip")?.spawnFile)
    #expect(
      error?.messages == [
        "\(file): a kill of 1 in group 'peer' at 10s finds only 0 that are up and that no other fault "
          + "names"
      ])
  }

  @Test func `is the same network where the file itself is run`() throws {
    for folder in NetworkFolders.shipped {
      let plan = try read(TopologyFile(reading: folder.spawnFile)).plan(seed: 1)
      #expect(try plan == read(Self.template(folder.name).compose()).plan(seed: 1))
    }
  }

  @Test func `is written as a file that is read as the same topology`() throws {
    for folder in NetworkFolders.shipped {
      let composed = try Self.template(folder.name).compose(duration: .seconds(33), kills: 2)
      let copy = TopologyFile(path: composed.path, text: composed.text)
      #expect(try read(copy) == read(composed), "\(composed.text)")
    }
  }

  @Test func `takes its values from keys that the command line has set`() throws {
    let folder = try #require(NetworkFolders.found.folder(named: "gossip"))
    let topology = try Topology(
      TopologyFile(reading: folder.spawnFile),
      overrides: ["stop.at=80s", "groups.peer.options.seed-retry=7s"], roles: Networks.roles,
      checks: nil)
    let options = topology.groups[1].options
    #expect(options["liveness-interval"] == .duration(.seconds(2)))
    #expect(options["seed-retry"] == .duration(.seconds(7)))
  }
}

@Suite struct `A spawn section` {
  private func text(_ section: String) -> String {
    """
    network: mine
    spawn:
    \(section)
    groups:
      peer: { count: 3, command: [/bin/true] }
    stop: { at: 8s }
    """
  }

  private func messages(_ section: String) -> [String] {
    do {
      let file = TopologyFile(path: "spawn.yaml", text: text(section))
      _ = try Topology(file, roles: Networks.roles, checks: nil)
      return []
    } catch {
      return error.messages
    }
  }

  private func value(_ expression: String) -> String? {
    let section = """
        parameters: { peers: groups.peer.count }
        values: { unit: 'for / 4' }
        set: { ready.within: '\(expression)' }
      """
    let template = try? SpawnTemplate(TopologyFile(path: "spawn.yaml", text: text(section)))
    let lines = try? template?.compose(counts: ["peers": 5]).text.split(separator: "\n")
    return (lines?.drop { $0 != "ready:" }.dropFirst().first).map {
      String($0.dropFirst("  within: ".count))
    }
  }

  @Test(arguments: [
    ("unit", "2s"), ("unit * 2 + 1s", "5s"), ("2 * unit - 500ms", "3500ms"), ("for / 3", "2666ms"),
    ("for / unit * 1s", "4s"), ("max(unit, 10ms * peers)", "2s"), ("(peers + 1) / 4 * 1s", "1s"),
    ("min(1s, max(unit, total * 1ms))", "1s"), ("peers - 7", "'-2'"), ("7 / 2", "3"),
  ])
  func `computes with whole numbers and durations`(expression: String, outcome: String) {
    #expect(value(expression) == outcome)
  }

  @Test(arguments: [
    ("  kill: peer", ["3:3: missing key 'parameters' in 'spawn'"]),
    (
      "  parameters: { peers: groups.peer.counts }",
      ["3:24: 'groups.peer.counts' is no number in this file"]
    ),
    (
      "  parameters: { for: groups.peer.count }",
      [
        "3:17: a parameter's name has lower-case letters, digits and hyphens, and is none of for, "
          + "total, max, min; found 'for'"
      ]
    ),
    ("  parameters: {}\n  kill: seed", ["4:9: there is no group 'seed' in this file"]),
    (
      "  parameters: {}\n  sets: {}",
      ["4:3: unknown key 'sets' (did you mean 'set'?); allowed here: parameters, kill, values, set"]
    ),
    (
      "  parameters: {}\n  set: { stop.within: for + 1 }",
      ["4:23: 'for + 1': 8s and 1 cannot be combined by '+'"]
    ),
    (
      "  parameters: { peers: groups.peer.count }\n  set: { stop.within: peer * 1s }",
      [
        "4:23: 'peer * 1s': 'peer' is no number, duration or name (did you mean 'peers'?); there are: "
          + "for, peers, total"
      ]
    ),
    ("  parameters: {}\n  set: { stop.within: 1s / 0 }", ["4:23: '1s / 0': it divides by 0"]),
    ("  parameters: {}\n  set: { stop.within: (1s }", ["4:23: '(1s': expected ')', found the end"]),
    ("  parameters: {}\n  set: { stop.within: 1s) }", ["4:23: '1s)': ')' is not expected here"]),
    (
      "  parameters: {}\n  set: { stop.within: '9223372036854775807 * 2' }",
      ["4:23: '9223372036854775807 * 2': it leads to too large a number"]
    ),
    (
      "  parameters: {}\n  set: { stop.within: 7 }",
      ["4:23: 'within' takes a duration from 1ms to 1h, found '7' (did you mean '7s'?)"]
    ),
  ])
  func `is refused with the place of what is wrong`(section: String, found: [String]) {
    #expect(messages(section) == found.map { "spawn.yaml:\($0)" })
  }

  @Test func `takes no formula that could overflow the stack`() {
    let open = String(repeating: "(", count: 500_000)
    #expect(
      messages("  parameters: {}\n  set: { stop.within: \(open) }")
        == ["spawn.yaml:4:23: '\(open.prefix(500))': it is longer than 500 bytes"])
  }
}
