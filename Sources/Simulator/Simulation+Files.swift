import Participants

/// Files: a node's disk is a dictionary that outlives it. What was written is there, whatever happens
/// to the node afterwards.
extension Simulation {
  /// How long each operation takes, in microseconds.
  private static let fileTime: Int64 = 100

  func read(_ name: FileName, at offset: Int64, count: Int, on node: SimulatedNode) -> FileResult {
    guard let file = node.disk[name] else { return .missing }
    let start = min(max(0, Int(offset)), file.count)
    return .read(Array(file[start..<min(start + max(0, count), file.count)]))
  }

  func write(
    _ bytes: [UInt8], to name: FileName, at offset: Int64, on node: SimulatedNode
  ) -> FileResult {
    let start = max(0, Int(offset))
    let missing = start + bytes.count - (node.disk[name]?.count ?? 0)
    if missing > 0 { node.disk[name, default: []] += [UInt8](repeating: 0, count: missing) }
    node.disk[name]?.replaceSubrange(start..<start + bytes.count, with: bytes)
    return .written
  }

  func complete(_ token: FileToken, _ result: FileResult, of node: SimulatedNode) {
    let slot = fileResults.add((node.index, node.life, token, result))
    queue.plan(.file, slot.index, generation: slot.generation, at: now + Self.fileTime)
  }

  func fileIsDone(_ index: Int32, generation: UInt32) {
    guard let done = fileResults.take(index, generation: generation) else { return }
    let node = nodes[Int(done.node)]
    guard node.life == done.life else { return }
    deliver(.file(done.token, done.result), to: node)
  }
}
