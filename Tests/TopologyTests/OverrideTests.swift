import Participants
import Testing
import Topology

@Suite struct `Changes from the command line` {
  @Test func `replace what is in the file and add what is not`() throws {
    let read = try topology(
      meshText,
      set: [
        "groups.leaf.count=50", "stop.at=30s", "stop.within=1s", "groups.hub.options.limit=3",
        "faults.0.at=8500ms", "faults.2.pause=leaf-4", "unexpected-exits=allow",
        "checks=[all-is-well]", "groups.third={role: leaf, count: 4, after: hub}",
      ])
    #expect(read.groups.map(\.count) == [50, 2, 1, 4])
    #expect(read.stopAt == .seconds(30))
    #expect(read.stopWithin == .seconds(1))
    #expect(read.groups[1].options == ["limit": .count(3)])
    #expect(read.faults[0].at == .milliseconds(8_500))
    #expect(read.faults[2].action == .node(.pause, .node("leaf-4")))
    #expect(read.allowsUnexpectedExits)
    #expect(read.checks == ["all-is-well"])
    #expect(read.groups[3].role == "mesh-leaf")
  }

  @Test func `are applied in order`() throws {
    let read = try topology(meshText, set: ["stop.at=30s", "stop={at: 40s}", "stop.within=2s"])
    #expect(read.stopAt == .seconds(40))
    #expect(read.stopWithin == .seconds(2))
  }

  @Test(arguments: [
    (
      "groups.leaf.cuont=5",
      "unknown key 'cuont' (did you mean 'count'?); allowed here: role, count, after, every, joins, "
        + "listen, command, nat, options, variants"
    ),
    ("groups.leaf.count=0", "'count' takes a whole number from 1 to 200000, found '0'"),
    ("groups.leaf.count=", "there is nothing in it"),
    ("groups.lef.count=5", "unknown role 'lef' (did you mean 'leaf'?); there are: hub, leaf"),
    (
      "stop.at", "expected KEY=VALUE with the key's names joined by dots, e.g. groups.peer.count=50"
    ),
    ("=1", "expected KEY=VALUE with the key's names joined by dots, e.g. groups.peer.count=50"),
    ("a..b=1", "expected KEY=VALUE with the key's names joined by dots, e.g. groups.peer.count=50"),
    ("stop.at.x=1", "there is no 'x' in 'stop.at', which is '20s'"),
    ("faults.6.at=1s", "there is no '6' in 'faults', which is a list of 0 to 5"),
    ("faults.-1.at=1s", "there is no '-1' in 'faults', which is a list of 0 to 5"),
    ("faults=[", "not YAML: did not find expected node content (while parsing a flow node)"),
    ("faults=&x []", "anchors are not supported: write the value out"),
  ])
  func `are named as the place of what is wrong with them`(change: String, message: String) {
    #expect(complaints(meshText, set: [change]) == ["\(change): \(message)"])
  }

  @Test func `are the place of a fault that they spoil`() {
    #expect(
      complaints(meshText, set: ["faults.1.kill=leaf-99"]) == [
        "faults.1.kill=leaf-99: unknown node 'leaf-99': group 'leaf' has leaf-1 to leaf-12"
      ])
    #expect(
      complaints(meshText, set: ["faults.2.for=12s"]) == [
        "faults.2.for=12s: the pause would end at 21s, after the run stops at 20s; leave "
          + "'for' out to let it last to the end"
      ])
  }

  @Test func `do not move what is wrong elsewhere`() {
    #expect(
      complaints(meshText, set: ["groups.leaf.count=6"]).first
        == "t.yaml:15:21: unknown node 'leaf-7': group 'leaf' has leaf-1 to leaf-6")
  }
}
