import Foundation
import Kademlia
import Participants
import Testing
import Wire

extension NodeTests {
  /// Real nodes beside those of the PyPI packages `kademlia` 2.2.3 and `rpcudp` 5.0.1.
  @Suite(
    .enabled(if: PyPIKademlia.obstacle == nil, "\(PyPIKademlia.obstacle ?? "")"),
    .timeLimit(.minutes(2)))
  struct KademliaInterop {
    private static let k = 3

    /// A node with quick timings, that looks up `value-1` to `value-3` for ever.
    private func node(
      k: Int = Self.k, keys: Int = 3, putting count: Int = 0, at own: UInt16 = 0,
      joining bootstrap: UInt16...
    ) throws -> NodeProcess {
      let addresses = bootstrap.map { "127.0.0.1:\($0)" }.joined(separator: ",")
      let node = try NodeProcess(
        "kademlia-node",
        [
          "--listen", "127.0.0.1:\(own)", "--bootstrap", addresses, "--k", String(k),
          "--rpc-timeout", "500ms",
          "--ping-interval", "2s", "--refresh-interval", "2s", "--republish-interval", "2s",
          "--keys", String(keys), "--put-count", String(count), "--start-delay", "10ms",
          "--get-count", "100000", "--get-interval", "100ms",
        ])
      _ = try node.event("node.ready")
      return node
    }

    /// Waits until a node finds that text.
    private func awaitFinding(_ text: String, by node: NodeProcess) throws {
      let value = DHTValue.name(of: .text(text))
      do {
        _ = try node.event("dht.found") { $0["value"] as? String == value }
      } catch {
        throw Missing(what: "'\(text)'; the last events were \(node.lines().suffix(20))")
      }
    }

    /// Asks a node of theirs until it finds that text: who joins or comes back a moment before is told of
    /// what it should hold with the next republishing at the latest.
    private func finds(
      _ text: String, under key: String, by python: PyPIKademlia
    ) throws -> Bool {
      let deadline = ContinuousClock.now + .seconds(20)
      repeat {
        if try python.tell("get", key) == text { return true }
      } while ContinuousClock.now < deadline
      return false
    }

    @Test("values that either kind stores are found by the other, also when nodes are killed")
    func mixedNetwork() throws {
      // Whoever comes later joins by a node of the other kind.
      let first = try node(keys: 1)
      let pythons = try [first.port(), first.port(), first.port()].map {
        try PyPIKademlia(k: Self.k, joining: $0)
      }
      defer { withExtendedLifetime(pythons) {} }
      var nodes = try pythons.map { try node(joining: $0.port) }
      defer { withExtendedLifetime(nodes) {} }
      for node in nodes { _ = try node.event("dht.joined") }

      // Ours to theirs. It is stored each second: of three that hold it, two are killed, and a node of
      // theirs that holds it alone stores it nowhere else within the hour.
      let writer = try node(keys: 1, putting: 1_000, joining: first.port())
      defer { withExtendedLifetime(writer) {} }
      _ = try writer.event("dht.put")
      for python in pythons {
        #expect(try finds("the value of value-1", under: "value-1", by: python))
      }
      // Theirs to ours.
      #expect(try pythons[2].tell("set", "value-2", "from Python") == "True")
      for node in nodes { try awaitFinding("from Python", by: node) }

      // One of each dies; ours notice, and both kinds go on.
      let dead = "127.0.0.1:\(pythons[0].port)"
      let knew = nodes.filter { node in
        node.lines().contains {
          $0["kind"] as? String == "contact.added" && $0["peer"] as? String == dead
        }
      }
      #expect(!knew.isEmpty)
      pythons[0].kill()
      nodes[0].signal(SIGKILL)
      for node in knew where node !== nodes[0] {
        _ = try node.event("contact.evicted") { $0["peer"] as? String == dead }
      }
      nodes.removeFirst()
      #expect(try pythons[1].tell("set", "value-3", "after the kill") == "True")
      for node in nodes { try awaitFinding("after the kill", by: node) }
      for python in pythons.dropFirst() {
        #expect(try finds("the value of value-1", under: "value-1", by: python))
        #expect(try finds("after the kill", under: "value-3", by: python))
      }
      // Whoever comes now finds both too, and nobody rejected anything.
      let late = try node(joining: pythons[2].port)
      try awaitFinding("after the kill", by: late)
      try awaitFinding("the value of value-1", by: late)
      let latePython = try PyPIKademlia(k: Self.k, joining: first.port())
      #expect(try finds("the value of value-1", under: "value-1", by: latePython))
      for node in nodes + [first, late] {
        #expect(!node.lines().contains { $0["kind"] as? String == "datagram.rejected" })
      }
    }

    /// Four nodes of each kind, each value at four of the eight, and what was stored so far.
    private struct MixedNetwork {
      var nodes: [NodeProcess]
      var pythons: [PyPIKademlia]
      var values: [String: String] = [:]
    }

    @Test(
      "values of either kind survive while nodes of both kinds die and come back at their addresses"
    )
    func churn() throws {
      let k = 4
      // Ours look up value-1 to value-8 all the time; one more stores under value-1.
      let first = try node(k: k, keys: 1)
      var network = try MixedNetwork(
        nodes: [first],
        pythons: (0..<4).map { _ in try PyPIKademlia(k: k, joining: first.port()) })
      for python in network.pythons {
        network.nodes.append(try node(k: k, keys: 8, joining: python.port))
      }
      for node in network.nodes { _ = try node.event("dht.joined") }
      let writer = try node(k: k, keys: 1, putting: 1, joining: first.port())
      defer { withExtendedLifetime(writer) {} }
      _ = try writer.event("dht.put")
      network.values["value-1"] = "the value of value-1"

      var random = SeededGenerator(seed: 8)
      for round in 2...5 {
        // One of each dies…
        let dead = Int.random(in: 1..<network.nodes.count, using: &random)
        let deadPython = Int.random(in: 0..<network.pythons.count, using: &random)
        let port = try network.nodes[dead].port()
        let pythonPort = network.pythons[deadPython].port
        network.nodes.remove(at: dead).signal(SIGKILL)
        network.pythons.remove(at: deadPython).kill()
        // …others of its kind store something meanwhile…
        let (key, value) = ("value-\(round)", "round \(round)")
        let other = try #require(network.pythons.randomElement(using: &random))
        #expect(try other.tell("set", key, value) == "True")
        network.values[key] = value
        // …and both are back where they were, each by a node of the other kind.
        let meeting = try #require(network.pythons.randomElement(using: &random))
        let back = try node(k: k, keys: 8, at: port, joining: meeting.port)
        _ = try back.event("dht.joined")
        network.nodes.append(back)
        let ours = try #require(network.nodes.randomElement(using: &random))
        network.pythons.append(try PyPIKademlia(k: k, at: pythonPort, joining: ours.port()))
        try check(network)
      }
      for node in network.nodes {
        // Not even by whoever came back at its address, and is told of the node that it was before.
        let rejected = node.lines().filter { $0["kind"] as? String == "datagram.rejected" }
        #expect(rejected.isEmpty, "\(rejected)")
      }
    }

    /// Everybody finds everything: those that came last the sooner the better.
    private func check(_ network: MixedNetwork) throws {
      for (key, value) in network.values.sorted(by: { $0.key < $1.key }) {
        // The first of ours looks up its own value alone.
        for node in network.nodes.dropFirst() { try awaitFinding(value, by: node) }
        for python in [network.pythons.first, network.pythons.last].compactMap(\.self) {
          #expect(try finds(value, under: key, by: python))
        }
      }
    }
  }
}
