import Faults
import Participants
import Sockets

/// Faults on the network, as this node's driver carries them out: a datagram is judged when it is
/// sent, a stream when something of it arrives, and a dial before it is made.
extension LiveDriver {
  /// Reads the rules, goes by them from now on, and says so.
  func readRules() {
    guard let rulesFile, !isStopping else { return }
    let rules: NetworkRules?
    do throws(NodeFailure) { rules = try rulesFile.read() } catch { return fail(error) }
    guard let rules else { return }
    let before = conditions
    let paths = rules.paths(of: rulesFile.name)
    conditions = paths.isEmpty ? nil : Conditions(paths, random: rulesFile.random, after: before)
    record(
      NodeEvents.rulesApplied(
        rules.number, faults: rules.faults(of: rulesFile.name), lost: before?.lost ?? 0,
        held: before?.held ?? 0))
    for id in connections.keys.sorted() {
      guard let connection = connections[id] else { continue }
      connection.judge()
      connection.hold?.rulesChanged()
    }
  }

  /// What the faults that are on do between this node and the one that listens there.
  func lines(to remote: Address) -> Conditions.Lines? { conditions?.lines[remote] }

  func arrival(of bytes: Int, from remote: Address, at now: Instant) -> Instant {
    conditions?.arrival(of: bytes, from: remote, at: now) ?? now
  }

  func countHeld() { conditions?.countHeld() }

  // MARK: - Datagrams

  /// Sends a datagram, when the faults that are on let it: now, later or never.
  func send(_ datagram: [UInt8], to address: Address) {
    guard conditions != nil else { return transmit(datagram, to: address) }
    let now = self.now
    guard let due = conditions?.departure(of: datagram.count, to: address.numeric, at: now)
    else { return }
    guard due > now else { return transmit(datagram, to: address) }
    if delayed == nil {
      delayed = DelayedDatagrams(on: loop) { [unowned self] in transmit($0, to: $1) }
    }
    if delayed?.add(datagram, due: due, by: address) == true { countHeld() }
  }
}

extension Connection {
  /// Begins to hold back what comes, where faults between the two nodes want it.
  func judge() {
    guard hold == nil, driver.conditions != nil, let end = socket.peer else { return }
    let remote = DialSource.listening(of: end)
    if driver.lines(to: remote) != nil { hold = Hold(self, to: remote, on: driver) }
  }
}
