package import CUV
package import Clock
package import Participants

/// Datagrams that faults on the network hold up: each leaves by its route when it is due.
@safe package final class DelayedDatagrams<Route> {
  /// Datagrams that may be under way at once, in bytes. Others are lost.
  private static var limit: Int { 16 * 1024 * 1024 }
  /// What each takes beside its bytes, about.
  private static var overhead: Int { 128 }

  private let loop: UnsafeMutablePointer<uv_loop_t>
  private let clock: SteadyClock
  private let send: ([UInt8], Route) -> Void
  /// Soonest first.
  private var waiting: ArraySlice<(due: Instant, bytes: [UInt8], route: Route)> = []
  private var size = 0
  private var timer: Timer?

  package init(
    on loop: UnsafeMutablePointer<uv_loop_t>, clock: SteadyClock,
    send: @escaping ([UInt8], Route) -> Void
  ) {
    unsafe self.loop = unsafe loop
    self.clock = clock
    self.send = send
  }

  /// Takes a datagram, unless too many are under way; those that are due together keep their order.
  ///
  /// - Returns: whether it was taken.
  package func add(_ bytes: [UInt8], due: Instant, by route: Route) -> Bool {
    guard size + bytes.count + Self.overhead <= Self.limit else { return false }
    size += bytes.count + Self.overhead
    let position = waiting.lastIndex { $0.due <= due }.map { $0 + 1 } ?? waiting.startIndex
    waiting.insert((due: due, bytes: bytes, route: route), at: position)
    wait()
    return true
  }

  private func wait() {
    guard let next = waiting.first else { return }
    if timer == nil { timer = unsafe Timer(on: loop) { [unowned self] in sendDue() } }
    timer?.set(after: next.due - clock.now)
  }

  private func sendDue() {
    while let next = waiting.first, next.due <= clock.now {
      waiting.removeFirst()
      size -= next.bytes.count + Self.overhead
      send(next.bytes, next.route)
    }
    wait()
  }

  /// Nothing that waits will be sent.
  package func drop() {
    waiting = []
    timer?.cancel()
    timer = nil
  }
}
