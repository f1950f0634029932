import CUV
import Faults
import Glibc
package import Participants
package import Sockets

extension LiveDriver {
  /// Binds the node and starts to listen. Port 0 takes any free one.
  ///
  /// - Parameter other: a host of the other family, to listen on as well, at the same port.
  /// - Returns: the address that others can reach it at: the real port, and the advertised host
  ///   where there is one.
  /// - Throws: why no such address can be had.
  package func listen(
    on address: Address, and other: String? = nil, transports: Transports,
    advertising host: String? = nil
  ) throws(NodeFailure) -> Address {
    let socketAddress = try Self.socketAddress(address)
    if let other,
      try Self.socketAddress(Address(host: other, port: 0)).family == socketAddress.family
    {
      throw NodeFailure(
        "cannot listen on \(address.host) and \(other): one must be an IPv4 address and one an IPv6 "
          + "address")
    }
    var attempt = 1
    while true {
      do throws(NodeFailure) {
        var bound = try openSockets(at: address, transports, alone: other == nil)
        if let other {
          _ = try openSockets(
            at: Address(host: other, port: bound.port), transports, alone: false)
        }
        if rulesFile != nil { source = DialSource.of(bound) }
        bound.host = host ?? bound.host
        return bound
      } catch {
        // A port that is free for streams may be taken for datagrams, or at the other host: then it
        // is to be another.
        guard address.port == 0, attempt < Self.mostBindings else { throw error }
        closeSockets()
        attempt += 1
      }
    }
  }

  private static func socketAddress(_ address: Address) throws(NodeFailure) -> SocketAddress {
    guard let socketAddress = SocketAddress(numeric: address) else {
      throw NodeFailure(
        "cannot listen on \(address): the host must be an IPv4 or IPv6 address or localhost")
    }
    return socketAddress
  }

  /// - Parameter alone: whether no other socket has the port. Then one of `::` takes IPv4 too.
  private func openSockets(
    at address: Address, _ transports: Transports, alone: Bool
  ) throws(NodeFailure) -> Address {
    var bound = address
    var socketAddress = try Self.socketAddress(address)
    let isIPv6 = CInt(socketAddress.family) == AF_INET6
    if transports.contains(.stream) {
      bound.port = try listenForStreams(
        on: socketAddress, ipv6Only: isIPv6 && !alone, named: address)
      socketAddress.port = bound.port
    }
    if transports.contains(.datagram) {
      bound.port = try receiveDatagrams(
        on: socketAddress, ipv6Only: isIPv6 && !alone, named: bound)
    }
    return bound
  }

  private func listenForStreams(
    on socketAddress: SocketAddress, ipv6Only: Bool, named address: Address
  ) throws(NodeFailure) -> UInt16 {
    let listener = try StreamListener(
      at: socketAddress, ipv6Only: ipv6Only, refusal: "cannot listen on \(address)", on: loop
    ) { [unowned self] in accept($0) }
    listeners[socketAddress.family] = listener
    return listener.address?.port ?? 0
  }

  private func accept(_ socket: StreamSocket) {
    let remote = socket.peer
    let connection = Connection(nextConnection(), socket, on: self)
    connections[connection.id] = connection
    socket.begin()
    connection.judge()
    let end = remote ?? Address(host: "unknown", port: 0)
    deliver(.accepted(connection.id, from: DialSource.visible(end)))
  }

  func connect(_ id: ConnectionID, to address: Address, from port: LocalPort) {
    let connection = Connection(id, StreamSocket(on: loop), on: self)
    connections[id] = connection
    let socketAddress = SocketAddress(numeric: address)
    if port == .listening { bindToListeningPort(connection, towards: socketAddress?.family) }
    if let socketAddress {
      guard lines(to: address.numeric) != nil else { return connect(connection, to: socketAddress) }
      connection.hold = Hold(connection, to: address.numeric, on: self)
      connection.hold?.dial(socketAddress)
    } else {
      resolve(address, for: connection)
    }
  }

  /// Lets the connection come from the listening port. Without effect where the system refuses it:
  /// then it comes from any port.
  ///
  /// - Parameter family: of the address that is dialled; `nil`: a name that was not looked up yet.
  private func bindToListeningPort(_ connection: Connection, towards family: sa_family_t?) {
    guard let listener = listeners[family ?? sa_family_t(AF_INET)] else { return }
    connection.isBound = connection.socket.bind(as: listener)
  }

  func connect(_ connection: Connection, to address: SocketAddress) {
    // Where the system refuses it nobody knows who dials.
    if !connection.isBound, address.isLoopback, let source { connection.socket.bind(to: source) }
    let result = connection.socket.connect(to: address)
    guard result != 0 else { return }
    if result == UV_EADDRNOTAVAIL.rawValue, connection.isBound {
      // The last connection between these two ports is not forgotten yet.
      connection.close()
      let another = Connection(connection.id, StreamSocket(on: loop), on: self)
      connections[another.id] = another
      connect(another, to: address)
    } else {
      connection.end(CloseReason(result))
    }
  }

  /// Looks a name up, in libuv's thread pool, and connects to its first address.
  private func resolve(_ address: Address, for connection: Connection) {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    unsafe request.pointee.data = Unmanaged.passRetained(connection).toOpaque()
    let result = unsafe uv_getaddrinfo(
      loop.pointer, request,
      { request, status, found in
        defer {
          unsafe uv_freeaddrinfo(found)
          unsafe request?.deallocate()
        }
        guard let data = unsafe request?.pointee.data else { return }
        let connection = unsafe Unmanaged<Connection>.fromOpaque(data).takeRetainedValue()
        let driver = connection.driver
        guard driver.connections[connection.id] != nil else { return }
        if status == 0, let first = unsafe found?.pointee,
          let socketAddress = unsafe SocketAddress(first.ai_addr, length: first.ai_addrlen)
        {
          driver.connect(connection, to: socketAddress)
        } else {
          connection.end(.unreachable)
        }
      }, address.host, String(address.port), nil)
    if result != 0 {
      unsafe Unmanaged.passUnretained(connection).release()
      unsafe request.deallocate()
      connection.end(.failed)
    }
  }

  // MARK: - Datagrams

  private func receiveDatagrams(
    on socketAddress: SocketAddress, ipv6Only: Bool, named address: Address
  ) throws(NodeFailure) -> UInt16 {
    let socket = try DatagramSocket(
      at: socketAddress, ipv6Only: ipv6Only, refusal: "cannot receive datagrams on \(address)",
      on: loop)
    socket.received = { [unowned self] in deliver(.datagram(from: $1, $0)) }
    datagramSockets[socketAddress.family] = socket
    return socket.address.port
  }

  func transmit(_ datagram: [UInt8], to address: Address) {
    guard let socketAddress = SocketAddress(numeric: address) else { return }
    // One of `::` sends to IPv4 too.
    let socket = datagramSockets[socketAddress.family] ?? datagramSockets.first?.value
    socket?.send(datagram, to: socketAddress)
  }

  func closeSockets() {
    for listener in listeners.values { listener.close() }
    for socket in datagramSockets.values { socket.close() }
    listeners = [:]
    datagramSockets = [:]
  }
}
