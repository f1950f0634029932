import Participants
import Testing
import Topology

@Suite struct `A fault on the network` {
  private func plan(_ fault: String, seed: UInt64 = 1) throws -> [PlannedFault] {
    try topology(meshText, set: ["faults=[\(fault)]"]).plan(seed: seed).faults
  }

  @Test func `takes nodes, groups, and lists of both, each node once and in order`() throws {
    let faults = try plan(
      "{at: 1s, partition: {between: [leaf-3, hub, hub-1, leaf-2], and: far-leaf}, for: 3s}")
    #expect(
      faults == [
        PlannedFault(
          id: 1, action: .partition, at: .seconds(1), lasting: .seconds(3),
          network: NetworkFault(
            from: ["leaf-2", "leaf-3", "hub-1", "hub-2"], to: ["far-leaf-1"]))
      ])
    #expect(faults[0].subject == "leaf-2, leaf-3, hub-1, hub-2 <-> far-leaf-1")
  }

  @Test func `has its amount, and may go one way`() throws {
    let faults = try plan(
      "{at: 1s, loss: {between: hub-1, and: leaf-1, rate: 0.2, one-way: true}}, "
        + "{at: 2s, latency: {between: hub-1, and: hub-2, add: 200ms}}, "
        + "{at: 3s, bandwidth: {between: hub-1, and: hub-2, limit: 1.5KB/s}}")
    #expect(faults.map(\.action) == [.loss, .latency, .bandwidth])
    #expect(
      faults[0].network
        == NetworkFault(from: ["hub-1"], to: ["leaf-1"], oneWay: true, loss: 200_000))
    #expect(
      faults[1].network
        == NetworkFault(from: ["hub-1"], to: ["hub-2"], latency: .milliseconds(200)))
    #expect(faults[2].network == NetworkFault(from: ["hub-1"], to: ["hub-2"], bandwidth: 1_500))
    #expect(faults.map(\.lasting) == [nil, nil, nil])
    #expect(faults[0].subject == "hub-1 -> leaf-1")
  }

  @Test(arguments: 0..<20)
  func `splits off nodes that the seed chooses from all others`(seed: UInt64) throws {
    let text = "{at: 1s, partition: {split: {group: leaf, count: 4}}}"
    let split = try #require(try plan(text, seed: seed).first?.network)
    #expect(split.from.count == 4 && split.from.allSatisfy { $0.hasPrefix("leaf-") })
    #expect(split.to.count == 11)
    #expect(Set(split.from + split.to).count == 15)
    #expect(try plan(text, seed: seed).first?.network == split)
    #expect(try (100..<110).contains { try plan(text, seed: $0).first?.network != split })
  }

  @Test func `leaves the choice of other faults' nodes as it is`() throws {
    let kills = "{at: 1s, kill: {group: leaf, count: 3}}"
    let split = "{at: 500ms, partition: {split: {group: leaf, count: 4}}}"
    #expect(
      try plan(kills, seed: 5).compactMap(\.node)
        == plan("\(split), \(kills)", seed: 5).compactMap(\.node))
  }

  @Test(arguments: [
    (
      "partition: {between: leaf, and: leav-3}",
      "unknown node 'leav-3' (did you mean 'leaf-3'?); groups: leaf, hub, far-leaf"
    ),
    (
      "partition: {between: leaf, and: leaf-13}",
      "unknown node 'leaf-13': group 'leaf' has leaf-1 to leaf-12"
    ),
    (
      "partition: {between: leaf-1, and: [leaf-1]}",
      "a partition between leaf-1 and itself disturbs nothing"
    ),
    (
      "partition: {between: leaf-1}",
      "the sides are either 'between' and 'and', or 'split': a part and all others"
    ),
    (
      "partition: {between: leaf, and: hub, split: {group: leaf}}",
      "the sides are either 'between' and 'and', or 'split': a part and all others"
    ),
    (
      "partition: {split: {group: hub, count: 3}}",
      "a split of 3 needs as many nodes in group 'hub', which has 2, and at least one other node"
    ),
    ("partition: {between: [], and: hub}", "'between' names no node"),
    ("partition: {between: {group: leaf}, and: hub}", "'between' takes a word, found a mapping"),
    (
      "partition: leaf-1",
      "'partition' takes its sides, { between: NAME, and: NAME }, found 'leaf-1'"
    ),
    ("loss: {between: leaf, and: hub}", "missing key 'rate' in 'loss'"),
    (
      "loss: {between: leaf, and: hub, rate: 2}",
      "'rate' takes a rate from 0 to 1 with at most 6 decimals, found '2'"
    ),
    ("latency: {between: leaf, and: hub}", "missing key 'add' in 'latency'"),
    ("bandwidth: {between: leaf, and: hub}", "missing key 'limit' in 'bandwidth'"),
    (
      "bandwidth: {between: leaf, and: hub, limit: 1KiB/s}",
      "'limit' takes a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s, found '1KiB/s'"
    ),
    (
      "latency: {between: leaf, and: hub, add: 1ms, one-way: yes}",
      "'one-way' takes true or false, found 'yes'"
    ),
    (
      "partition: {between: leaf, and: hub}, for: 20s",
      "the partition would end at 21s, after the run stops at 20s; leave 'for' out to let it last "
        + "to the end"
    ),
  ])
  func `is refused where it makes no sense`(fault: String, message: String) {
    let change = "faults=[{at: 1s, \(fault)}]"
    #expect(complaints(meshText, set: [change]) == ["\(change): \(message)"])
  }
}

