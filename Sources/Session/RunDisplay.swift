import Clock
import Messages
package import Participants
package import Supervisor
import Topology

/// What a person sees of a run: a line for each milestone, and on a terminal one below them that
/// changes.
package final class RunDisplay: RunObserver {
  private let plan: Plan
  private let terminal = Terminal.output
  private let isQuiet: Bool
  private var events: (() -> Int)?
  private var launched: Instant?
  private var began: Instant?
  private var isStopping = false
  /// What each fault is, by its number.
  private var faults: [Int64: String] = [:]
  private var lastShown: Instant?
  private var line = LiveLine()

  /// Between two changes of the live line.
  private static let refresh = Microseconds.milliseconds(200)

  /// - Parameter isQuiet: whether nothing is to be seen.
  init(_ plan: Plan, isQuiet: Bool = false) {
    self.plan = plan
    self.isQuiet = isQuiet
  }

  package var interval: Microseconds? { line.isPossible && !isQuiet ? Self.refresh : nil }

  private func say(_ text: String) {
    if !isQuiet { line.say(text) }
  }

  /// - Parameters:
  ///   - title: what is run.
  ///   - events: how many events were collected so far, where they are collected meanwhile.
  func start(_ title: String, events: (() -> Int)? = nil) {
    self.events = events
    say("\(title)\n")
  }

  /// Says what is a milestone of the run.
  package func saw(_ event: Event, at now: Instant) {
    if launched == nil { launched = now }
    if event.kind == SupervisorEvents.runBegan.name { began = now }
    if event.kind == SupervisorEvents.runStopping.name { isStopping = true }
    if event.kind == SupervisorEvents.faultPlanned.name { remember(event) }
    guard let text = milestone(event) else { return }
    say("\(seconds(since: began ?? launched, now))s \(text)\n")
  }

  /// What there is to read of an event, if it is a milestone.
  private func milestone(_ event: Event) -> String? {
    switch event.kind {
    case SupervisorEvents.runLaunched.name:
      "launching \(counted(plan.nodes.count { $0.joins == nil }, "node"))"
    case SupervisorEvents.runBegan.name:
      "all nodes are ready, \(seconds(since: launched, began))s after the launch"
    case SupervisorEvents.runStopping.name: "stopping (\(text(event["reason"])))"
    case SupervisorEvents.runContinued.name:
      "the supervisor goes on; the nodes ran while it was stopped, for up to \(idle(event))s"
    case SupervisorEvents.faultApplied.name: fault(event)
    case SupervisorEvents.faultHealed.name: "\(fault(event)): back"
    // The faults that a stop leaves over need no line each.
    case SupervisorEvents.faultSkipped.name where !isStopping:
      "\(fault(event)): skipped, \(text(event["reason"]))"
    case SupervisorEvents.nodeExited.name where event["unexpected"] == .flag(true):
      "\(text(event["node"])) ended unasked (\(status(event)))"
    default: nil
    }
  }

  private func remember(_ event: Event) {
    guard case .integer(let id)? = event["fault"] else { return }
    let arrow = event["one_way"] == .flag(true) ? "->" : "<->"
    let subject =
      event["node"].map(text) ?? "\(text(event["from"])) \(arrow) \(text(event["to"]))"
    faults[id] = "\(text(event["action"])) \(subject)"
  }

  private func fault(_ event: Event) -> String {
    guard case .integer(let id)? = event["fault"] else { return "" }
    return faults[id] ?? ""
  }

  private func status(_ event: Event) -> String {
    switch (event["code"], event["signal"]) {
    case (.integer(let code), _): "exit code \(code)"
    case (_, .integer(let signal)): "signal \(signal)"
    default: ""
    }
  }

  private func idle(_ event: Event) -> String {
    guard case .integer(let idle)? = event["idle"] else { return "" }
    return Self.seconds(Microseconds(idle))
  }

  private func text(_ value: Event.Value?) -> String {
    guard case .text(let text)? = value else { return "" }
    return text
  }

  // MARK: - The live line

  /// Renews the live line, no more often than a person can see.
  package func show(_ progress: SupervisorCore.Progress, at now: Instant) {
    guard line.isPossible, !isQuiet else { return }
    // By the real clock, whatever the run's.
    let moment = Instant.now
    if let lastShown, moment - lastShown < Self.refresh { return }
    lastShown = moment
    line.show(liveLine(progress, now))
  }

  private func liveLine(_ progress: SupervisorCore.Progress, _ now: Instant) -> String {
    let share: Double
    var parts: [String]
    switch progress.phase {
    case .launching:
      share = Double(progress.ready) / Double(max(1, progress.nodes))
      parts = ["\(progress.ready)/\(progress.nodes) ready"]
    case .running:
      let elapsed = began.map { now - $0 } ?? .zero
      share = Double(elapsed.count) / Double(max(1, plan.stopAt.count))
      parts = ["\(elapsed.count / 1_000_000)s/\(plan.stopAt)", "\(progress.live) live"]
    case .stopping, .ended:
      share = 1 - Double(progress.live) / Double(max(1, progress.nodes))
      parts = ["\(progress.live) to end"]
    }
    if progress.faults > 0 { parts.append("faults \(progress.faultsDone)/\(progress.faults)") }
    if let events { parts.append(counted(events(), "event")) }
    let rest = parts.joined(separator: "  ")
    let phase = "\(progress.phase)".padded(to: 10)
    let room = terminal.width - phase.count - rest.count - 3
    guard room >= 5 else { return String((phase + rest).prefix(max(0, terminal.width - 1))) }
    return "\(phase)\(bar(share, width: min(30, room)))  \(rest)"
  }

  private func bar(_ share: Double, width: Int) -> String {
    let full = Int((min(max(share, 0), 1) * Double(width)).rounded())
    return terminal.styled(String(repeating: "█", count: full), .green)
      + terminal.styled(String(repeating: "░", count: width - full), .dim)
  }

  /// The nodes have ended, and their logs are still being recorded.
  func showRecording() {
    guard !isQuiet, let events else { return }
    line.show("recording  \(events()) events")
  }

  /// Takes the live line away.
  func clear() { line.clear() }

  /// - Parameter recorded: where the run is to be found; `nil` when it is not kept.
  func finish(
    _ conclusion: SupervisorCore.Conclusion, recorded: String?, events: Int, rejected: Int
  ) {
    // Why a run failed is said as an error.
    let isSaid = conclusion.outcome == .failed || conclusion.reason.isEmpty
    let reason = isSaid ? "" : ": \(conclusion.reason)"
    say("\(conclusion.outcome.rawValue)\(reason)\n")
    let suffix = rejected == 0 ? "" : ", \(rejected) rejected"
    if let recorded { say("\(recorded): \(counted(events, "event"))\(suffix)\n") }
  }

  private func seconds(since start: Instant?, _ now: Instant?) -> String {
    guard let start, let now else { return "0.00" }
    return Self.seconds(now - start)
  }

  /// With two decimals.
  package static func seconds(_ duration: Microseconds) -> String {
    let hundredths = String((duration.count + 5_000) / 10_000)
    let padded = String(repeating: "0", count: max(0, 3 - hundredths.count)) + hundredths
    return "\(padded.dropLast(2)).\(padded.suffix(2))"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
