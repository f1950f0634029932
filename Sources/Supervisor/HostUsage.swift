import CProcess
import Glibc
import Participants

/// What the machine and this process use, from `/proc` and getrusage(2).
struct HostUsage {
  /// Ticks since the machine started, over all cores.
  private var busy = 0
  private var total = 0

  init() { _ = hostBusy() }

  /// The event for the time since the last one.
  mutating func sample() -> Event {
    Event(
      SupervisorEvents.usageSampled,
      [
        "host_busy": .integer(Int64(hostBusy())), "supervisor_cpu": .integer(Self.ownTime()),
        "memory_available": .integer(Self.memoryAvailable()),
      ])
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
