package import NetworkFolders
import Synchronization

/// The views of a history: those that all networks share, those of the networks that came with
/// Seedbed, and those of others whose runs are looked at. They hold no data.
package struct Views: Sendable {
  /// Names are unique.
  package private(set) var all: [View]

  /// - Parameters:
  ///   - others: networks that did not come with Seedbed.
  ///   - isOneRuns: whether, of views of one name, theirs are taken before those of ours. The first
  ///     network's is taken in any case.
  /// - Throws: for a file that is not well formed, and for a view with the name of a shared one.
  package init(
    _ others: [NetworkFolder] = [], isOneRuns: Bool = true
  ) throws(NetworkFileError) {
    let shared = try NetworkFolders.shared.map(Self.stored) ?? []
    var views = shared
    let foreign = others.filter { !$0.isShipped }.map { (folder: $0, isShipped: false) }
    let ours = NetworkFolders.shipped.map { (folder: $0, isShipped: true) }
    for (folder, isShipped) in isOneRuns ? foreign + ours : ours + foreign {
      for view in try isShipped ? Self.stored(folder) : Self.read(folder) {
        if let other = shared.first(where: { $0.name == view.name }) {
          throw NetworkFileError(
            "\(view.file):1: '\(view.name)' is a view that all networks share, \(other.file): choose "
              + "another name")
        }
        guard !views.contains(where: { $0.name == view.name }) else { continue }
        views.append(view)
        views[views.count - 1].isShipped = isShipped
      }
    }
    for view in views where view.provides != nil { try Self.provide(view, in: &views) }
    all = views
  }

  /// A network's views, in order of their names.
  ///
  /// - Throws: for a file that cannot be read or has no such header.
  package static func read(_ folder: NetworkFolder) throws(NetworkFileError) -> [View] {
    var views: [View] = []
    for (file, text) in try folder.texts(of: .views) {
      views.append(try View(parsing: text, file: file))
    }
    return views
  }

  /// The same of what came with Seedbed, which is read once.
  private static func stored(_ folder: NetworkFolder) throws(NetworkFileError) -> [View] {
    if let views = store.withLock({ $0[folder] }) { return views }
    let views = try read(folder)
    store.withLock { $0[folder] = views }
    return views
  }

  private static let store = Mutex<[NetworkFolder: [View]]>([:])

  /// Adds a view's rows to those of the one that it provides.
  private static func provide(_ view: View, in views: inout [View]) throws(NetworkFileError) {
    guard let name = view.provides else { return }
    guard let index = views.firstIndex(where: { $0.name == name && $0.provides == nil }) else {
      throw NetworkFileError("\(view.file):1: there is no view '\(name)' that could be provided")
    }
    let columns = views[index].columns.map(\.name)
    guard view.columns.map(\.name) == columns else {
      throw NetworkFileError(
        "\(view.file):1: what provides '\(name)' has its columns: \(columns.joined(separator: ", "))"
      )
    }
    views[index].body +=
      "\nUNION ALL\nSELECT \(columns.joined(separator: ", ")) FROM \(view.name)"
  }

  /// The views that SQL names, and those that these name, and so on.
  package func named(by sql: String) -> [View] {
    var left = all
    var texts = [sql]
    var found: [View] = []
    var position = 0
    while position < texts.count {
      let words = Set(
        texts[position].split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
      position += 1
      left.removeAll { view in
        guard words.contains(view.name) else { return false }
        texts.append(view.body)
        found.append(view)
        return true
      }
    }
    return found
  }

  /// Makes the file's views these. They hold no data, so an older seedbed may put its own back.
  func update(in database: borrowing Database) throws {
    var stored: [String: String] = [:]
    do {
      let statement = try database.prepare(
        "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'")
      while try statement.step() {
        stored[statement.text(at: 0) ?? ""] = statement.text(at: 1)
      }
    }
    let wanted = all.map { (name: $0.name, sql: "CREATE VIEW \($0.definition)") }
    guard stored.count != wanted.count || wanted.contains(where: { stored[$0.name] != $0.sql })
    else { return }
    for name in stored.keys.sorted() {
      try database.prepare("DROP VIEW \"\(name.replacing("\"", with: "\"\""))\"").run()
    }
    for (view, (_, sql)) in zip(all, wanted) {
      do throws(DatabaseError) {
        try database.prepare(sql).run()
      } catch {
        // Who runs the network is told when it is run.
        guard !view.isShipped, error.isBadSQL else { throw view.located(error) }
      }
    }
  }
}

/// Networks that did not come with Seedbed, by the runs of them that a history has.
extension Database {
  /// The folders of one run's network, or of all runs' whose network has no name of ours, those of
  /// later runs first: where the plan says, or the copy in the run's folder where that is gone.
  borrowing func networks(of run: Int64?) throws -> [NetworkFolder] {
    // Plans can be long: most are not parsed.
    let statement = try prepare(
      """
      SELECT DISTINCT plan ->> '$.networkFolder', folder FROM main.runs
      WHERE iif(?1 IS NULL, network NOT IN (SELECT value FROM json_each(?2)), run = ?1)
        AND instr(plan, '"networkFolder":') > 0
      ORDER BY run DESC
      """)
    let shipped = NetworkFolders.shipped.map { "\"\($0.name)\"" }.joined(separator: ",")
    try statement.bind(run.map { .integer($0) } ?? .null, .text("[\(shipped)]"))
    var folders: [NetworkFolder] = []
    while try statement.step() {
      guard let path = statement.text(at: 0), let run = statement.text(at: 1) else { continue }
      guard let folder = RunFolder.network(at: path, ofRunIn: run), !folders.contains(folder)
      else { continue }
      folders.append(folder)
    }
    return folders
  }
}
