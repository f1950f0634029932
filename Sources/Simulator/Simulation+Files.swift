import Participants

extension Simulation {
  mutating func perform(_ request: FileRequest, _ key: FileKey, of node: Int) {
    answers.append((node, nodes[node].life, key, disks.answer(request, of: node)))
  }

  /// Participants are told what their disks answered, unless that life of theirs is over.
  mutating func deliverAnswers() {
    guard !isAnswering else { return }
    isAnswering = true
    while !answers.isEmpty {
      let next = answers.removeFirst()
      guard nodes[next.node].life == next.life else { continue }
      deliver(.file(next.key, next.answer), to: next.node)
    }
    isAnswering = false
  }
}
