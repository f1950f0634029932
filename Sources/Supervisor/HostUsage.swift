import CProcess
import Glibc
import Participants
import Topology

/// What the machine, this process and its nodes use, from `/proc` and getrusage(2).
struct HostUsage {
  /// Nodes that are sampled at once. Where there are more, they take turns, so that ten thousand cost
  /// the supervisor no more than a hundred.
  private static let nodesAtOnce = 100
  private static let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
  private static let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

  /// Ticks since the machine started, over all cores.
  private var busy = 0
  private var total = 0
  /// How long some task has waited for a processor since the machine started, in microseconds, and when
  /// that was read; `nil` on a system that does not tell.
  private var stalled: (total: Int64, at: Instant)?
  /// The latest that the supervisor woke up since the last sample.
  private var late = Microseconds.zero

  /// The node whose turn it is.
  private var next = 0

  init(at now: Instant) {
    _ = hostBusy()
    _ = pressure(at: now)
  }

  /// The supervisor woke up so much later than it wanted to.
  mutating func woke(late: Microseconds) { self.late = max(self.late, late) }

  /// The event for the time since the last one.
  ///
  /// - Parameter printedLate: how long before they were seen lines of programs may have been printed since
  ///   then; `nil` where none were.
  mutating func sample(at now: Instant, printedLate: Microseconds?) -> Event {
    defer { late = .zero }
    return Event(
      SupervisorEvents.usageSampled,
      [
        "host_busy": hostBusy(), "supervisor_cpu": Self.ownTime(),
        "memory_available": Self.memoryAvailable(), "runnable": Self.runnable(), "late": late,
        "pressure": pressure(at: now), "printed_late": printedLate,
      ])
  }

  /// The events for the nodes whose turn it is.
  ///
  /// - Parameter nodes: each node of the plan by name, with its process where it has one.
  mutating func sample(_ nodes: [(name: String, pid: pid_t?)]) -> [Event] {
    var events: [Event] = []
    for _ in nodes.indices where events.count < Self.nodesAtOnce {
      let node = nodes[next % nodes.count]
      next = (next + 1) % nodes.count
      guard let pid = node.pid, let used = Self.used(by: pid) else { continue }
      events.append(
        Event(
          SupervisorEvents.nodeSampled, ["node": node.name, "cpu": used.cpu, "memory": used.memory])
      )
    }
    return events
  }

  /// Processor time in microseconds, and resident memory in KiB, from proc_pid_stat(5).
  private static func used(by pid: pid_t) -> (cpu: Int64, memory: Int64)? {
    guard let text = TextFile.read("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")")
    else { return nil }
    // The first field behind the name is the third of all.
    let fields = text[name...].dropFirst(2).split(separator: " ").map { Int64($0) }
    guard fields.count > 21, let user = fields[11], let system = fields[12], let pages = fields[21]
    else { return nil }
    return ((user + system) * 1_000_000 / ticksPerSecond, pages * pageSize / 1_024)
  }

  /// Permille of all cores since the last call.
  private mutating func hostBusy() -> Int {
    // proc_stat(5): user nice system idle iowait irq softirq steal, of which guest is a part.
    let line = TextFile.read("/proc/stat")?.split(separator: "\n").first ?? ""
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Int($0) }
    guard ticks.count == 8 else { return 0 }
    let newTotal = ticks.reduce(0, +)
    let newBusy = newTotal - ticks[3] - ticks[4]
    defer { (busy, total) = (newBusy, newTotal) }
    return newTotal > total ? max(0, newBusy - busy) * 1_000 / (newTotal - total) : 0
  }

  /// The fourth field of proc_loadavg(5): `RUNNABLE/ALL`. This process is one of them.
  private static func runnable() -> Int64 {
    let fields = TextFile.read("/proc/loadavg")?.split(separator: " ") ?? []
    return fields.count > 3 ? fields[3].split(separator: "/").first.flatMap { Int64($0) } ?? 0 : 0
  }

  /// Permille of the time since the last call in which some task waited for a processor; `nil` where the
  /// system does not tell.
  private mutating func pressure(at now: Instant) -> Int64? {
    // some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS
    let line = TextFile.read("/proc/pressure/cpu")?.split(separator: "\n").first ?? ""
    guard let word = line.split(separator: " ").last, word.hasPrefix("total="),
      let total = Int64(word.dropFirst(6))
    else { return nil }
    defer { stalled = (total, now) }
    guard let stalled, now > stalled.at else { return nil }
    return min(1_000, (total - stalled.total) * 1_000 / (now - stalled.at).count)
  }

  /// Processor time of this process in microseconds, all threads.
  private static func ownTime() -> Int64 {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Int64($1.tv_sec) * 1_000_000 + Int64($1.tv_usec)
    }
  }

  /// In KiB, from proc_meminfo(5).
  private static func memoryAvailable() -> Int64 {
    let lines = TextFile.read("/proc/meminfo")?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ") ?? []
    return words.count > 1 ? Int64(words[1]) ?? 0 : 0
  }
}
