import Participants
import Testing
import Topology

@Suite struct `A valid topology` {
  @Test func `is read as it is written`() throws {
    let read = try topology(meshText + "ready: { within: 1m }\nunexpected-exits: allow\n")
    #expect(read.network == "mesh")
    #expect(read.groups.map(\.name) == ["leaf", "hub", "far-leaf"])
    #expect(read.groups.map(\.role) == ["mesh-leaf", "mesh-hub", "mesh-leaf"])
    #expect(read.groups.map(\.count) == [12, 2, 1])
    #expect(read.groups.map(\.after) == ["hub", nil, "leaf"])
    #expect(read.groups.map(\.every) == [.milliseconds(20), .zero, .zero])
    #expect(read.faults.count == 6)
    #expect(read.faults[2].action == .node(.pause, .node("leaf-3")))
    #expect(read.faults[2].at == .seconds(9))
    #expect(read.faults[2].lasting == .seconds(4))
    #expect(read.faults[5].action == .node(.pause, .some(1, group: "hub")))
    #expect(read.readyWithin == .seconds(60))
    #expect(read.stopAt == .seconds(20))
    #expect(read.stopWithin == .seconds(5))
    #expect(read.allowsUnexpectedExits)
    #expect(read.checks == nil)
  }

  @Test func `keeps only the options that differ from the role's defaults`() throws {
    let leaf = try topology(meshText).groups[0]
    #expect(leaf.options == ["pace": .duration(.milliseconds(500))])
    #expect(leaf.variants[0].options == leaf.options.merging(["shy": .flag(true)]) { $1 })
    #expect(leaf.variants[1].options == [:])
  }

  @Test func `has defaults for what may be left out`() throws {
    let read = try topology("network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: 1s }\n")
    #expect(read.readyWithin == .seconds(30))
    #expect(read.stopWithin == .seconds(5))
    #expect(!read.allowsUnexpectedExits)
    #expect(read.faults.isEmpty)
  }

  @Test func `may be written in JSON, or with quotes`() throws {
    let read = try topology(
      #"{"network":"mesh","groups":{"hub":{"count":"1"}},"stop":{"at":"1s"}}"#)
    #expect(read.groups.map(\.count) == [1])
  }

  @Test func `names its checks, or none of them`() throws {
    let text = "network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: 1s }\n"
    #expect(try topology(text + "checks: [nothing-is-lost]\n").checks == ["nothing-is-lost"])
    #expect(try topology(text + "checks: []\n").checks == [])
  }
}

@Suite struct `What is not YAML, or more than is needed of it` {
  @Test(arguments: [
    ("", "t.yaml: there is nothing in it"),
    ("# only a comment\n", "t.yaml: there is nothing in it"),
    (
      "network: mesh\ngroups: { hub: { count: 2 }\nstop: { at: 1s }\n",
      "t.yaml:3:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping)"
    ),
    ("a:\n\t- b\n", "t.yaml:2:1: not YAML: a tab; lines are indented with spaces only"),
    ("à: ü\nb:\n  \tc: 1\n", "t.yaml:3:3: not YAML: a tab; lines are indented with spaces only"),
    (
      "a: @b\n",
      "t.yaml:1:4: not YAML: found character that cannot start any token (while "
        + "scanning for the next token)"
    ),
    ("a: b\u{1}\n", "t.yaml:1:5: not YAML: control characters are not allowed"),
    ("à: 1\nb: ü\u{1}\n", "t.yaml:2:5: not YAML: control characters are not allowed"),
    ("a: &x 1\n", "t.yaml:1:4: anchors are not supported: write the value out"),
    ("a: 1\nb: *x\n", "t.yaml:2:4: aliases are not supported: write the value out"),
    ("a: !!int 1\n", "t.yaml:1:4: tags are not supported: write the value alone"),
    ("a: !x [1]\n", "t.yaml:1:4: tags are not supported: write the value alone"),
    ("a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins here"),
    ("? [a]\n: 1\n", "t.yaml:1:3: expected a key, found a list"),
    ("- a\n", "t.yaml:1:1: expected a mapping (KEY: VALUE) for the topology, found a list"),
    ("mesh", "t.yaml:1:1: expected a mapping (KEY: VALUE) for the topology, found 'mesh'"),
    (String(repeating: "[", count: 1_000), "t.yaml:1:21: more than 20 levels of nesting"),
    (
      String(repeating: "[", count: 20) + String(repeating: "]", count: 20),
      "t.yaml:1:1: expected a mapping (KEY: VALUE) for the topology, found a list"
    ),
  ])
  func `is refused with its place`(text: String, message: String) {
    #expect(complaints(text) == [message])
  }
}

@Suite struct `What a topology may not say` {
  private let rest = "stop: { at: 20s }\n"

