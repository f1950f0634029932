package import Faults
import FoundationEssentials
import Glibc
import Topology

/// What a run under way can be asked: one line of JSON each way, over the socket in its folder.
package enum Control {
  /// The socket's name in the run's folder.
  package static let fileName = "control.sock"
  /// The longest request, in bytes, its newline included.
  static let longestRequest = 4_096

  package struct Request: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
      /// Where the run is. Answered at once.
      case status
      /// Do something to the network. Answered when it was seen to have happened.
      case fault
      /// Come to the stop now. Answered, as whatever is not answered by then, when every node has
      /// ended; the connection ends when the run was recorded and judged.
      case stop
    }

    package var ask: Kind
    /// Of a fault, as in a topology: a key such as `kill`.
    package var action: String?
    /// Of a fault: the key's value, YAML.
    package var target: String?
    /// Of a fault: the value of `for`.
    package var lasting: String?

    /// A request, with what a fault needs.
    package init(
      _ ask: Kind, action: String? = nil, target: String? = nil, lasting: String? = nil
    ) {
      self.ask = ask
      self.action = action
      self.target = target
      self.lasting = lasting
    }
  }

  package struct Answer: Codable, Equatable, Sendable {
    /// Why the request was refused, in words.
    package var refusal: String?
    package var status: Status?
    /// The first faults that came of it, at most ``mostFaults``.
    package var faults: [Fault]?
    /// Of a run that has ended.
    package var outcome: String?
    /// Why the run ended as it did, in words.
    package var reason: String?

    static let mostFaults = 20

    /// An answer with what belongs to its request.
    package init(
      refusal: String? = nil, status: Status? = nil, faults: [Fault]? = nil,
      outcome: String? = nil, reason: String? = nil
    ) {
      self.refusal = refusal
      self.status = status
      self.faults = faults
      self.outcome = outcome
      self.reason = reason
    }
  }

  package struct Status: Codable, Equatable, Sendable {
    /// `launching`, `running`, `stopping` or `ended`.
    package var phase: String
    /// All nodes; during the launch without the late joiners.
    package var nodes: Int
    /// Those with a process, and those of them that have said that they are ready.
    package var up: Int
    package var ready: Int
    /// Those whose process has ended.
    package var down: Int
    package var faults: Int
    package var faultsDone: Int

    init(_ progress: SupervisorCore.Progress) {
      phase = "\(progress.phase)"
      nodes = progress.nodes
      up = progress.live
      ready = progress.ready
      down = progress.down
      faults = progress.faults
      faultsDone = progress.faultsDone
    }
  }

  /// A text of the protocol as a line, without its newline; `nil` for anything else.
  static func decode<Value: Decodable>(_ line: some Collection<UInt8>, as type: Value.Type)
    -> Value?
  {
    try? JSONDecoder().decode(type, from: Data(line))
  }

  static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    // Nothing that is sent has a number that JSON cannot say.
    return Array((try? encoder.encode(value)) ?? Data()) + [UInt8(ascii: "\n")]
  }

  /// Calls the body with the socket's address. A path of a socket has 107 bytes at most, so the folder
  /// is named by its descriptor.
  static func withAddress<Result>(
    in folder: Descriptor, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("/proc/self/fd/\(folder.number)/\(fileName)".utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