@Suite struct `Churn` {
  private func faults(
    every: String = "500ms", rest: String = "", seed: UInt64 = 1, stop: String = "20s"
  ) throws -> [PlannedFault] {
    let churn = "{at: 2s, churn: {group: leaf, every: \(every), down-for: 2s}, for: 10s}"
    return try topology(meshText, set: ["stop.at=\(stop)", "faults=[\(rest)\(churn)]"])
      .plan(seed: seed).faults
  }

  @Test(arguments: 0..<100)
  func `kills only nodes that are up, and starts each again after its time`(seed: UInt64) throws {
    let faults = try faults(seed: seed)
    #expect(faults.map(\.id) == Array(1...faults.count))
    #expect(faults.map(\.at) == faults.map(\.at).sorted())
    var downSince: [String: Microseconds] = [:]
    for fault in faults {
      let node = try #require(fault.node)
      #expect(node.hasPrefix("leaf-"))
      switch fault.action {
      case .kill:
        #expect(fault.at >= .seconds(2) && fault.at < .seconds(12))
        #expect(downSince.updateValue(fault.at, forKey: node) == nil)
      case .restart:
        #expect(downSince.removeValue(forKey: node).map { $0 + .seconds(2) } == fault.at)
      case .stop, .pause, .partition, .loss, .latency, .bandwidth:
        Issue.record("\(fault)")
      }
    }
    #expect(downSince.isEmpty)
  }

  @Test func `has gaps of the mean that was asked for, exponentially spread`() throws {
    var gaps: [Double] = []
    for seed in 0..<400 as Range<UInt64> {
      let kills = try faults(every: "2s", seed: seed).filter { $0.action == .kill }.map(\.at)
      gaps += zip(kills.dropFirst(), kills).map { Double(($0 - $1).count) / 2e6 }
    }
    // Gaps that do not fit into ten seconds are cut off: compare with what is left.
    let share = { (limit: Double) in Double(gaps.count { $0 < limit }) / Double(gaps.count) }
    #expect(gaps.count > 1_200)
    #expect((0.28...0.36).contains(share(0.3)))
    #expect((0.68...0.78).contains(share(1)))
    #expect((0.90...0.95).contains(share(2)))
  }