  @Test func `all that is wrong is said at once, whatever stage finds it`() {
    let text = """
      network: mesh
      network: mosh
      groups:
        hub: { count: 2, count: 3 }
        leaf: { count: 3, after: hubb }
      faults:
        - { at: 1s, kill: leaf-9 }
        - { at: 90s, kill: hub-1 }
      ready: { within: soon }
      stop: { at: 20s }
      checks: [all-is-wel]

      """
    #expect(
      complaints(text, set: ["nonsense", "faults.7.at=1s", "colour=red"]) == [
        "t.yaml:2:1: duplicate key 'network'; the first is in line 1",
        "t.yaml:4:20: duplicate key 'count'; the first is in line 4",
        "nonsense: expected KEY=VALUE with the key's names joined by dots, "
          + "e.g. groups.peer.count=50",
        "faults.7.at=1s: there is no '7' in 'faults', which is a list of 0 to 1",
        "colour=red: unknown key 'colour'; allowed here: network, groups, faults, ready, stop, "
          + "unexpected-exits, checks, network-model, isolation",
        "t.yaml:9:18: 'within' takes a duration from 1ms to 1h, found 'soon'",
        "t.yaml:11:10: unknown check 'all-is-wel' (did you mean 'all-is-well'?); there are: "
          + "all-is-well, nothing-is-lost",
        "t.yaml:5:28: unknown group 'hubb' (did you mean 'hub'?); there are: hub, leaf",
        "t.yaml:7:21: unknown node 'leaf-9': group 'leaf' has leaf-1 to leaf-3",
      ])
    // The groups are sound now, so that the faults can be judged by them.
    #expect(
      complaints(text.replacing("hubb", with: "hub"), set: ["ready.within=1h2"]).suffix(2) == [
        "t.yaml:7:21: unknown node 'leaf-9': group 'leaf' has leaf-1 to leaf-3",
        "t.yaml:8:11: a kill at 90s is too late: the run stops at 20s",
      ])
  }

  @Test func `whom faults name is judged by all groups whose size is known`() {
    let text = """
      network: mesh
      groups:
        hub: { count: 0 }
        leaf: { role: leef, count: 3 }
      faults:
        - { at: 1s, kill: hub-7 }
        - { at: 2s, kill: leaf-4 }
        - { at: 3s, pause: { group: hup } }
        - { at: 4s, partition: { between: [hub, leaf-1], and: leaf-5 } }
      stop: { at: 20 }
      """
    #expect(
      complaints(text) == [
        "t.yaml:3:17: 'count' takes a whole number from 1 to 200000, found '0'",
        "t.yaml:4:17: unknown role 'leef' (did you mean 'leaf'?); there are: hub, leaf",
        "t.yaml:10:13: 'at' takes a duration from 1ms to 168h, found '20' (did you mean '20s'?)",
        "t.yaml:7:21: unknown node 'leaf-4': group 'leaf' has leaf-1 to leaf-3",
        "t.yaml:8:22: unknown group 'hup' (did you mean 'hub'?); there are: hub, leaf",
        "t.yaml:9:26: unknown node 'leaf-5': group 'leaf' has leaf-1 to leaf-3",
      ])
  }

  @Test(arguments: [
    ("6", "6s"), ("1.5", "1500ms"), ("6 s", "6s"), ("6sec", "6s"), ("2 minutes", "2m"),
    ("250 millis", "250ms"), ("1 Hour", "1h"), ("0", nil), ("6x", nil), ("soon", nil),
    ("999h", nil),
  ])
  func `a duration with another unit than there is, or none, is guessed`(
    text: String, guess: String?
  ) {
    #expect(
      complaints("network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: \(text) }\n") == [
        "t.yaml:3:13: 'at' takes a duration from 1ms to 168h, found '\(text)'"
          + (guess.map { " (did you mean '\($0)'?)" } ?? "")
      ])
  }

  @Test func `a duplicate key in a change is refused with it`() {
    #expect(
      complaints(meshText, set: ["stop={ at: 1s, at: 2s }"]) == [
        "stop={ at: 1s, at: 2s }: duplicate key 'at'; the first is in stop={ at: 1s, at: 2s }"
      ])
  }

  @Test func `an unknown or missing key is named, with the nearest and all that are allowed`() {
    #expect(
      complaints("network: mesh\ngrops: { hub: { count: 1 } }\n") == [
        "t.yaml:2:1: unknown key 'grops' (did you mean 'groups'?); allowed here: network, groups, "
          + "faults, ready, stop, unexpected-exits, checks, network-model, isolation",
        "t.yaml:1:1: missing key 'groups' in the topology",
        "t.yaml:1:1: missing key 'stop' in the topology",
      ])
    #expect(
      complaints("network: mesh\ngroups: { hub: { cuont: 1 } }\nstop: { within: 1s }\n") == [
        "t.yaml:2:18: unknown key 'cuont' (did you mean 'count'?); allowed here: role, count, "
          + "after, every, joins, listen, command, nat, options, variants",
        "t.yaml:2:16: missing key 'count' in group 'hub'",
        "t.yaml:3:7: missing key 'at' in 'stop'",
      ])
  }

  @Test func `a misspelled name is answered with the nearest and all that there are`() {
    #expect(
      complaints("network: mehs\ngroups: { hub: { count: 1 } }\n" + rest)
        == ["t.yaml:1:10: unknown network 'mehs' (did you mean 'mesh'?); there are: mesh"])
    #expect(
      complaints("network: mesh\ngroups: { hubb: { count: 1 } }\n" + rest)
        == ["t.yaml:2:11: unknown role 'hubb' (did you mean 'hub'?); there are: hub, leaf"])
    #expect(
      complaints("network: mesh\ngroups: { a: { role: leav, count: 1 } }\n" + rest)
        == ["t.yaml:2:22: unknown role 'leav' (did you mean 'leaf'?); there are: hub, leaf"])
    #expect(
      complaints("network: mesh\ngroups: { hub: { count: 1, options: { limt: 2 } } }\n" + rest)
        == [
          "t.yaml:2:39: unknown option 'limt' of mesh-hub (did you mean 'limit'?); there are: limit"
        ])
    #expect(
      complaints("network: mesh\ngroups: { hub: { count: 1, after: hup } }\n" + rest)
        == ["t.yaml:2:35: unknown group 'hup' (did you mean 'hub'?); there are: hub"])
    #expect(
      complaints(
        "network: mesh\ngroups: { hub: { count: 1 } }\nchecks: [all-is-wel]\n" + rest)
        == [
          "t.yaml:3:10: unknown check 'all-is-wel' (did you mean 'all-is-well'?); there are: "
            + "all-is-well, nothing-is-lost"
        ])
  }

  @Test(arguments: [
    ("count: 0", "'count' takes a whole number from 1 to 200000, found '0'"),
    ("count: -1", "'count' takes a whole number from 1 to 200000, found '-1'"),
    ("count: 200001", "'count' takes a whole number from 1 to 200000, found '200001'"),
    (
      "count: 99999999999999999999",
      "'count' takes a whole number from 1 to 200000, found '99999999999999999999'"
    ),
    ("count: 1.5", "'count' takes a whole number from 1 to 200000, found '1.5'"),
    ("count: two", "'count' takes a whole number from 1 to 200000, found 'two'"),
    ("count: [1]", "'count' takes a whole number from 1 to 200000, found a list"),
    ("count:", "'count' takes a whole number from 1 to 200000, found nothing"),
    (
      "count: 1, every: 20",
      "'every' takes a duration from 0s to 1h, found '20' (did you mean '20s'?)"
    ),
    ("count: 1, every: 2h", "'every' takes a duration from 0s to 1h, found '2h'"),
    ("count: 1, role: {}", "'role' takes a word, found a mapping"),
    (
      "count: 1, options: [limit]",
      "expected a mapping (KEY: VALUE) for options, found a list"
    ),
    (
      "count: 1, options: { limit: 10 }",
      "'limit' takes a whole number from 1 to 9, found '10'"
    ),
    ("count: 1, variants: 3", "'variants' takes a list, found '3'"),
    (
      "count: 1, variants: [{ count: 2, options: {} }]",
      "the variants are 2 nodes, but group 'hub' has 1"
    ),
  ])
  func `a value of the wrong kind or out of range is answered with what is allowed`(
    group: String, message: String
  ) {
    let text = "network: mesh\n\(rest)groups: {  hub: { \(group) } }\n"
    let found = complaints(text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("t.yaml:3:") == true)
    #expect(found.first?.hasSuffix(": " + message) == true)
  }

  @Test func `options of every kind are checked`() {
    let text = """
      network: mesh
      groups:
        hub: { count: 1 }
        leaf:
          count: 1
          after: hub
          options:
            pace: 5
            shy: yes
            mode: mild
            friends: [a, b, c]
            motto: more than twenty bytes
      stop: { at: 20s }
      """
    #expect(
      complaints(text) == [
        "t.yaml:8:13: 'pace' takes a duration from 1ms to 1m, found '5' (did you mean '5s'?)",
        "t.yaml:9:12: 'shy' takes true or false, found 'yes'",
        "t.yaml:10:13: 'mode' takes calm or wild, found 'mild' (did you mean 'wild'?)",
        "t.yaml:11:16: 'friends' takes up to 2 names of nodes or groups, found a list",
        "t.yaml:12:14: 'motto' takes text of at most 20 bytes, found 'more than twenty bytes'",
      ])
  }

  @Test(arguments: [
    ("hub", []), ("[hub-2, '127.0.0.1:80']", []), ("leaf-1", []), ("[]", []),
    (
      "hub-3",
      [
        "unknown node or group 'hub-3' in 'friends' (did you mean 'hub-1'?); there are: hub, leaf, "
          + "late, hub-1, leaf-1, late-1"
      ]
    ),
    (
      "127.0.0.1:0",
      [
        "unknown node or group '127.0.0.1:0' in 'friends'; there are: hub, leaf, late, hub-1, "
          + "leaf-1, late-1"
      ]
    ),
    (
      "leaf",
      ["'friends' of group 'leaf' names the group itself: name one of its nodes, e.g. leaf-1"]
    ),
    (
      "late-1",
      [
        "'friends' of group 'leaf' names 'late-1', which starts later: let the group start after "
          + "it, with 'after: late'"
      ]
    ),
  ])
  func `an option may name nodes and groups that are there before`(
    friends: String, messages: [String]
  ) {
    let text = """
      network: mesh
      groups:
        leaf: { count: 3, after: hub, options: { friends: \(friends) } }
        hub: { count: 2 }
        late: { role: leaf, count: 1, joins: 2s, options: { friends: leaf } }
      stop: { at: 20s }
      """
    #expect(complaints(text) == messages.map { "t.yaml:3:42: " + $0 })
  }

  @Test func `more nodes than the limit in all are refused where it is passed`() {
    let text = """
      network: mesh
      groups:
        hub: { count: 150000 }
        more: { role: hub, count: 50001 }
      stop: { at: 20s }
      """
    #expect(complaints(text) == ["t.yaml:4:29: 200001 nodes in all; 200000 at most"])
  }

  @Test(arguments: ["Hub", "7up", "-x", "a b", "a/b", "é", String(repeating: "x", count: 41)])
  func `a group's name must suit a file's name`(name: String) {
    let text =
      "network: mesh\ngroups: { \"\(name)\": { role: hub, count: 1 } }\nstop: { at: 20s }\n"
    #expect(
      complaints(text) == [
        "t.yaml:2:11: a group's name is a letter and then letters, digits and hyphens, in lower "
          + "case, 40 at most; found '\(name)'"
      ])
  }

  @Test func `groups that wait for each other are refused`() {
    let text = """
      network: mesh
      groups:
        hub: { count: 1, after: b }
        b: { role: hub, count: 1, after: hub }
        c: { role: hub, count: 1, after: c }
      stop: { at: 20s }
      """
    #expect(
      complaints(text) == [
        "t.yaml:3:27: group 'hub' would start after itself: hub after b after hub",
        "t.yaml:4:36: group 'b' would start after itself: b after hub after b",
        "t.yaml:5:36: group 'c' would start after itself: c after c",
      ])
  }

  @Test func `who reads the list of seeds must start after all of them`() {
    #expect(
      complaints("network: mesh\ngroups: { leaf: { count: 1 } }\nstop: { at: 20s }\n") == [
        "t.yaml:2:17: group 'leaf' reads the list of seeds at its start, but there are none: add a "
          + "group of role hub"
      ])
    let text = """
      network: mesh
      groups:
        hub: { count: 1 }
        hub2: { role: hub, count: 1, after: hub }
        leaf: { count: 1, after: hub }
        leaf2: { role: leaf, count: 1, after: hub2 }
      stop: { at: 20s }
      """
    #expect(
      complaints(text) == [
        "t.yaml:5:28: group 'leaf' reads the list of seeds at its start: let it start after them, "
          + "with 'after: hub2'"
      ])
  }

  @Test func `many problems are counted rather than printed`() {
    let keys = (1...25).map { "k\($0): 1\n" }.joined()
    let found = complaints(
      "network: mesh\ngroups: { hub: { count: 1 } }\nstop: { at: 1s }\n" + keys)
    #expect(found.count == 21)
    #expect(found.last == "t.yaml: 5 more problems")
  }
}
