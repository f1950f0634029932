import Participants

extension Simulation {
  /// A node's disk: it takes no time, never fills up, and survives the node.
  func answer(_ request: FileRequest, of node: SimulatedNode) -> FileAnswer {
    let missing = FileAnswer.failed("No such file or directory")
    switch request {
    case .read(let path, let offset, let count):
      guard let file = node.disk[path] else { return missing }
      return .bytes(Array(file.dropFirst(offset).prefix(count)))
    case .write(let path, let offset, let bytes):
      var file = node.disk.removeValue(forKey: path) ?? []
      if file.count < offset + bytes.count {
        file += [UInt8](repeating: 0, count: offset + bytes.count - file.count)
      }
      file.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
      node.disk[path] = file
      return .done
    case .rename(let path, let name):
      guard let file = node.disk.removeValue(forKey: path) else { return missing }
      node.disk[name] = file
      return .done
    }
  }

  /// What a node's disk answered is told once all that it wanted before is done.
  func deliverAnswers(to node: SimulatedNode) {
    guard !node.isAnswering else { return }
    node.isAnswering = true
    while !node.answers.isEmpty {
      let answer = node.answers.removeFirst()
      deliver(.file(answer.key, answer.answer), to: node)
    }
    node.isAnswering = false
  }
}
