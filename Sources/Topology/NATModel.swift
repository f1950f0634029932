package import Participants

/// How a network address translator treats datagrams, in the words of RFC 4787: a group's `nat`.
package struct NATModel: Codable, Hashable, Sendable {
  /// What it depends on where a datagram goes, or comes from.
  package enum Dependence: String, Codable, CaseIterable, Sendable {
    case endpointIndependent = "endpoint-independent"
    case addressDependent = "address-dependent"
    case addressAndPortDependent = "address-and-port-dependent"
  }

  /// The four kinds of RFC 3489, section 5, as short names for mapping and filtering.
  package enum Kind: String, CaseIterable, Sendable {
    case fullCone = "full-cone"
    case restrictedCone = "restricted-cone"
    case portRestrictedCone = "port-restricted-cone"
    case symmetric
  }

  /// Which datagrams from one endpoint inside share a port outside (section 4.1).
  package var mapping: Dependence
  /// Who may send to such a port: those that it was sent from to (section 5).
  package var filtering: Dependence
  /// Whether those inside reach each other by their ports outside (section 6).
  package var hairpinning = true
  /// After so long without a datagram from inside, a port is given up, and so is a sender's
  /// permission; what comes from outside keeps neither (section 4.3).
  package var bindingTimeout = Microseconds.seconds(300)
  /// One for the whole group, rather than one for each node.
  package var isShared = false

  package init(mapping: Dependence, filtering: Dependence) {
    self.mapping = mapping
    self.filtering = filtering
  }

  package init(_ kind: Kind) {
    switch kind {
    case .fullCone: self.init(mapping: .endpointIndependent, filtering: .endpointIndependent)
    case .restrictedCone: self.init(mapping: .endpointIndependent, filtering: .addressDependent)
    case .portRestrictedCone:
      self.init(mapping: .endpointIndependent, filtering: .addressAndPortDependent)
    case .symmetric:
      self.init(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
    }
  }

  static let bindingTimeouts = Microseconds.milliseconds(1)...Topology.longestWait
}

extension NATModel: CustomStringConvertible {
  /// The kind, or mapping and filtering where no kind has them.
  package var description: String {
    let kind = Kind.allCases.first {
      NATModel($0).mapping == mapping && NATModel($0).filtering == filtering
    }
    return kind?.rawValue ?? "\(mapping.rawValue) mapping, \(filtering.rawValue) filtering"
  }
}

/// The NAT that a planned node is behind. Nodes with equal ones share it.
package struct PlannedNAT: Codable, Hashable, Sendable {
  /// The node's name, or the group's where it is shared.
  package var name: String
  package var model: NATModel

  package init(name: String, model: NATModel) {
    self.name = name
    self.model = model
  }
}
