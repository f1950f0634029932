import Participants
import Wire

/// Where the nodes of a group listen, where the topology says so.
package struct Listening: Equatable, Sendable {
  /// An IPv4 or IPv6 address, or `localhost`: what others are told.
  package var host: String
  /// An address of the other family, at which they listen too, at the same port.
  package var also: String?
  /// `nil`: any that is free.
  package var port: UInt16?

  /// As a topology has it.
  package var text: String {
    let texts = [host, also].compactMap(\.self).map { host in
      "'\(port.map { Address(host: host, port: $0).description } ?? host)'"
    }
    return texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
  }

  fileprivate static func isIPv4(_ host: String) -> Bool { IPv6(host)?.isMapped ?? false }

  /// Whether a node that listens there is known to the drivers that carry faults on the network out.
  /// They tell nodes apart by addresses of 127.0.0.1.
  fileprivate static func isRecognised(_ host: String, also: String?) -> Bool {
    also == nil && (host == "127.0.0.1" || host == "localhost")
  }

  var isRecognised: Bool { Self.isRecognised(host, also: also) }

  /// So many ports of one host can nodes of a simulation have.
  static let mostPorts = 60_000
}

extension PlannedNode {
  /// Whether faults on the network can be carried out by its driver, and by others towards it.
  var isRecognised: Bool {
    let host = listen.flatMap { Address(parsing: $0)?.host }
    return host.map { Listening.isRecognised($0, also: also) } ?? true
  }
}

extension FieldReader {
  /// `HOST`, `HOST:PORT`, or one of each family in a list.
  mutating func readListening(_ entry: YAMLEntry?) -> Listening? {
    guard let entry else { return nil }
    let values: [YAMLValue] =
      if case .sequence(let items) = entry.value.content { items } else { [entry.value] }
    let places = values.compactMap { value in
      if case .scalar(let text) = value.content { Self.place(text) } else { nil }
    }
    let families = Set(places.map { Listening.isIPv4($0.host) })
    guard let first = places.first, places.count == values.count, places.count <= 2,
      families.count == places.count, Set(places.map(\.port)).count == 1
    else {
      complainOfMisfit(
        entry,
        "an IP address, one with a port (HOST:PORT), or a list of an IPv4 and an IPv6 address, at "
          + "the same port, e.g. [127.0.0.1, '::1']")
      return nil
    }
    return Listening(
      host: first.host, also: places.dropFirst().first?.host, port: first.port)
  }

  /// An IPv6 address alone would pass for a host and a port.
  private static func place(_ text: String) -> (host: String, port: UInt16?)? {
    if IPv6(text) != nil { return (text, nil) }
    guard let address = Address(parsing: text), IPv6(address.host) != nil, address.port > 0 else {
      return nil
    }
    return (address.host, address.port)
  }
}

extension TopologyReader {
  /// A group that says where it listens can do so, among the others.
  mutating func checkListening(_ topology: Topology, _ groups: [PlacedGroup]) {
    let total = topology.groups.reduce(0) { $0 + $1.count }
    let disturbs = topology.faults.contains {
      if case .network = $0.action { true } else { false }
    }
    var taken: [String] = []
    for (group, _, places) in groups {
      guard let listening = group.listening else { continue }
      let place = places.place(of: "listen")
      func complain(_ message: String) { fields.complain(place, message) }
      if let port = listening.port, group.count > 1 {
        complain(
          "the \(group.count) nodes of group '\(group.name)' cannot all listen at port \(port): leave "
            + "the port out")
      }
      let places = [listening.host, listening.also].compactMap { host in
        listening.port.flatMap { port in host.map { Address(host: $0, port: port).description } }
      }
      if let double = places.first(where: taken.contains) {
        complain("group '\(group.name)' listens at \(double), as another group does")
      }
      taken += places
      if group.program != nil, listening.port != nil || listening.also != nil {
        complain(
          "'listen' says which {host} a program is told, one and without a port: its command says the "
            + "rest")
      }
      if group.nat != nil {
        complain(
          "group '\(group.name)' is behind a NAT, with a private address: leave 'listen' out")
      }
      if isSimulated, total > Listening.mostPorts {
        complain("\(total) nodes in all; \(Listening.mostPorts) at most where some share a host")
      }
      guard !isSimulated else { continue }
      if topology.isolation != .none {
        complain(
          "'isolation: \(topology.isolation.rawValue)' gives each node an address of its own: leave "
            + "'listen' or 'isolation' out")
      } else if disturbs, !listening.isRecognised {
        complain(
          "faults on the network are carried out by nodes that know one another by addresses of "
            + "127.0.0.1: leave 'listen' out, or simulate them: 'seedbed simulate \(file.path)'")
      }
    }
  }
}
