/// The name of a file of the node's own, inside its data folder: never a way out of it.
///
/// Participants make names from options and from what strangers sent alike, so the rule is here.
package struct FileName: Hashable, Sendable, CustomStringConvertible {
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

/// Names a file operation: what it is about, in the participant's own numbering.
package struct FileToken: Hashable, Sendable {
  package var number: UInt64

  package init(_ number: UInt64) { self.number = number }
}

/// What came of a file operation.
package enum FileResult: Equatable, Sendable {
  /// What the file holds there: fewer bytes than asked at its end, none behind it.
  case read([UInt8])
  /// The bytes are in the file.
  case written
  /// There is no such file.
  case missing
  /// In the system's words.
  case failed(String)
}
