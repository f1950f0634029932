/// The version of the project, of both its executables.
package enum Version {
  package static let current = "0.1.0"
}
