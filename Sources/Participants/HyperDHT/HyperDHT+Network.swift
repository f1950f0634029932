package import Participants

extension Network {
  package static let hyperdht = Network(
    name: "hyperdht", roles: { HyperDHTRoles.all }, kinds: { HyperDHTEvents.all },
    samples: { HyperDHTSamples.all })
}

private enum HyperDHTSamples {
  static let all = NetworkSamples(
    messages: datagrams,
    options: ["bootstrap": .addresses([NetworkSamples.stranger.description])], targets: [messages])

  private static let datagrams: [[UInt8]] = {
    let address = NetworkSamples.stranger
    let id = [UInt8](repeating: 7, count: Contact.idSize)
    let nodes = IPEncoding.ipv4.encode(Contact(id: id, address: address)) ?? []
    let endpoint = IPEncoding.ipv4.encode(address) ?? []
    let announce = PeerRequest(.announce, port: 9_999, localAddress: endpoint).encoded
    let found = PeerResponse(peers: endpoint + endpoint, localPeers: [1, 5, 39, 15]).encoded
    var passedOn = RPCRequest(command: RPCRequest.ping, id: id)
    passedOn.forwardResponse = endpoint
    let requests = [
      RPCRequest(command: RPCRequest.ping, id: id, forwardRequest: endpoint), passedOn,
      RPCRequest(command: RPCRequest.findNode, id: id, target: id),
      RPCRequest(
        command: PeerRequest.command, id: id, target: id, token: Array(id.prefix(8)),
        value: announce),
    ]
    let responses = [
      RPCResponse(id: id, nodes: nodes + nodes, value: found, token: id),
      RPCResponse(id: id, value: endpoint),
    ]
    return requests.map { UDPHeader(isRequest: true, number: 1).datagram($0.encoded) }
      + responses.map { UDPHeader(isRequest: false, number: 1).datagram($0.encoded) }
  }()

  /// What was read is written so that it is read again, as messages and as lists.
  private static let messages = FuzzTarget("hyperdht", samples: datagrams) { input, _ in
    let payload = Array(input.dropFirst(UDPHeader.size))
    if let request = try? RPCRequest(decoding: payload) {
      precondition((try? RPCRequest(decoding: request.encoded)) == request)
      if let peers = try? PeerRequest(decoding: request.value ?? []) {
        precondition((try? PeerRequest(decoding: peers.encoded)) == peers)
      }
    }
    if let response = try? RPCResponse(decoding: payload) {
      precondition((try? RPCResponse(decoding: response.encoded)) == response)
      let nodes = try? IPEncoding.ipv4.decodeNodes(response.nodes ?? [])
      let written = nodes?.flatMap { IPEncoding.ipv4.encode($0) ?? [] }
      precondition(written == nil || written == response.nodes ?? [])
    }
  }
}
