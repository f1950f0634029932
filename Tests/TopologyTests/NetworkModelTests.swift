import Foundation
import Participants
import Testing
import Topology

@Suite struct `A network model` {
  private func model(_ text: String) throws -> NetworkModel {
    try topology(meshText, set: ["network-model={\(text)}"]).plan(seed: 1).networkModel
  }

  @Test func `is the default where the topology has none`() throws {
    #expect(try topology(meshText).networkModel == NetworkModel())
  }

  @Test func `is read as it is written, and the rest is the default`() throws {
    var expected = NetworkModel()
    expected.latency = .constant(.milliseconds(7))
    expected.jitter = Microseconds(250)
    expected.datagramLoss = 10_000
    expected.datagramReordering = 1_000_000
    expected.cut = .whole
    expected.stallRate = 100
    expected.stallFor = .seconds(1)
    expected.resetRate = 1
    expected.bandwidth = 1_500_000
    expected.clockSkew = .milliseconds(50)
    expected.startDelay = .zero
    let read = try model(
      """
      latency: 7ms, jitter: 250us, datagrams: { loss: 0.01, reordering: 1 }, streams: { cut: whole, \
      stall: { rate: 0.0001, for: 1s }, reset-rate: 0.000001 }, bandwidth: 1.5MB/s, \
      clock-skew: 50ms, start-delay: 0s
      """)
    #expect(read == expected)
  }

  @Test(arguments: [
    ("{ uniform: [1ms, 5ms] }", NetworkModel.Latency.uniform(.milliseconds(1), .milliseconds(5))),
    ("{ uniform: [1ms, 1ms] }", .uniform(.milliseconds(1), .milliseconds(1))),
    (
      "{ normal: { mean: 5ms, deviation: 1ms } }",
      .normal(mean: .milliseconds(5), deviation: .milliseconds(1))
    ),
    (
      "{ measured: [1ms, 1ms, 8ms] }",
      .measured([.milliseconds(1), .milliseconds(1), .milliseconds(8)])
    ),
  ])
  func `has latencies of several kinds`(text: String, latency: NetworkModel.Latency) throws {
    #expect(try model("latency: \(text)").latency == latency)
  }

  @Test(arguments: [
    ("1KB/s", 1_000), ("0.5MB/s", 500_000), ("100MB/s", 100_000_000), ("2GB/s", 2_000_000_000),
  ])
  func `has a bandwidth in decimal units`(text: String, bytes: Int64) throws {
    #expect(try model("bandwidth: \(text)").bandwidth == bytes)
  }

  @Test(arguments: [
    (
      "latncy: 1ms",
      "unknown key 'latncy' (did you mean 'latency'?); allowed here: latency, jitter, datagrams, "
        + "streams, bandwidth, clock-skew, start-delay"
    ),
    ("latency: 2", "'latency' takes a duration from 0s to 1h, found '2' (did you mean '2s'?)"),
    ("latency: {}", "'latency' is a duration, or exactly one of uniform, normal, measured"),
    ("latency: { uniform: [5ms, 1ms] }", "'uniform' takes two durations, the lesser first"),
    ("latency: { uniform: [5ms] }", "'uniform' takes two durations, the lesser first"),
    ("latency: { uniform: [1ms, x] }", "'uniform' takes a duration from 0s to 1h, found 'x'"),
    ("latency: { normal: { mean: 1ms } }", "missing key 'deviation' in 'normal'"),
    ("latency: { measured: [] }", "'measured' takes 1 to 10000 durations, found 0"),
    (
      "datagrams: { loss: 1.1 }",
      "'loss' takes a rate from 0 to 1 with at most 6 decimals, found '1.1'"
    ),
    (
      "datagrams: { loss: 0.0000001 }",
      "'loss' takes a rate from 0 to 1 with at most 6 decimals, found '0.0000001'"
    ),
    (
      "datagrams: { loss: -0.1 }",
      "'loss' takes a rate from 0 to 1 with at most 6 decimals, found '-0.1'"
    ),
    (
      "datagrams: { loss: 1e-3 }",
      "'loss' takes a rate from 0 to 1 with at most 6 decimals, found '1e-3'"
    ),
    ("streams: { cut: often }", "'cut' takes whole or random, found 'often'"),
    ("streams: { stall: { for: 1s } }", "missing key 'rate' in 'stall'"),
    (
      "bandwidth: 100",
      "'bandwidth' takes a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s, found '100'"
    ),
    (
      "bandwidth: 0.5KB/s",
      "'bandwidth' takes a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s, found '0.5KB/s'"
    ),
    (
      "bandwidth: 1001GB/s",
      "'bandwidth' takes a bandwidth from 1KB/s to 1000GB/s, e.g. 500KB/s, found '1001GB/s'"
    ),
  ])
  func `is refused where it makes no sense`(text: String, message: String) {
    let change = "network-model={\(text)}"
    #expect(complaints(meshText, set: [change]) == ["\(change): \(message)"])
  }

  @Test func `survives the plan's file, and old plans have the default`() throws {
    var plan = try topology(
      meshText,
      set: [
        "network-model={latency: { normal: { mean: 5ms, deviation: 1ms } }}",
        "faults=[{at: 1s, loss: {between: hub, and: leaf, rate: 0.5}, for: 1s}]",
      ]
    ).plan(seed: 1)
    let json = try JSONEncoder().encode(plan)
    #expect(try JSONDecoder().decode(Plan.self, from: json) == plan)
    var fields = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    try #require(fields.removeValue(forKey: "networkModel") != nil)
    plan.networkModel = NetworkModel()
    let without = try JSONSerialization.data(withJSONObject: fields)
    #expect(try JSONDecoder().decode(Plan.self, from: without) == plan)
  }
}