  @Test func `is another for another seed, and leaves other choices as they are`() throws {
    let kills = "{at: 1s, kill: {group: leaf, count: 3}}, "
    let all = try faults(rest: kills, seed: 7)
    #expect(try faults(rest: kills, seed: 7) == all)
    #expect(try faults(rest: kills, seed: 8) != all)
    let others = all.prefix(3).compactMap(\.node)
    #expect(
      try others
        == topology(meshText, set: ["faults=[\(kills.dropLast(2))]"]).plan(seed: 7).faults
        .compactMap(\.node))
    #expect(!all.dropFirst(3).contains { others.contains($0.node ?? "") })
  }

  @Test func `ends with the run where no restart fits in any more`() throws {
    let faults = try faults(every: "100ms", stop: "12s")
    #expect(faults.allSatisfy { $0.at < .seconds(12) })
    #expect(
      faults.count { $0.action == .kill } > faults.count { $0.action == .restart })
  }

  @Test func `waits for late joiners`() throws {
    let plan = try topology(
      meshText,
      set: [
        "groups.far-leaf={role: leaf, count: 3, joins: 5s, every: 1s}",
        "faults=[{at: 1s, churn: {group: far-leaf, every: 50ms, down-for: 1s}}]",
      ]
    ).plan(seed: 1)
    for (number, joins) in [(1, 5), (2, 6), (3, 7)] {
      let first = plan.faults.first { $0.node == "far-leaf-\(number)" }
      #expect(try #require(first).at > .seconds(Int64(joins)))
    }
  }

  @Test(arguments: [
    (
      "{at: 1s, churn: {group: leav, every: 1s, down-for: 1s}}",
      "unknown group 'leav' (did you mean 'leaf'?); there are: leaf, hub, far-leaf"
    ),
    (
      "{at: 1s, kill: hub-1}, {at: 2s, kill: {group: hub}}, {at: 3s, churn: {group: hub, every: 1s, "
        + "down-for: 1s}}",
      "churn takes nodes that no other fault hits: of the 2 in group 'hub' others hit up to 2"
    ),
    (
      "{at: 1s, churn: {group: leaf, every: 1ms, down-for: 1s}}",
      "a churn every 1ms for 19s is 19000 kills; 5000 at most"
    ),
    ("{at: 1s, churn: {group: leaf, every: 1s}}", "missing key 'down-for' in 'churn'"),
    (
      "{at: 1s, churn: {group: leaf, every: 0s, down-for: 1s}}",
      "'every' takes a duration from 1ms to 1h, found '0s'"
    ),
    (
      "{at: 21s, churn: {group: leaf, every: 1s, down-for: 1s}}",
      "a churn at 21s is too late: the run stops at 20s"
    ),
  ])
  func `is refused where it makes no sense`(faults: String, message: String) {
    let change = "faults=[\(faults)]"
    #expect(complaints(meshText, set: [change]) == ["\(change): \(message)"])
  }
}

@Suite struct `Late joiners` {
  private func complaint(_ groups: String, faults: String = "") -> String? {
    let found = complaints(
      "network: mesh\nstop: { at: 20s }\ngroups: { \(groups) }\nfaults: [\(faults)]\n")
    return found.first?.split(separator: ": ", maxSplits: 1).last.map(String.init)
  }

  @Test func `have the time when each joins, and wait for no group`() throws {
    let plan = try topology(
      meshText, set: ["groups.far-leaf={role: leaf, count: 3, joins: 10s, every: 20ms}"]
    ).plan(seed: 1)
    let late = plan.nodes.filter { $0.group == "far-leaf" }
    #expect(
      late.map(\.joins) == [.seconds(10), .milliseconds(10_020), .milliseconds(10_040)])
    #expect(late.allSatisfy { $0.after == nil && $0.delay == .zero })
    #expect(plan.nodes.count { $0.joins == nil } == 14)
  }

  @Test func `are not hit before they are there`() throws {
    let late = "hub: { count: 1 }, late: { role: leaf, count: 2, joins: 10s }"
    #expect(
      complaint(late, faults: "{ at: 10s, kill: late-1 }") == "late-1 joins only at 10s")
    #expect(complaint(late, faults: "{ at: 11s, kill: late-1 }") == nil)
    #expect(
      complaint(late, faults: "{ at: 9s, restart: { group: late } }")
        == "a restart of 1 in group 'late' at 9s finds only 0 that are up and that no other fault "
        + "names")
  }

  @Test(arguments: [
    (
      "hub: { count: 1 }, late: { role: leaf, count: 1, joins: 1s, after: hub }",
      "a group that joins when the run has begun comes after all others: leave 'after' out"
    ),
    (
      "hub: { count: 1 }, late: { role: leaf, count: 3, joins: 18s, every: 1s }",
      "late-3 would join at 20s, but the run stops at 20s"
    ),
    (
      "hub: { count: 1 }, a: { role: leaf, count: 1, joins: 1s }, "
        + "b: { role: leaf, count: 1, after: a }",
      "group 'a' joins when the run has begun: nothing of the launch can wait for it"
    ),
    (
      "hub: { count: 1, joins: 1s }",
      "the list of seeds is complete before the run begins: group 'hub' cannot join later"
    ),
  ])
  func `are refused where they make no sense`(groups: String, message: String) {
    #expect(complaint(groups) == message)
  }
}
