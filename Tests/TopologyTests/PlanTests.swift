import Participants
import Testing
import Topology

@Suite struct `A plan` {
  @Test func `has every node by name, in start order, with its delay and options`() throws {
    let plan = try topology(meshText).plan(seed: 1)
    let leaves = (1...12).map { "leaf-\($0)" }
    #expect(plan.nodes.map(\.name) == ["hub-1", "hub-2"] + leaves + ["far-leaf-1"])
    let third = plan.nodes[4]
    #expect(third.name == "leaf-3")
    #expect(third.group == "leaf")
    #expect(third.role == "mesh-leaf")
    #expect(third.after == "hub")
    #expect(third.delay == .milliseconds(40))
    #expect(third.listen == nil)
    #expect(plan.network == "mesh")
    #expect(plan.seed == 1)
    #expect(plan.stopAt == .seconds(20))
  }

  @Test func `tells apart the options that are addresses, without a node's own`() throws {
    let nodes = try topology(
      meshText, set: ["groups.leaf.options={friends: [leaf-1, hub], pace: 2s}"]
    ).plan(seed: 1).nodes
    let leaves = nodes.filter { $0.group == "leaf" }
    #expect(leaves.count == 12)
    for leaf in leaves {
      let first = leaf.name == "leaf-1" ? [] : ["leaf-1"]
      #expect(leaf.addresses == ["friends": first + ["hub-1", "hub-2"]])
      #expect(leaf.options["friends"] == nil)
    }
    #expect(nodes[0].addresses == [:])
  }

  @Test(arguments: 0..<50)
  func `is equal for the same seed, and has other victims for another`(seed: UInt64) throws {
    let topology = try topology(meshText)
    let plan = topology.plan(seed: seed)
    #expect(plan == topology.plan(seed: seed))
    let others = (1...20).map { topology.plan(seed: seed &+ $0 &* 1_000_003) }
    #expect(others.contains { $0.faults != plan.faults })
    #expect(others.contains { $0.nodes != plan.nodes })
  }

  @Test(arguments: 0..<50)
  func `gives each variant to as many nodes as it counts`(seed: UInt64) throws {
    let leaves = try topology(meshText).plan(seed: seed).nodes.filter { $0.group == "leaf" }
    #expect(leaves.count { $0.options == ["pace": "500ms", "shy": "true"] } == 3)
    #expect(leaves.count { $0.options == [:] } == 2)
    #expect(leaves.count { $0.options == ["pace": "500ms"] } == 7)
  }

  @Test(arguments: 0..<200)
  func `never hits a node that is down, paused or named by another fault`(seed: UInt64) throws {
    let text =
      meshText
        + """
        # 12 leaves, of which 3, 7 and 9 are named above.
        """
    let plan = try topology(
      text,
      set: [
        "faults=[{at: 1s, kill: {group: leaf, count: 3}}, {at: 2s, pause: {group: leaf, count: 3}, "
          + "for: 2s}, {at: 3s, stop: {group: leaf, count: 2}}, {at: 4s, kill: {group: leaf, "
          + "count: 3}}, {at: 5s, restart: {group: leaf, count: 8}}, {at: 6s, kill: {group: leaf, "
          + "count: 11}}, {at: 6s, stop: leaf-12}]"
      ]
    ).plan(seed: seed)
    #expect(plan.faults.map(\.id) == Array(1...31))
    let times = plan.faults.map(\.at)
    #expect(times == times.sorted())
    var down: Set<String> = []
    var pausedUntil: [String: Microseconds] = [:]
    for fault in plan.faults {
      let node = try #require(fault.node)
      #expect((node == "leaf-12") == (fault.id == 31))
      let isPaused = pausedUntil[node].map { fault.at < $0 } ?? false
      switch fault.action {
      case .kill, .stop:
        #expect(!isPaused)
        #expect(down.insert(node).inserted)
      case .pause:
        #expect(!isPaused && !down.contains(node))
        pausedUntil[node] = fault.lasting.map { fault.at + $0 }
      case .restart:
        #expect(down.remove(node) != nil)
      case .partition, .loss, .latency, .bandwidth:
        Issue.record("\(fault)")
      }
    }
    #expect(down.count == 12)
  }

  @Test func `orders faults by time, and by the file within a moment`() throws {
    let plan = try topology(
      meshText,
      set: ["faults=[{at: 2s, kill: leaf-2}, {at: 1s, kill: leaf-9}, {at: 1s, kill: leaf-1}]"]
    ).plan(seed: 3)
    #expect(plan.faults.map(\.node) == ["leaf-9", "leaf-1", "leaf-2"])
    #expect(plan.faults.map(\.id) == [1, 2, 3])
  }

