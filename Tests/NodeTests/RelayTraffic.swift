import Foundation
import Glibc

/// One direction of a connection, as a test uses it: what is to be sent, and what has come.
final class Traffic {
  let source: Connection
  let sink: Connection
  /// What is to be sent.
  private(set) var all: [UInt8] = []
  private(set) var sent = 0
  private(set) var received: [UInt8] = []
  /// Whether the source has said, and the sink has heard, that nothing more comes.
  private(set) var isFinished = false
  private(set) var hasEnded = false

  init(from source: Connection, to sink: Connection) {
    self.source = source
    self.sink = sink
  }

  var isDelivered: Bool { received.count == all.count }

  func add(_ bytes: [UInt8]) { all += bytes }

  /// Nothing more will be added. Call it when everything was sent.
  func finish() {
    isFinished = true
    source.finish()
  }

  /// Sends what can be sent now.
  func send() {
    while sent < all.count {
      let count = unsafe all.withUnsafeBytes { bytes -> Int in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
        return unsafe Glibc.send(
          source.descriptor, rest.baseAddress, rest.count,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Receives what is there.
  func receive() throws {
    var buffer = [UInt8](repeating: 0, count: 262_144)
    while true {
      let count = unsafe recv(sink.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count < 0, errno == EAGAIN { return }
      guard count >= 0 else { throw Missing(what: "more; the connection was reset") }
      if count == 0 {
        hasEnded = true
        return
      }
      received += buffer.prefix(count)
    }
  }

  /// Sends and receives until everything has come.
  static func complete(_ traffic: [Traffic]) throws {
    _ = try Deadline.poll("the rest of what was sent") { () -> Bool? in
      for one in traffic {
        one.send()
        try one.receive()
      }
      return traffic.allSatisfy(\.isDelivered) ? true : nil
    }
  }
}
