/// What the original program was captured sending on 127.0.0.1: the text, and the length that it is
/// padded to with spaces.
enum Fixture: String, CaseIterable {
  case welcome = "welcome connected to seed with address localhost:5002"
  case register = "register:localhost:6001"
  case registered = "registered successfully"
  case listRequest = "peer list"
  case list = "peer list::localhost,6001:localhost,6002"
  case handshake = "connected to peer:localhost:6002"
  case gossip = "gossip message:1795148528.851706:localhost:6002:message 1"
  case acknowledgement = "forwarding"
  case livenessRequest = "Liveness Request:1795148541.851722:localhost:6001"
  case livenessReply = "Liveness Reply:1795148541.851721:localhost:6002:localhost:6001"
  case deadNode = "Dead Node:localhost:6004:1795148640.868537:localhost:6001"
  case busy = "PEER BUSY,already,connected to 4 peers"

  /// Bytes on the wire.
  var length: Int {
    switch self {
    case .welcome: 53
    case .register, .registered: 23
    case .listRequest: 9
    case .list: 40
    case .handshake: 1031
    case .gossip, .acknowledgement, .livenessRequest, .livenessReply, .deadNode, .busy: 1024
    }
  }

  var bytes: [UInt8] {
    let text = Array(rawValue.utf8)
    return text + [UInt8](repeating: 0x20, count: length - text.count)
  }
}
