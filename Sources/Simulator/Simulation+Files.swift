import Participants

extension Simulation {
  /// A node's disk takes no time and never fills up.
  mutating func perform(_ request: FileRequest, _ key: FileKey, of node: Int) {
    let answer = Self.answer(request, from: &disks[node, default: [:]])
    answers.append((node, nodes[node].life, key, answer))
  }

  private static func answer(
    _ request: FileRequest, from disk: inout [String: [UInt8]]
  ) -> FileAnswer {
    let missing = FileAnswer.failed("No such file or directory")
    switch request {
    case .read(let path, let offset, let count):
      guard let file = disk[path] else { return missing }
      return .bytes(Array(file.dropFirst(offset).prefix(count)))
    case .write(let path, let offset, let bytes):
      var file = disk.removeValue(forKey: path) ?? []
      if file.count < offset + bytes.count {
        file += [UInt8](repeating: 0, count: offset + bytes.count - file.count)
      }
      file.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
      disk[path] = file
      return .done
    case .rename(let path, let name):
      guard let file = disk.removeValue(forKey: path) else { return missing }
      disk[name] = file
      return .done
    }
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
