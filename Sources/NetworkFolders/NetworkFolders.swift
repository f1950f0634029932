internal import Glibc

/// Where networks are looked for by their names: in the folders that were given, then `networks` beside
/// the topology, `networks` here, and the folder that came with Seedbed.
package struct NetworkFolders: Sendable {
  /// In the order in which they are looked into.
  private let places: [String]
  private let given: Int

  /// The folder that has what all networks share, which is no network of its own.
  package static let sharedName = "shared"

  /// The folder `networks` that came with Seedbed: here, or in the nearest folder above the
  /// executable that has one; `nil` where it was left behind.
  package static let library: String? = (here + aboveExecutable).first {
    Files.isFolder("\($0)/\(sharedName)")
  }

  /// What all networks share.
  package static var shared: NetworkFolder? {
    library.map { NetworkFolder("\($0)/\(sharedName)") }
  }

  /// The networks that came with Seedbed, by name.
  package static let shipped: [NetworkFolder] = networks(in: library.map { [$0] } ?? [])

  /// - Parameter given: folders of networks that are looked into first.
  /// - Throws: for one that is not there.
  package init(_ given: [String] = []) throws(NetworkFileError) {
    for folder in given where !Files.isFolder(folder) {
      throw NetworkFileError("\(folder): there is no such folder: give a folder of networks")
    }
    places = given + Self.here + (Self.library.map { [$0] } ?? [])
    self.given = given.count
  }

  /// Where nothing was given.
  package static let found = NetworkFolders(places: here + (library.map { [$0] } ?? []), given: 0)

  private init(places: [String], given: Int) {
    self.places = places
    self.given = given
  }

  /// The same with `networks` beside a topology's file.
  package func beside(_ topology: String) -> NetworkFolders {
    let folder = topology.lastIndex(of: "/").map { String(topology[...$0]) } ?? ""
    let beside = "\(folder)networks"
    guard !folder.isEmpty, Files.isFolder(beside) else { return self }
    return NetworkFolders(
      places: Array(places[..<given]) + [beside] + places[given...], given: given)
  }

  /// The first folder of that name; `nil` where there is none.
  package func folder(named name: String) -> NetworkFolder? {
    guard name != Self.sharedName, !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
      return nil
    }
    return places.lazy.map { NetworkFolder("\($0)/\(name)") }.first(where: \.exists)
  }

  /// Every network that can be found by its name, in order of the names.
  package var all: [NetworkFolder] { Self.networks(in: places) }

  private static func networks(in places: [String]) -> [NetworkFolder] {
    var found: [String: NetworkFolder] = [:]
    for place in places {
      for name in Files.names(in: place) where name != sharedName && found[name] == nil {
        let folder = NetworkFolder("\(place)/\(name)")
        if folder.exists { found[name] = folder }
      }
    }
    return found.values.sorted { $0.name < $1.name }
  }

  private static let here = Files.isFolder("networks") ? ["networks"] : []

  private static let aboveExecutable: [String] = {
    guard var above = Files.absolute("/proc/self/exe") else { return [] }
    var found: [String] = []
    while let slash = above.lastIndex(of: "/") {
      above = String(above[..<slash])
      if Files.isFolder("\(above)/networks") { found.append("\(above)/networks") }
    }
    return found
  }()
}

extension NetworkFolder {
  /// Whether it came with Seedbed: then its name says where it is.
  package var isShipped: Bool {
    guard let library = NetworkFolders.library else { return false }
    return Files.absolute(path).map { $0 == Files.absolute("\(library)/\(name)") } ?? false
  }
}
