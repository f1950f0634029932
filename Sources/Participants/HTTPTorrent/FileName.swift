import Participants

/// The name of a file in the node's own folder: never a way out of it, whoever chose it.
package struct FileName: Hashable, Sendable, CustomStringConvertible, EventValue {
  /// Bytes that file systems allow in a name.
  package static let longest = 255

  package let description: String

  /// `nil` when the text is empty, `.` or `..`, too long, or holds a separator (`/`, `\`), a drive's
  /// colon or a control character.
  package init?(_ text: String) {
    guard (1...Self.longest).contains(text.utf8.count), text != ".", text != "..",
      text.utf8.allSatisfy({
        $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
          && $0 != UInt8(ascii: ":")
      })
    else { return nil }
    description = text
  }
}
