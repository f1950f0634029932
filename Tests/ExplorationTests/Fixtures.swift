import Checks
import Exploration
import Foundation
import Networks
import Topology

let repository = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

/// A small gossip network in which a peer dies; `report-dead` false is the planted failure.
let smallText = """
  network: gossip
  groups:
    seed: { count: 2 }
    peer:
      count: 8
      after: seed
      options: { join-delay: 200ms, liveness-interval: 300ms, answer-timeout: 500ms, relink-interval: 200ms, gossip-count: 2 }
  faults:
    - { at: 3s, kill: { group: peer, count: 2 } }
    - { at: 4s, pause: { group: peer }, for: 200ms }
    - { at: 2s, stop: peer-3 }
  stop: { at: 12s }
  checks: [dead-nodes-are-reported, seeds-agree-on-who-is-alive]
  """

func topology(set overrides: [String] = []) throws -> Topology {
  try Topology(
    TopologyFile(path: "small.yaml", text: smallText), overrides: overrides,
    roles: Networks.roles, checks: nil)
}

func laboratory(
  checks names: [String]? = nil, isInterrupted: @escaping @Sendable () -> Bool = { false }
) throws -> Laboratory {
  let checks = try CheckLibrary().checks(names, network: "gossip")
  return Laboratory(roles: Networks.roles, checks: checks, isInterrupted: isInterrupted)
}

let silent = ["groups.peer.options.report-dead=false"]