  @Test func `restarts running nodes where too few are down`() throws {
    let plan = try topology(
      meshText,
      set: [
        "faults=[{at: 1s, kill: {group: leaf, count: 2}}, {at: 2s, restart: {group: leaf, "
          + "count: 5}}]"
      ]
    ).plan(seed: 3)
    let killed = Set(plan.faults.prefix(2).map(\.node))
    let restarted = Set(plan.faults.dropFirst(2).map(\.node))
    #expect(restarted.count == 5)
    #expect(restarted.isSuperset(of: killed))
  }
}

private let words = "kill, stop, pause, restart, partition, loss, latency, bandwidth, churn"

@Suite struct `A schedule that cannot happen` {
  @Test(arguments: [
    ("{at: 20s, kill: leaf-1}", "a kill at 20s is too late: the run stops at 20s"),
    (
      "{at: 18s, pause: leaf-1, for: 3s}",
      "the pause would end at 21s, after the run stops at 20s; leave 'for' out to let it last to the end"
    ),
    ("{at: 1s, kill: leaf-13}", "unknown node 'leaf-13': group 'leaf' has leaf-1 to leaf-12"),
    (
      "{at: 1s, kill: leav-3}",
      "unknown node 'leav-3' (did you mean 'leaf-3'?); groups: leaf, hub, far-leaf"
    ),
    (
      "{at: 1s, kill: {group: leav}}",
      "unknown group 'leav' (did you mean 'leaf'?); there are: leaf, hub, far-leaf"
    ),
    (
      "{at: 1s, kill: {group: leaf, count: 13}}",
      "a kill of 13 in group 'leaf' at 1s finds only 12 that are up and that no other fault "
        + "names"
    ),
    (
      "{at: 1s, kill: leaf-1, stop: leaf-2}",
      "a fault is exactly one of \(words); found kill and stop"
    ),
    ("{at: 1s}", "a fault is exactly one of \(words); found none"),
    (
      "{at: 1s, kill: leaf-1, for: 3s}",
      "a kill has no end; 'for' belongs to pause, partition, loss, latency, bandwidth, churn"
    ),
    ("{at: 1s, pause: leaf-1, for: 0s}", "'for' takes a duration from 1us to 168h, found '0s'"),
    ("{kill: leaf-1}", "missing key 'at' in a fault"),
    ("{at: soon, kill: leaf-1}", "'at' takes a duration from 0s to 168h, found 'soon'"),
    ("{at: 1s, kill: [leaf-1]}", "'kill' takes a word, found a list"),
    ("{at: 1s, kill: {count: 2}}", "missing key 'group' in 'kill'"),
    (
      "{at: 1s, kil: leaf-1}",
      "unknown key 'kil' (did you mean 'kill'?); allowed here: at, \(words), for"
    ),
    ("leaf-1", "expected a mapping (KEY: VALUE) for a fault, found 'leaf-1'"),
  ])
  func `is refused`(fault: String, message: String) {
    #expect(
      complaints(meshText, set: ["faults=[\(fault)]"]).first?.hasSuffix(": " + message) == true)
  }

  @Test(arguments: [
    ("kill: leaf-1", "kill: leaf-1", "leaf-1 is already down at 2s: restart it before"),
    ("stop: leaf-1", "pause: leaf-1", "leaf-1 is already down at 2s: restart it before"),
    ("pause: leaf-1", "stop: leaf-1", "leaf-1 is still paused at 2s"),
    ("for: 3s, pause: leaf-1", "pause: leaf-1", "leaf-1 is still paused at 2s"),
  ])
  func `has a fault on a node that an earlier one took away`(
    first: String, second: String, message: String
  ) {
    let change = "faults=[{at: 2s, \(second)}, {at: 1s, \(first)}]"
    #expect(complaints(meshText, set: [change]) == ["\(change): \(message)"])
  }

  @Test(arguments: [
    ("kill: leaf-1", "restart: leaf-1"), ("pause: leaf-1", "kill: leaf-1"),
    ("for: 1s, pause: leaf-1", "stop: leaf-1"), ("stop: leaf-1", "kill: leaf-2"),
    ("pause: leaf-1", "restart: leaf-1"), ("restart: leaf-1", "kill: leaf-1"),
  ])
  func `is not one whose faults follow from each other`(first: String, second: String) {
    let change = "faults=[{at: 2s, \(second)}, {at: 1s, \(first)}]"
    #expect(complaints(meshText, set: [change]) == [])
  }

  @Test func `names the place of each fault that is wrong`() {
    let text = meshText.replacing("leaf-9", with: "leaf-99").replacing("9s", with: "25s")
    #expect(
      complaints(text) == [
        "t.yaml:16:11: a pause at 25s is too late: the run stops at 20s",
        "t.yaml:17:22: unknown node 'leaf-99': group 'leaf' has leaf-1 to leaf-12",
      ])
  }
}
