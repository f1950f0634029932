package import Participants

/// Datagrams that faults on the network hold up: each leaves by its route when it is due.
package final class DelayedDatagrams<Route> {
  /// Datagrams that may be under way at once, in bytes. Others are lost.
  private static var limit: Int { 16 * 1024 * 1024 }
  /// What each takes beside its bytes, about.
  private static var overhead: Int { 128 }

  private let loop: EventLoop
  private let send: ([UInt8], Route) -> Void
  private lazy var queue = DueQueue<(bytes: [UInt8], route: Route)>(on: loop) {
    [unowned self] in sendDue()
  }
  private var size = 0

  /// - Parameter send: called for each when it is due.
  package init(on loop: EventLoop, send: @escaping ([UInt8], Route) -> Void) {
    self.loop = loop
    self.send = send
  }

  /// Takes a datagram, unless too many are under way; those that are due together keep their order.
  ///
  /// - Returns: whether it was taken.
  package func add(_ bytes: [UInt8], due: Instant, by route: Route) -> Bool {
    guard size + bytes.count + Self.overhead <= Self.limit else { return false }
    size += bytes.count + Self.overhead
    queue.add((bytes: bytes, route: route), due: due)
    queue.wait()
    return true
  }

  private func sendDue() {
    while let (due, datagram) = queue.first, due <= loop.now {
      queue.removeFirst()
      size -= datagram.bytes.count + Self.overhead
      send(datagram.bytes, datagram.route)
    }
    queue.wait()
  }

  /// Nothing that waits will be sent.
  package func drop() {
    queue.cancel()
    size = 0
  }
}
