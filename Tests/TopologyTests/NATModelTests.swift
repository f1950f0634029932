import Foundation
import Participants
import Testing
import Topology

@Suite struct `What a group is behind` {
  private func text(_ nat: String, count: Int = 2) -> String {
    """
    network: mesh
    groups:
      hub: { count: 1 }
      leaf:
        count: \(count)
        after: hub
        nat: \(nat)
    stop: { at: 1s }
    """
  }

  @Test func `is nothing, where it is not said`() throws {
    #expect(try topology(meshText).plan(seed: 1).nodes.allSatisfy { $0.nat == nil })
  }

  @Test(arguments: [
    ("full-cone", "endpoint-independent", "endpoint-independent"),
    ("restricted-cone", "endpoint-independent", "address-dependent"),
    ("port-restricted-cone", "endpoint-independent", "address-and-port-dependent"),
    ("symmetric", "address-and-port-dependent", "address-and-port-dependent"),
  ])
  func `may be of a kind, which stands for a mapping and a filtering`(
    kind: String, mapping: String, filtering: String
  ) throws {
    let long = "{ mapping: \(mapping), filtering: \(filtering) }"
    let models = try [kind, "{ kind: \(kind) }", long].map {
      try topology(text($0)).groups[1].nat
    }
    #expect(models[0] != nil)
    #expect(models.allSatisfy { $0 == models[0] })
    #expect(models[0]?.description == kind)
    #expect(models[0]?.hairpinning == true && models[0]?.bindingTimeout == .seconds(300))
  }

  @Test func `is a NAT for each node, or one for all`() throws {
    let apart = try topology(text("symmetric")).plan(seed: 1).nodes.compactMap(\.nat)
    #expect(apart.map(\.name) == ["leaf-1", "leaf-2"])
    let long =
      "{ kind: symmetric, shared: true, hairpinning: false, binding-timeout: 30s }"
    let shared = try topology(text(long)).plan(seed: 1).nodes.compactMap(\.nat)
    #expect(shared.map(\.name) == ["leaf", "leaf"])
    #expect(shared[0] == shared[1])
    #expect(!shared[0].model.hairpinning && shared[0].model.bindingTimeout == .seconds(30))
  }

  @Test(arguments: [
    (
      "cone",
      "7:10: 'nat' takes full-cone or restricted-cone or port-restricted-cone or symmetric, found 'cone'"
    ),
    (
      "{ kind: symmetric, mapping: address-dependent }",
      "7:10: a NAT is either of a 'kind', or has both 'mapping' and 'filtering'"
    ),
    (
      "{ mapping: address-dependent }",
      "7:10: a NAT is either of a 'kind', or has both 'mapping' and 'filtering'"
    ),
    ("{}", "7:10: a NAT is either of a 'kind', or has both 'mapping' and 'filtering'"),
    (
      "{ mapping: independent, filtering: address-dependent }",
      "7:21: 'mapping' takes endpoint-independent or address-dependent or "
        + "address-and-port-dependent, found 'independent'"
    ),
    (
      "{ kind: symmetric, timeout: 3s }",
      "7:29: unknown key 'timeout'; allowed here: kind, mapping, filtering, hairpinning, "
        + "binding-timeout, shared"
    ),
    (
      "{ kind: symmetric, binding-timeout: 0s }",
      "7:46: 'binding-timeout' takes a duration from 1ms to 1h, found '0s'"
    ),
    (
      "{ kind: symmetric, shared: yes }", "7:37: 'shared' takes true or false, found 'yes'"
    ),
  ])
  func `is refused with what is allowed`(nat: String, message: String) {
    #expect(complaints(text(nat)) == ["t.yaml:" + message])
  }

  @Test func `keeps others from being told its address`() throws {
    let text = """
      network: mesh
      groups:
        hub: { count: 1 }
        inside: { role: leaf, count: 2, after: hub, NAT }
        other: { role: leaf, count: 1, after: inside, options: { friends: inside-1 } }
      stop: { at: 1s }
      """
    func found(_ nat: String) -> [String] {
      complaints(text.replacingOccurrences(of: "NAT", with: nat))
    }
    #expect(
      found("nat: full-cone") == [
        "t.yaml:5:58: 'friends' of group 'other' names 'inside-1', whose private address behind a "
          + "NAT nobody outside can use"
      ])
    #expect(found("options: { friends: inside-1 }").isEmpty)
    let own = "options: { friends: inside-1 }, nat: { kind: full-cone, shared: SHARED }"
    #expect(
      complaints(
        text.replacingOccurrences(
          of: "NAT", with: own.replacingOccurrences(of: "SHARED", with: "true")
        )
        .replacingOccurrences(of: ", options: { friends: inside-1 } }", with: " }")) == [])
    #expect(
      complaints(
        text.replacingOccurrences(
          of: "NAT", with: own.replacingOccurrences(of: "SHARED", with: "false"))
      ).count == 2)
  }

  @Test func `is never in front of those that the list of seeds names`() {
    #expect(
      complaints(
        "network: mesh\ngroups: { hub: { count: 1, nat: symmetric } }\nstop: { at: 1s }\n") == [
          "t.yaml:2:33: group 'hub' is in the list of seeds, which others dial: it cannot be behind "
            + "a NAT"
        ])
  }

  @Test func `is refused in a live run, which cannot have it`() {
    do {
      _ = try Topology(
        TopologyFile(path: "t.yaml", text: text("symmetric")), roles: roles, checks: nil,
        isSimulated: false)
      Issue.record("taken")
    } catch {
      #expect(
        error.messages == ["t.yaml:7:5: a NAT can only be simulated: 'seedbed simulate t.yaml'"])
    }
  }
}
