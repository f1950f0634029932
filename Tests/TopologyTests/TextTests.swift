import Participants
import Testing
import Topology

@Suite struct `A topology written as text` {
  /// Everything that a topology can say.
  private let full = """
    network: mesh
    groups:
      leaf:
        count: 12
        after: hub
        every: 20ms
        options: { pace: 500ms, mode: wild, friends: [leaf-1, '[::1]:80'], motto: 'so: it''s #1' }
        variants:
          - { count: 3, options: { shy: true } }
          - { count: 2, options: { pace: 1s, friends: hub-2 } }
      hub: { count: 2, options: { limit: 7 } }
      late: { role: leaf, count: 2, joins: 3s, every: 500ms, nat: symmetric }
      far:
        role: leaf
        count: 2
        joins: 3s
        nat: { kind: full-cone, binding-timeout: 30s, hairpinning: false, shared: true }
    faults:
      - { at: 6s, kill: leaf-7 }
      - { at: 8s, stop: { group: leaf, count: 2 } }
      - { at: 9s, pause: leaf-3, for: 4s }
      - { at: 12s, restart: leaf-7 }
      - { at: 5s, churn: { group: leaf, every: 500ms, down-for: 2s }, for: 10s }
      - { at: 5s, partition: { between: leaf-1, and: [leaf-2, hub] }, for: 3s }
      - { at: 15s, partition: { split: { group: leaf, count: 4 } } }
      - { at: 4s, loss: { between: leaf, and: hub-1, rate: 0.025, one-way: true }, for: 3s }
      - { at: 4s, latency: { between: leaf, and: hub, add: 30ms }, for: 3s }
      - { at: 4s, bandwidth: { between: leaf, and: hub, limit: 1.5KB/s }, for: 3s }
    ready: { within: 7s }
    stop: { at: 20s, within: 3s }
    unexpected-exits: allow
    isolation: namespace
    checks: [nothing-is-lost]
    network-model:
      latency: { normal: { mean: 5ms, deviation: 1ms } }
      datagrams: { loss: 0.01, duplication: 1, reordering: 0.000001 }
      streams: { cut: whole, stall: { rate: 0.5, for: 1s }, reset-rate: 0.1 }
      bandwidth: 1.5MB/s
      clock-skew: 50ms
      start-delay: 0s

    """

  @Test func `is read as the same topology`() throws {
    for text in [full, meshText] {
      let read = try topology(text)
      #expect(try topology(read.text(roles: roles, comment: ["why", "", "how"])) == read)
    }
  }

  @Test(arguments: [
    "latency: 3ms", "latency: { uniform: [1ms, 2ms] }", "latency: { measured: [1ms, 4ms] }",
    "bandwidth: 1.001KB/s",
  ])
  func `keeps a network model`(model: String) throws {
    let read = try topology(meshText, set: ["network-model={\(model)}"])
    #expect(read.networkModel != NetworkModel())
    #expect(try topology(read.text(roles: roles)) == read)
  }

  @Test func `keeps an option that a variant sets back to its default`() throws {
    let read = try topology(
      """
      network: mesh
      groups:
        hub: { count: 2, options: { limit: 7 }, variants: [{ count: 1, options: { limit: 5 } }] }
      stop: { at: 1s }
      """)
    #expect(read.groups[0].variants[0].options.isEmpty)
    #expect(try topology(read.text(roles: roles)) == read)
  }

  @Test(arguments: 1...20)
  func `with its faults spelled out has the same plan`(seed: UInt64) throws {
    let plan = try topology(full).plan(seed: seed)
    let spelledOut = try topology(full).withFaults(of: plan)
    #expect(spelledOut.faults.count == plan.faults.count)
    #expect(try topology(spelledOut.text(roles: roles)).plan(seed: seed) == plan)
  }
}
