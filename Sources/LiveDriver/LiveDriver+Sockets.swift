package import CUV
import Faults
import Glibc
package import Participants

extension LiveDriver {
  /// Binds the node and starts to listen. Port 0 takes any free one.
  ///
  /// - Parameter other: a host of the other family, to listen on as well, at the same port.
  /// - Returns: the address that others can reach it at: the real port, and the advertised host
  ///   where there is one.
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
        if rulesFile != nil { source = Self.source(of: bound) }
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
      let flags = isIPv6 && !alone ? CUnsignedInt(UV_TCP_IPV6ONLY.rawValue) : 0
      bound.port = try listenForStreams(on: &socketAddress, flags, named: address)
      socketAddress.port = bound.port
    }
    if transports.contains(.datagram) {
      let flags = isIPv6 && !alone ? CUnsignedInt(UV_UDP_IPV6ONLY.rawValue) : 0
      bound.port = try receiveDatagrams(on: &socketAddress, flags, named: bound)
    }
    return bound
  }

  private func listenForStreams(
    on socketAddress: inout SocketAddress, _ flags: CUnsignedInt, named address: Address
  ) throws(NodeFailure) -> UInt16 {
    let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    unsafe uv_tcp_init(loop, handle)
    unsafe listeners[socketAddress.family] = handle
    let stream = unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    var result = unsafe socketAddress.withPointer { unsafe uv_tcp_bind(handle, $0, flags) }
    if result == 0 {
      result = unsafe uv_listen(stream, Self.acceptQueue) { stream, status in
        guard status == 0, let stream = unsafe stream else { return }
        unsafe LiveDriver.of(stream.pointee.loop)?.accept(from: stream)
      }
    }
    try Self.check(result, "cannot listen on \(address)")
    return unsafe SocketAddress { unsafe uv_tcp_getsockname(handle, $0, $1) }?.port ?? 0
  }

  private func accept(from listener: UnsafeMutablePointer<uv_stream_t>) {
    let connection = Connection(nextConnection(), on: self)
    guard unsafe uv_accept(listener, connection.stream) == 0 else { return connection.close() }
    let remote = unsafe SocketAddress { unsafe uv_tcp_getpeername(connection.handle, $0, $1) }
    connections[connection.id] = connection
    connection.begin()
    connection.judge()
    let end = remote?.address ?? Address(host: "unknown", port: 0)
    deliver(.accepted(connection.id, from: Self.visible(end)))
  }

  func connect(_ id: ConnectionID, to address: Address, from port: LocalPort) {
    let connection = Connection(id, on: self)
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

  /// Gives the connection a socket that is bound to the listening port. Without effect where the
  /// system refuses it: then the connection comes from any port.
  ///
  /// The listening socket allows it only now, and only to sockets that ask: nobody else can bind the
  /// port by mistake (`SO_REUSEPORT`, socket(7)).
  ///
  /// - Parameter family: of the address that is dialled; `nil`: a name that was not looked up yet.
  private func bindToListeningPort(_ connection: Connection, towards family: sa_family_t?) {
    guard let listener = unsafe listeners[family ?? sa_family_t(AF_INET)] else { return }
    connection.isBound = unsafe Self.bind(connection.handle, as: listener)
  }

  /// Gives a handle that was not dialled yet a socket that is bound to a listener's address. Returns
  /// whether the system allowed it.
  package static func bind(
    _ handle: UnsafeMutablePointer<uv_tcp_t>, as listener: UnsafeMutablePointer<uv_tcp_t>
  ) -> Bool {
    guard var own = unsafe SocketAddress({ unsafe uv_tcp_getsockname(listener, $0, $1) }) else {
      return false
    }
    var listening: uv_os_fd_t = -1
    _ = unsafe listener.withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
      unsafe uv_fileno($0, &listening)
    }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let dialling = socket(CInt(own.family), kind, 0)
    var on: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    unsafe setsockopt(listening, SOL_SOCKET, SO_REUSEPORT, &on, size)
    unsafe setsockopt(dialling, SOL_SOCKET, SO_REUSEPORT, &on, size)
    unsafe setsockopt(dialling, SOL_SOCKET, SO_REUSEADDR, &on, size)
    let length = own.length
    guard unsafe own.withPointer({ unsafe Glibc.bind(dialling, $0, length) }) == 0,
      unsafe uv_tcp_open(handle, dialling) == 0
    else {
      close(dialling)
      return false
    }
    return true
  }

  func connect(_ connection: Connection, to socketAddress: SocketAddress) {
    var socketAddress = socketAddress
    if !connection.isBound, socketAddress.isLoopback, var source {
      // Without effect where the system refuses it: then nobody knows who dials.
      _ = unsafe source.withPointer { unsafe uv_tcp_bind(connection.handle, $0, 0) }
    }
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    let result = unsafe socketAddress.withPointer {
      unsafe uv_tcp_connect(request, connection.handle, $0) { request, status in
        defer { unsafe request?.deallocate() }
        guard status != CInt(UV_ECANCELED.rawValue),
          let connection = unsafe Connection.of(request?.pointee.handle.pointee.data)
        else { return }
        connection.connected(status)
      }
    }
    guard result != 0 else { return }
    unsafe request.deallocate()
    if result == UV_EADDRNOTAVAIL.rawValue, connection.isBound {
      // The last connection between these two ports is not forgotten yet.
      connection.close()
      let another = Connection(connection.id, on: self)
      connections[another.id] = another
      connect(another, to: socketAddress)
    } else {
      connection.end(CloseReason(result))
    }
  }

  /// Looks a name up, in libuv's thread pool, and connects to its first address.
  private func resolve(_ address: Address, for connection: Connection) {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    unsafe request.pointee.data = Unmanaged.passRetained(connection).toOpaque()
    let result = unsafe uv_getaddrinfo(
      loop, request,
      { request, status, found in
        defer {
          unsafe uv_freeaddrinfo(found)
          unsafe request?.deallocate()
        }
        guard let data = unsafe request?.pointee.data else { return }
        let connection = unsafe Unmanaged<Connection>.fromOpaque(data).takeRetainedValue()
        guard let driver = unsafe LiveDriver.of(request?.pointee.loop),
          driver.connections[connection.id] != nil
        else { return }
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
    on socketAddress: inout SocketAddress, _ flags: CUnsignedInt, named address: Address
  ) throws(NodeFailure) -> UInt16 {
    let handle = UnsafeMutablePointer<uv_udp_t>.allocate(capacity: 1)
    unsafe uv_udp_init(loop, handle)
    unsafe datagramSockets[socketAddress.family] = handle
    var result = unsafe socketAddress.withPointer { unsafe uv_udp_bind(handle, $0, flags) }
    if result == 0 {
      result = unsafe uv_udp_recv_start(
        handle,
        { handle, _, buffer in
          guard let driver = unsafe LiveDriver.of(handle?.pointee.loop) else { return }
          unsafe buffer?.pointee = uv_buf_init(
            driver.readBuffer, CUnsignedInt(LiveDriver.readSize))
        },
        { handle, count, buffer, source, _ in
          // A count of 0 without a source: there was nothing to read after all.
          guard count >= 0, let source = unsafe source,
            let driver = unsafe LiveDriver.of(handle?.pointee.loop),
            let from = unsafe SocketAddress(source)?.address
          else { return }
          let bytes = unsafe UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count)
          unsafe driver.deliver(.datagram(from: from, Array(bytes)))
        })
    }
    try Self.check(result, "cannot receive datagrams on \(address)")
    return unsafe SocketAddress { unsafe uv_udp_getsockname(handle, $0, $1) }?.port ?? 0
  }

  /// Sends at once or not at all: a datagram that does not fit into the socket's buffer is lost, as
  /// it may be anywhere on its way.
  func send(_ datagram: [UInt8], to address: Address) {
    if conditions == nil || lets(datagram, to: address) { transmit(datagram, to: address) }
  }

  func transmit(_ datagram: [UInt8], to address: Address) {
    guard var socketAddress = SocketAddress(numeric: address),
      // One of `::` sends to IPv4 too.
      let socket = unsafe datagramSockets[socketAddress.family] ?? datagramSockets.first?.value
    else { return }
    unsafe datagram.withUnsafeBytes { bytes in
      let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      var buffer = unsafe uv_buf_init(
        base?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
      unsafe socketAddress.withPointer { _ = unsafe uv_udp_try_send(socket, &buffer, 1, $0) }
    }
  }

  func closeSockets() {
    unsafe listeners.values.forEach { unsafe closeSocket(UnsafeMutableRawPointer($0)) }
    unsafe datagramSockets.values.forEach { unsafe closeSocket(UnsafeMutableRawPointer($0)) }
    unsafe listeners = [:]
    unsafe datagramSockets = [:]
  }

  private func closeSocket(_ socket: UnsafeMutableRawPointer) {
    unsafe uv_close(socket.assumingMemoryBound(to: uv_handle_t.self)) { handle in
      unsafe handle?.deallocate()
    }
  }

  private static func check(_ result: CInt, _ what: String) throws(NodeFailure) {
    guard result != 0 else { return }
    throw NodeFailure("\(what): \(unsafe String(cString: uv_strerror(result)))")
  }
}

extension Connection {
  /// The answer to a connect.
  fileprivate func connected(_ status: CInt) {
    guard let driver = unsafe LiveDriver.of(handle.pointee.loop), driver.connections[id] != nil
    else { return }
    judge()
    guard status == 0 else { return arrived(.end(CloseReason(status))) }
    begin()
    arrived(.connected)
  }
}
