import CProcess
import Glibc
import Messages
package import Participants

/// Asks a run under way, from another process.
package final class ControlClient {
  /// The longest answer, in bytes.
  private static let longestAnswer = 65_536

  private let descriptor: Descriptor

  /// Connects to the run in a folder; `nil` where no supervisor listens there.
  ///
  /// - Parameter limit: how long the supervisor may take with whatever it is asked.
  package init?(folder path: String, within limit: Microseconds) {
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard let folder = Descriptor(opening: path, O_RDONLY | O_DIRECTORY),
      let descriptor = Descriptor(socket(AF_UNIX, kind, 0))
    else { return nil }
    self.descriptor = descriptor
    var time = timeval(
      tv_sec: Int(limit.count / 1_000_000), tv_usec: Int(limit.count % 1_000_000))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      unsafe setsockopt(
        descriptor.number, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    let result = unsafe Control.withAddress(in: folder) {
      unsafe connect(descriptor.number, $0, $1)
    }
    guard result == 0 else { return nil }
  }

  /// The ID of the process that listens, or a negative number.
  package var supervisor: Int32 { cprocess_peer(descriptor.number) }

  /// Sends a request and waits for its answer.
  ///
  /// - Throws: when none comes in time, or the supervisor goes away before.
  package func ask(_ request: Control.Request) throws(SupervisorError) -> Control.Answer {
    let bytes = Control.encode(request)
    guard bytes.count <= Control.longestRequest else {
      throw SupervisorError(
        "a request has \(Control.longestRequest) bytes at most; this one has \(bytes.count)")
    }
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe send(descriptor.number, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
    }
    guard count == bytes.count else { throw Self.gone }
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      guard let more = try receive(), line.count < Self.longestAnswer else { throw Self.gone }
      line += more
    }
    guard let answer = Control.decode(line.dropLast(), as: Control.Answer.self) else {
      throw SupervisorError("the supervisor's answer makes no sense: is it of another version?")
    }
    return answer
  }

  /// Waits until the supervisor's process has ended.
  ///
  /// - Throws: where the run's supervisor ends without an answer.
  package func waitForEnd() throws(SupervisorError) {
    while try receive() != nil {}
  }

  /// `nil` at the connection's end.
  private func receive() throws(SupervisorError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe recv(descriptor.number, buffer.baseAddress, buffer.count, 0)
      }
      if count > 0 { return Array(bytes.prefix(count)) }
      if count == 0 || errno == ECONNRESET { return nil }
      guard errno == EINTR else {
        throw SupervisorError(
          "the supervisor does not answer in time: is it stopped?", exitCode: .inconclusive)
      }
    }
  }

  private static var gone: SupervisorError {
    SupervisorError("the supervisor went away without an answer", exitCode: .failed)
  }
}
