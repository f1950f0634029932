import Checks
import Exploration
import Faults
import Foundation
import HyperDHT
import Networks
import Participants
import Synchronization
import Testing
import Topology

/// Each check of the HyperDHT network turns red when nodes do what it watches for, and no other does.
@Suite("The checks of a HyperDHT network", .serialized) struct HyperDHTCheckTests {
  /// A node that does something wrong.
  private struct Wrong: Participant {
    var node: any Participant
    /// What becomes of an input before the node gets it, and of an effect before it is carried out.
    let alter: (input: (Input) -> Input, effect: (Effect) -> Effect)

    mutating func handle(_ input: Input, _ turn: inout Turn) {
      node.handle(alter.input(input), &turn)
      turn.effects = turn.effects.map(alter.effect)
    }
  }

  private static let root =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func roles(
    input: @escaping @Sendable (Input) -> Input = { $0 },
    effect: @escaping @Sendable (Effect) -> Effect = { $0 },
    options: [String: OptionValue] = [:]
  ) -> [Role] {
    HyperDHTRoles.all.map { role in
      var wrong = role
      wrong.make = { settings in
        var settings = settings
        settings.options = settings.options.with(options)
        return Wrong(node: role.make(settings), alter: (input, effect))
      }
      return wrong
    }
  }

  /// What did not pass, of the checks of a topology.
  private func objections(
    _ name: String, roles: [Role] = HyperDHTRoles.all, overrides: [String] = []
  ) throws -> [String] {
    let file = try TopologyFile(
      reading: Self.root.appending(path: "topologies/\(name).yaml").path)
    let topology = try Topology(file, overrides: overrides, roles: roles, checks: nil)
    let named = topology.checks ?? []
    let checks = try CheckLibrary()
      .checks(network: "hyperdht").filter { named.contains($0.name) }
    #expect(checks.count == named.count)
    let plan = topology.plan(seed: 3)
    return try Laboratory(roles: roles, checks: checks).examine(plan).judgements
      .filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test("pass where nodes do right", arguments: ["hyperdht", "hyperdht-churn"])
  func sound(topology: String) throws {
    let objections = try objections(topology)
    #expect(objections == [])
  }

  /// A request with a token, altered.
  private static func updates(
    _ input: Input, _ alter: (inout PeerRequest) -> Void
  ) -> Input {
    guard case .datagram(let address, let bytes) = input, bytes.count > 2, bytes[0] >= 0x80,
      var request = try? RPCRequest(decoding: Array(bytes.dropFirst(2))), request.token != nil,
      var peers = try? PeerRequest(decoding: request.value ?? [])
    else { return input }
    alter(&peers)
    request.value = peers.encoded
    return .datagram(from: address, Array(bytes.prefix(2)) + request.encoded)
  }

  private static func logged(
    _ effect: Effect, _ kind: EventKind, _ alter: (inout Event) -> Void
  ) -> Effect {
    guard case .log(var event) = effect, event.kind == kind.name else { return effect }
    alter(&event)
    return .log(event)
  }

  private static func set(_ event: inout Event, _ field: String, _ value: Event.Value) {
    for index in event.fields.indices where event.fields[index].name == field {
      event.fields[index].value = value
    }
  }

  @Test("find out nodes that name nobody")
  func silent() throws {
    let roles = Self.roles(effect: { effect in
      guard case .send(let bytes, let address) = effect, bytes[0] < 0x80,
        var response = try? RPCResponse(decoding: Array(bytes.dropFirst(2))),
        response.token != nil
      else { return effect }
      response.value = nil
      return .send(Array(bytes.prefix(2)) + response.encoded, to: address)
    })
    #expect(
      try objections("hyperdht", roles: roles) == ["lookups-find-every-live-announcer: fail"])
  }

  @Test("find out nodes that take nothing back")
  func stubborn() throws {
    let roles = Self.roles(input: { input in
      Self.updates(input) { if $0.kind == .unannounce { $0.kind = .lookup } }
    })
    #expect(try objections("hyperdht", roles: roles) == ["unannounced-peers-disappear: fail"])
  }

  @Test("find out nodes that keep announcements for too long")
  func hoarding() throws {
    let roles = Self.roles(options: ["announcement-lifetime": .duration(.seconds(60))])
    #expect(
      try objections("hyperdht", roles: roles, overrides: ["groups.node.options.announce-for=0s"])
        .filter { !$0.hasPrefix("unannounced") } == ["expired-announcements-disappear: fail"])
  }

  @Test("find out queries that end far from their key")
  func astray() throws {
    let roles = Self.roles(effect: { effect in
      Self.logged(effect, HyperDHTEvents.queryFinished) { event in
        guard case .integer(let place) = event["place"] else { return }
        Self.set(&event, "closest", .integer(place ^ (1 << 61)))
      }
    })
    #expect(try objections("hyperdht", roles: roles) == ["lookups-converge: fail"])
  }

  /// The address of the first node of a simulation, which announces nothing.
  private final class First: Sendable {
    let address = Mutex<Address?>(nil)
  }

  @Test("find out announcements in another node's name")
  func forged() throws {
    let first = First()
    let roles = Self.roles(
      input: { input in
        if case .started(let address) = input { first.address.withLock { $0 = $0 ?? address } }
        return input
      },
      effect: { effect in
        Self.logged(effect, HyperDHTEvents.stored) { event in
          let sender = first.address.withLock { $0?.description } ?? ""
          Self.set(&event, "sender", .text(sender))
        }
      })
    #expect(
      try objections("hyperdht", roles: roles) == ["tokens-protect-announcements: fail"])
  }

  @Test("find out nodes that wait for the dead")
  func patient() throws {
    let roles = Self.roles(effect: { effect in
      // The timers of requests.
      guard case .setTimer(let key, let instant) = effect,
        key == TimerKey(UDPTimer.request, key.subject)
      else { return effect }
      return .setTimer(key, at: instant + .seconds(2))
    })
    let fewer = ["groups.node.count=60", "faults.0.kill.count=12"]
    #expect(
      try objections("hyperdht-massacre", roles: roles, overrides: fewer)
        == ["the-dead-do-not-stall-lookups: fail"])
    #expect(try objections("hyperdht-massacre", overrides: fewer) == [])
  }
}
