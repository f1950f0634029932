package import Participants
package import Topology

/// A network address translator for datagrams, after RFC 4787, "NAT Behavioral Requirements for
/// Unicast UDP".
///
/// It has one address outside. A datagram from inside gets a port there, its *binding*: the same one
/// for whatever the mapping puts together, and another than all other bindings have; ports are given
/// in order and none is preserved. A datagram to that port gets in if the filtering lets its sender
/// pass, by what was sent from that binding. For mappings that depend on the destination this is
/// narrower than section 5, which speaks of the endpoint inside: it is what NATs do that keep a
/// session for each.
package struct NAT {
  /// What one binding is for.
  private struct Flow: Hashable {
    let inside: Address
    let outside: Address
  }

  private struct Binding {
    let flow: Flow
    /// When something was last sent to whom the filtering lets answer.
    var sent: [Address: Instant] = [:]
    var lastSent: Instant
  }

  /// The first that is given; those below are for others (section 4.2.2).
  private static let firstPort: UInt16 = 1_024

  package let model: NATModel
  /// Its address outside.
  package let host: String
  private var ports: [Flow: UInt16] = [:]
  private var bindings: [UInt16: Binding] = [:]
  private var nextPort = NAT.firstPort

  /// A NAT that nothing has been sent through, at that address outside.
  package init(_ model: NATModel, host: String) {
    self.model = model
    self.host = host
  }

  /// A datagram leaves. Returns where it seems to come from, and whether that is a new binding;
  /// `nil`: every port is taken, and it is dropped.
  package mutating func send(
    from inside: Address, to outside: Address, at now: Instant
  ) -> (source: Address, isNew: Bool)? {
    let flow = Flow(inside: inside, outside: Self.narrowed(outside, model.mapping))
    var port = ports[flow]
    if let known = port, !isBound(known, at: now) {
      release(known)
      port = nil
    }
    let isNew = port == nil
    guard let port = port ?? takePort(at: now) else { return nil }
    if isNew {
      ports[flow] = port
      bindings[port] = Binding(flow: flow, lastSent: now)
    }
    bindings[port]?.lastSent = now
    bindings[port]?.sent[Self.narrowed(outside, model.filtering)] = now
    return (Address(host: host, port: port), isNew)
  }

  /// Who has a port; `nil`: nobody any more.
  package func owner(of port: UInt16, at now: Instant) -> Address? {
    isBound(port, at: now) ? bindings[port]?.flow.inside : nil
  }

  /// Whether a datagram that arrives at a port gets in.
  package func admits(_ sender: Address, to port: UInt16, at now: Instant) -> Bool {
    guard let sent = bindings[port]?.sent[Self.narrowed(sender, model.filtering)] else {
      return false
    }
    return sent + model.bindingTimeout > now
  }

  private func isBound(_ port: UInt16, at now: Instant) -> Bool {
    bindings[port].map { $0.lastSent + model.bindingTimeout > now } ?? false
  }

  private mutating func takePort(at now: Instant) -> UInt16? {
    for _ in Self.firstPort...UInt16.max {
      let port = nextPort
      nextPort = port == .max ? Self.firstPort : port + 1
      guard !isBound(port, at: now) else { continue }
      release(port)
      return port
    }
    return nil
  }

  private mutating func release(_ port: UInt16) {
    guard let gone = bindings.removeValue(forKey: port) else { return }
    ports[gone.flow] = nil
  }

  /// As much of an address as counts.
  private static func narrowed(_ address: Address, _ dependence: NATModel.Dependence) -> Address {
    switch dependence {
    case .endpointIndependent: Address(host: "", port: 0)
    case .addressDependent: Address(host: address.host, port: 0)
    case .addressAndPortDependent: address
    }
  }
}
