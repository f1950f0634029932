internal import History
internal import Messages
internal import Participants

/// JSON texts put together from JSON texts.
enum JSON {
  static func list(_ items: some Sequence<String>) -> String {
    "[\(items.joined(separator: ","))]"
  }

  static func object(_ fields: some Sequence<(String, String)>) -> String {
    "{\(fields.map { "\(text($0)):\($1)" }.joined(separator: ","))}"
  }

  /// A string, cut at ``Event/longestText``.
  static func text(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONText.append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  static func value(_ value: SQLValue) -> String {
    switch value {
    case .null: "null"
    case .integer(let integer): String(integer)
    case .real(let real): real.isFinite ? String(real) : "null"
    case .text(let words): text(words)
    case .blob(let bytes): text(counted(bytes.count, "byte"))
    }
  }
}
