import Participants
import Topology

struct Silent: Participant {
  func handle(_ input: Input, _ turn: inout Turn) {}
}

/// A network of the tests' own, so that they do not follow every change of a real one.
let roles = [
  Role(
    network: "mesh", name: "hub", summary: "is found",
    options: [
      OptionSpecification("limit", .count(1...9), default: .count(5), "at most")
    ],
    transports: .stream, seedList: .listed, make: { _ in Silent() }),
  Role(
    network: "mesh", name: "leaf", summary: "finds",
    options: [
      OptionSpecification(
        "pace", .duration(.milliseconds(1)...(.seconds(60))), default: .duration(.seconds(1)), ""),
      OptionSpecification("shy", .flag, default: .flag(false), ""),
      OptionSpecification("mode", .choice(["calm", "wild"]), default: .choice("calm"), ""),
      OptionSpecification("friends", .addresses(atMost: 2), default: .addresses([]), ""),
      OptionSpecification("motto", .text(atMost: 20), default: .text(""), ""),
    ],
    transports: .stream, seedList: .reads, make: { _ in Silent() }),
]

let knownChecks = ["all-is-well", "nothing-is-lost"]

let meshText = """
  network: mesh
  groups:
    leaf:
      count: 12
      after: hub
      every: 20ms
      options: { pace: 500ms, shy: false }
      variants:
        - { count: 3, options: { shy: true } }
        - { count: 2, options: { pace: 1s } }
    hub: { count: 2 }
    far-leaf: { role: leaf, count: 1, after: leaf }
  faults:
    - { at: 8s, kill: { group: leaf, count: 2 } }
    - { at: 6s, kill: leaf-7 }
    - { at: 9s, pause: leaf-3, for: 4s }
    - { at: 10s, stop: leaf-9 }
    - { at: 12s, restart: leaf-7 }
    - { at: 13s, pause: { group: hub } }
  stop: { at: 20s }

  """

func topology(_ text: String, set overrides: [String] = []) throws -> Topology {
  try Topology(
    TopologyFile(path: "t.yaml", text: text), overrides: overrides, roles: roles,
    checks: { _ in knownChecks })
}

/// What is wrong with a topology; empty where nothing is.
func complaints(_ text: String, set overrides: [String] = []) -> [String] {
  do {
    _ = try topology(text, set: overrides)
    return []
  } catch let error as TopologyError {
    return error.messages
  } catch {
    return ["\(error)"]
  }
}
