import Faults
import Participants

/// What the supervisor and the relay read of each other.
extension FuzzTargets {
  static let relay = [relayMessages, relayAnswer]

  private static let relayMessages = FuzzTarget(
    "relay-messages",
    samples: [
      "18\nstarted a-1 7 10.1", "34\nopened a-1 127.0.0.1:1 [::1]:65535", "9\nended a-1",
      "86\nrules 3\nfault 5 partition both 0\nfrom a-1 127.0.0.1:1\nto b-1 -\nfault 6 loss one-way 1\n",
      "49\nrules 4\nfault 5 latency both 8796093022207\nto b -",
    ].map { Array($0.utf8) }
  ) { input, random in
    var buffer: [UInt8] = []
    for part in FuzzTarget.cut(input, using: &random) {
      buffer += part
      while let message = try? RelayMessage.next(in: &buffer) {
        // What was read is written so that it is read again.
        var again = message.framed
        precondition((try? RelayMessage.next(in: &again)) == message && again.isEmpty)
        guard case .rules(let rules) = message else { continue }
        _ = rules.disturbance(from: "a-1", to: "b-1").latency
      }
    }
  }

  private static let relayAnswer = FuzzTarget(
    "relay-answer", samples: ["done 1 22 333", "failed cannot listen"].map { Array($0.utf8) }
  ) { input, _ in
    guard let answer = RelayAnswer(parsing: String(decoding: input, as: UTF8.self)) else { return }
    let line = String(decoding: answer.description.utf8.dropLast(), as: UTF8.self)
    precondition(RelayAnswer(parsing: line) == answer)
  }
}
