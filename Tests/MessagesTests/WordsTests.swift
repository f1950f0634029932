import Messages
import Testing

@Suite struct `A number of things` {
  @Test(arguments: [
    (0, "0 nodes, 0 processes"), (1, "1 node, 1 process"), (2, "2 nodes, 2 processes"),
  ])
  func `is told with its noun as it is said`(number: Int, text: String) {
    let processes = counted(number, "process", plural: "processes")
    #expect("\(counted(number, "node")), \(processes)" == text)
  }
}

@Suite struct `The nearest word` {
  @Test(arguments: [
    ("grops", "groups"), ("Groups", "groups"), ("gruops", "groups"), ("sotp", "stop"),
    ("liveness_interval", "liveness-interval"),
  ])
  func `is found by few edits`(word: String, meant: String) {
    #expect(nearestWord(to: word, among: ["stop", "groups", "liveness-interval"]) == meant)
  }

  @Test(arguments: ["xyz", "", "st", String(repeating: "stop", count: 20)])
  func `is none where nothing is near`(word: String) {
    #expect(nearestWord(to: word, among: ["stop", "groups"]) == nil)
  }

  @Test func `is the one that begins with it, where only one does`() {
    let commands = ["compare", "collect", "check"]
    #expect(nearestWord(to: "comp", among: commands) == "compare")
    #expect(nearestWord(to: "c", among: commands) == nil)
    #expect(nearestWord(to: "link", among: ["link.opened", "link.closed"]) == nil)
  }

  @Test func `is the first of several as near`() {
    #expect(nearestWord(to: "peer-8", among: ["peer-1", "peer-2"]) == "peer-1")
  }
}
