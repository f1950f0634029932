import Glibc

/// The supervisor's end of the socket: takes requests and gives answers, and never waits for
/// anybody.
///
/// Only the user who runs the supervisor (and root) can connect. Whoever connects and does not ask
/// gives way to the next; whoever says more than one request, or does not take its answer, is cut
/// off.
struct ControlSocket {
  static let mostClients = 16

  private struct Client {
    enum State {
      /// Has yet to send the end of its request.
      case asking(received: [UInt8])
      /// Waits for its answer.
      case waiting
      /// Has its answer, and sees by the end of the connection that the supervisor has gone.
      case staying
    }

    /// The connection's number.
    let id: Int
    let descriptor: Descriptor
    var state = State.asking(received: [])

    var isAsking: Bool { if case .asking = state { true } else { false } }
  }

  private let folder: LiveRunFolder
  private(set) var listener: Descriptor?
  private var clients = [Client?](repeating: nil, count: mostClients)
  /// How many have connected so far.
  private var connections = 0

  init(_ folder: LiveRunFolder) throws(SupervisorError) {
    self.folder = folder
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    guard let place = Descriptor(opening: folder.path, O_RDONLY | O_DIRECTORY),
      let listener = Descriptor(socket(AF_UNIX, kind, 0)),
      // The file gets the mode of the socket.
      fchmod(listener.number, 0o600) == 0,
      unsafe Control.withAddress(in: place, { unsafe bind(listener.number, $0, $1) }) == 0,
      listen(listener.number, CInt(Self.mostClients)) == 0
    else {
      throw SupervisorError(
        "cannot open \(folder.path)/\(Control.fileName): \(SupervisorError.text(of: errno))")
    }
    self.listener = listener
  }

  /// Takes the next connection: its place, and what to wait on. `nil` when there is none, or no place
  /// for it.
  mutating func accept() -> (place: Int, descriptor: CInt)? {
    guard let listener,
      let descriptor = Descriptor(Glibc.accept(listener.number, nil, nil)),
      fcntl(descriptor.number, F_SETFL, O_NONBLOCK) == 0,
      fcntl(descriptor.number, F_SETFD, FD_CLOEXEC) == 0,
      let place = clients.firstIndex(where: { $0 == nil }) ?? longestAsking
    else { return nil }
    connections += 1
    clients[place] = Client(id: connections, descriptor: descriptor)
    return (place, descriptor.number)
  }

  private var longestAsking: Int? {
    clients.indices.filter { clients[$0]?.isAsking ?? false }
      .min { clients[$0]?.id ?? 0 < clients[$1]?.id ?? 0 }
  }

  /// What the client at a place wants, after its descriptor became readable, and the client's number;
  /// `nil` while that is not known.
  mutating func request(at place: Int) -> (client: Int, request: Control.Request)? {
    guard var client = clients[place] else { return nil }
    clients[place] = nil
    // It has gone, or says more than was asked of it.
    guard case .asking(var received) = client.state else { return nil }
    let bytes = client.descriptor.read(atMost: Control.longestRequest)
    received += bytes
    guard !bytes.isEmpty, received.count <= Control.longestRequest else { return nil }
    guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else {
      client.state = .asking(received: received)
      clients[place] = client
      return nil
    }
    client.state = .waiting
    clients[place] = client
    guard end == received.count - 1,
      let request = Control.decode(received.dropLast(), as: Control.Request.self)
    else {
      answer(client.id, Control.Answer(refusal: "this is no request"))
      return nil
    }
    return (client.id, request)
  }

  /// Answers a client, and ends the connection.
  mutating func answer(_ client: Int, _ answer: Control.Answer) {
    guard let place = clients.firstIndex(where: { $0?.id == client }) else { return }
    _ = send(answer, to: place)
    clients[place] = nil
  }

  private func send(_ answer: Control.Answer, to place: Int) -> Bool {
    guard let client = clients[place], case .waiting = client.state else { return false }
    let bytes = Control.encode(answer)
    // It fits into the socket's buffer, which is empty.
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.send(
        client.descriptor.number, buffer.baseAddress, buffer.count,
        CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
    }
    return count == bytes.count
  }

  /// The run is over: takes no more connections, and gives this answer to all who still wait for one.
  /// Their connections end with this socket.
  mutating func finish(_ last: Control.Answer) {
    unsafe unlink("\(folder.path)/\(Control.fileName)")
    listener = nil
    for place in clients.indices {
      if send(last, to: place) { clients[place]?.state = .staying } else { clients[place] = nil }
    }
  }
}
