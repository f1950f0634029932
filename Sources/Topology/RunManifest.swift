package import Participants

/// The facts of a run that its folder keeps beside the events, as `plan.json`: with them the
/// history can be rebuilt from the folder alone.
package struct RunManifest: Codable, Equatable, Sendable {
  /// The folder's name.
  package var name: String
  package var network: String
  /// What carried the participants' effects out: `live` or `simulated`.
  package var driver: String
  /// The topology's path as it was given, or `spawn …`.
  package var topology: String
  /// The version of the executable that ran it.
  package var version: String
  /// Since the epoch.
  package var launched: Microseconds
  package var plan: Plan

  package init(
    name: String, network: String, driver: String, topology: String, version: String,
    launched: Microseconds, plan: Plan
  ) {
    self.name = name
    self.network = network
    self.driver = driver
    self.topology = topology
    self.version = version
    self.launched = launched
    self.plan = plan
  }
}
