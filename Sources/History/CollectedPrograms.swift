internal import Participants
internal import Topology

/// The nodes of a run that are programs, and how events are made of what they print.
struct CollectedPrograms {
  /// Every program, by its node's name.
  let nodes: Set<String>
  /// Those whose output is their log.
  let printed: [String: PrintedLines]
  /// When the run was launched: the time of a line that nobody saw.
  let launched: Int64

  init(_ manifest: RunManifest) throws(HistoryError) {
    let plan = manifest.plan
    var nodes: Set<String> = []
    var printed: [String: PrintedLines] = [:]
    var lines: [String: PrintedLines] = [:]
    for (group, program) in plan.programs where !program.writesLog {
      lines[group] = try PrintedLines(program)
    }
    for node in plan.nodes where plan.program(of: node) != nil {
      nodes.insert(node.name)
      printed[node.name] = lines[node.group]
    }
    self.nodes = nodes
    self.printed = printed
    launched = manifest.launched.count
  }

  /// Whose log a file is; `nil` where it is none.
  func node(ofLog file: String) -> String? {
    let isOutput = file.hasSuffix(RunFiles.outputSuffix)
    let suffix = isOutput ? RunFiles.outputSuffix : RunFiles.logSuffix
    let node = String(file.dropLast(suffix.count))
    return isOutput == (printed[node] != nil) ? node : nil
  }
}
