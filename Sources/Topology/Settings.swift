package import Participants

/// Options by name, in the form in which `nodes.options` of the history has them: durations are
/// microseconds, so that SQL can compare and add them.
package typealias Settings = [String: SettingValue]

package enum SettingValue: Codable, Hashable, Sendable {
  case number(Int64)
  case flag(Bool)
  case text(String)

  package init(_ value: OptionValue) {
    self =
      switch value {
      case .duration(let duration): .number(duration.count)
      case .count(let count): .number(count)
      case .flag(let flag): .flag(flag)
      case .choice, .text, .addresses: .text(value.description)
      }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Int64.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .text(let text): try container.encode(text)
    }
  }
}
