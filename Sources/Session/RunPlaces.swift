/// Where runs are.
package struct RunPlaces: Sendable {
  /// The folder with their folders.
  package var logs: String
  /// The history's file.
  package var history: String

  package init(logs: String, history: String) {
    self.logs = logs
    self.history = history
  }
}
