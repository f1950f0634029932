import Participants
import Supervisor
import Topology

/// Where nodes are: on the internet, 10.0.0.0/8, or behind a NAT, with a private address of
/// 172.16.0.0/12. No two nodes have the same one, so that a history's addresses mean something; but
/// whose networks seem to be the same may be behind different NATs, as in life.
///
/// Datagrams are translated as ``NAT`` says. Connections can be made from inside, and not from
/// outside.
extension Simulation {
  /// A datagram on its way.
  struct Datagram {
    let from: Address
    let to: Int32
    /// Of the receiver's NAT, which it has to pass.
    var port: UInt16?
    let bytes: [UInt8]
  }

  /// Which address is as good as random, as ports of real runs are: an odd factor permutes the numbers
  /// below 2^24. Private ones are in order.
  static func address(_ index: Int, seed: UInt64, isPrivate: Bool = false) -> Address {
    let number = (UInt64(index) &* 10_368_889 &+ seed &* 7_919 &+ 1) & 0xff_ffff
    let ip = isPrivate ? 172 << 24 | 16 << 16 | UInt64(index + 1) : 10 << 24 | number
    return Address(
      host: "\(ip >> 24).\(ip >> 16 & 255).\(ip >> 8 & 255).\(ip & 255)", port: 4_000)
  }

  /// The NATs' addresses come after the nodes'.
  mutating func makeNATs() {
    var known: [PlannedNAT: Int32] = [:]
    for (index, planned) in plan.nodes.enumerated() {
      guard let nat = planned.nat else { continue }
      let number = known[nat] ?? Int32(nats.count)
      if known.updateValue(number, forKey: nat) == nil {
        let host = Self.address(plan.nodes.count + nats.count, seed: plan.seed).host
        nats.append(NAT(nat.model, host: host))
        natsByHost[host] = number
      }
      nodes[index].nat = number
    }
  }

  /// The node at an address, where it can be reached without help: it is on the internet, or behind
  /// the same NAT.
  func node(at address: Address, from node: Int) -> Int32? {
    guard let to = byAddress[address] else { return nil }
    let nat = nodes[Int(to)].nat
    return nat < 0 || nat == nodes[node].nat ? to : nil
  }

  mutating func send(_ bytes: [UInt8], from node: Int, to address: Address) {
    let nat = nodes[node].nat
    var source = nodes[node].address
    source.host = nodes[node].host(towards: address.host)
    var to = self.node(at: address, from: node)
    var port: UInt16?
    if nat >= 0, to.map({ nodes[Int($0)].nat != nat }) ?? true {
      guard let mapped = map(source, to: address, of: node, by: Int(nat)) else { return }
      source = mapped
    }
    if to == nil, let other = natsByHost[address.host],
      other != nat || nats[Int(nat)].model.hairpinning,
      let owner = nats[Int(other)].owner(of: address.port, at: Instant(microseconds: now))
    {
      to = byAddress[owner]
      port = address.port
    }
    guard let to else { return }
    for delay in conditions.datagram(
      bytes.count, from: Int32(node), to: to, at: now, using: &random)
    {
      let slot = datagrams.add(Datagram(from: source, to: to, port: port, bytes: bytes))
      queue.plan(.datagram, slot.index, generation: slot.generation, at: now + delay)
    }
  }

  private mutating func map(
    _ source: Address, to address: Address, of node: Int, by nat: Int
  ) -> Address? {
    let at = Instant(microseconds: now)
    guard let (mapped, isNew) = nats[nat].send(from: source, to: address, at: at) else {
      return nil
    }
    if isNew {
      logSupervisor(
        Event(SupervisorEvents.natMapped, ["node": nodes[node].name, "address": mapped]))
    }
    return mapped
  }

  mutating func arrive(_ datagram: Datagram) {
    let to = Int(datagram.to)
    if let port = datagram.port {
      let at = Instant(microseconds: now)
      guard nats[Int(nodes[to].nat)].admits(datagram.from, to: port, at: at) else { return }
    }
    deliver(.datagram(from: datagram.from, datagram.bytes), to: to)
  }
}
