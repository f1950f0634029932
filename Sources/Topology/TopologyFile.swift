import Glibc
import Messages
import NetworkFolders

/// A topology's text, and the path that errors name and that paths of checks are relative to.
package struct TopologyFile: Sendable {
  /// The largest file that is read, in bytes.
  package static let largest = Files.largest

  package var path: String
  package var text: String
  /// What the text says, where the text was made of it: its places are those of another text, the one
  /// that a person wrote.
  var document: YAMLValue?

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// Reads a file of UTF-8 text.
  ///
  /// - Throws: ``TopologyError`` for a file that cannot be read, is too long or is no UTF-8.
  package init(reading path: String) throws(TopologyError) {
    do throws(Files.Unreadable) {
      self.init(path: path, text: try Files.read(path))
    } catch {
      throw TopologyError(path, .file, error.description)
    }
  }

  /// What a path in a topology has to lead to.
  enum Target {
    case file, folder, executable
  }

  /// The absolute path of what is named in the topology, or `nil` where nothing of the kind is there
  /// that may be read (or executed).
  func resolve(_ named: String, _ target: Target = .file) -> String? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let joined = named.hasPrefix("/") ? named : folder + named
    var information = stat()
    guard unsafe stat(joined, &information) == 0,
      (information.st_mode & S_IFMT == S_IFDIR) == (target == .folder),
      unsafe access(joined, target == .executable ? X_OK : R_OK) == 0
    else { return nil }
    guard target == .executable, let slash = joined.lastIndex(of: "/") else {
      return Files.absolute(joined)
    }
    // A program may look at the name that it was started by: no link is followed.
    return Files.absolute(String(joined[...slash])).map { "\($0)/\(joined[slash...].dropFirst())" }
  }
}

/// Programs that are named without a path, as a shell finds them.
enum ProgramPath {
  static func find(_ name: String) -> String? {
    guard let value = unsafe getenv("PATH") else { return nil }
    let folders = unsafe String(cString: value).split(separator: ":").filter { $0.hasPrefix("/") }
    let anywhere = TopologyFile(path: "", text: "")
    return folders.lazy.compactMap { anywhere.resolve("\($0)/\(name)", .executable) }.first
  }
}
