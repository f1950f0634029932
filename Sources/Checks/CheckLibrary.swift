internal import Messages
package import NetworkFolders

/// The checks of networks: `NETWORK/checks/NAME.sql` in the folders of networks.
package struct CheckLibrary: Sendable {
  private let networks: NetworkFolders

  package init(_ networks: NetworkFolders = .found) { self.networks = networks }

  /// The names of a network's checks, in order.
  package func names(of network: String) -> [String] {
    networks.folder(named: network)?.names(of: .checks) ?? []
  }

  /// Reads checks for a run of a network.
  ///
  /// - Parameters:
  ///   - references: names of the network's checks, or paths that end in `.sql`; `nil` for every check
  ///     of the network.
  ///   - folder: the network's, where its name does not say where it is.
  /// - Throws: when the network has none, for what is missing, unreadable or not well formed, and for a
  ///   check that is listed twice or does not judge this network.
  package func checks(
    _ references: [String]? = nil, network: String, folder: NetworkFolder? = nil
  ) throws(CheckError) -> [Check] {
    let folder = folder ?? networks.folder(named: network)
    let known = folder?.names(of: .checks) ?? []
    // A run that nothing judges would pass.
    if references == nil, known.isEmpty {
      throw CheckError(
        "there is no check for the network \(network)\(folder.map { " in \($0.path)" } ?? ""): name "
          + "your own under 'checks' in the topology ('[]': none), or give the network a folder with "
          + "'network: ./FOLDER', or one among others", choice: .networks)
    }
    var checks: [Check] = []
    for reference in references ?? known {
      var file = reference
      if !reference.hasSuffix(".sql") {
        guard let folder, known.contains(reference) else {
          throw CheckError(
            "unknown check '\(reference)'\(suggestion(for: reference, among: known)); "
              + "\(folder?.path ?? "the network \(network)") has: "
              + (known.isEmpty ? "none" : known.joined(separator: ", ")))
        }
        file = folder.file(reference, of: .checks)
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
    let text: String
    do throws(NetworkFileError) {
      text = try Files.text(of: file)
    } catch {
      throw CheckError(error.description)
    }
    return try Check(parsing: text, file: file)
  }
}
