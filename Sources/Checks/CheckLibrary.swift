internal import FoundationEssentials
internal import Messages

/// The folder of the checks that come with the networks: `checks/NETWORK/NAME.sql`.
package struct CheckLibrary: Sendable {
  package let folder: String

  /// The folder given; without one, `checks` here, or else in the nearest folder above the
  /// executable that has one.
  ///
  /// - Throws: ``CheckError`` where there is no such folder.
  package init(_ given: String? = nil) throws(CheckError) {
    if let given {
      guard Self.isFolder(given) else {
        throw CheckError("\(given): there is no such folder: give the folder of the checks")
      }
      folder = given
    } else if Self.isFolder("checks") {
      folder = "checks"
    } else if let found = Self.folderAboveExecutable() {
      folder = found
    } else {
      throw CheckError(
        "there is no folder 'checks' here or above the executable: name it", choice: .checks)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
  }

  private static func folderAboveExecutable() -> String? {
    guard var above = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    else { return nil }
    while let slash = above.lastIndex(of: "/") {
      above = String(above[..<slash])
      if isFolder("\(above)/checks") { return "\(above)/checks" }
    }
    return nil
  }

  /// The names of a network's checks, in order.
  package func names(of network: String) -> [String] {
    let entries =
      (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(network)")) ?? []
    return entries.filter { $0.hasSuffix(".sql") }.map { String($0.dropLast(".sql".count)) }
      .sorted()
  }

  /// Reads checks for a run of a network.
  ///
  /// - Parameter references: names of the network's checks, or paths that end in `.sql`; `nil` for
  ///   every check of the network.
  /// - Throws: when the network has none, for what is missing, unreadable or not well formed, and for a check that is listed
  ///   twice or does not judge this network.
  package func checks(
    _ references: [String]? = nil, network: String
  ) throws(CheckError) -> [Check] {
    let known = names(of: network)
    // A run that nothing judges would pass.
    if references == nil, known.isEmpty {
      throw CheckError(
        "\(folder): there is no check for the network \(network) here: name your own under 'checks' in "
          + "the topology ('[]': none), or another folder", choice: .checks)
    }
    var checks: [Check] = []
    for reference in references ?? known {
      var file = reference
      if !reference.hasSuffix(".sql") {
        guard known.contains(reference) else {
          throw CheckError(
            "unknown check '\(reference)'\(suggestion(for: reference, among: known)); \(folder) has "
              + "for the network \(network): \(known.joined(separator: ", "))")
        }
        file = "\(folder)/\(network)/\(reference).sql"
      }
      let check = try Self.read(file)
      guard check.judges(network) else {
        throw CheckError(
          "\(file): this check is for \(check.networks.joined(separator: ", ")), and the run is of "
            + "the network \(network)")
      }
      guard !checks.contains(where: { $0.name == check.name }) else {
        throw CheckError("\(file): there are two checks called '\(check.name)'")
      }
      checks.append(check)
    }
    return checks
  }

  private static func read(_ file: String) throws(CheckError) -> Check {
    guard let bytes = FileManager.default.contents(atPath: file) else {
      throw CheckError("\(file): there is no readable file of that name")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CheckError("\(file): it is not UTF-8 text")
    }
    return try Check(parsing: text, file: file)
  }
}
