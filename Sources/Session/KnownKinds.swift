import History
package import Messages
import Networks
import Participants
import Topology

/// The kinds of events that there are (docs/EVENTS.md).
package enum KnownKinds {
  /// `link.opened` and the like.
  package static let names: Set<String> = Set(
    ([NodeEvents.all, SupervisorEvents.all, CommonEvents.all] + Networks.eventKinds.map(\.kinds))
      .joined().map(\.name))

  /// `link` of `link.opened`.
  package static let areas = Set(names.map { String($0.prefix { $0 != "." }) })

  /// What is said of a word that is no kind of event, nor, where one is taken, an area.
  package static func refusal(of word: String, areas: Set<String> = []) -> UsageError {
    let near = suggestion(for: word, among: names.sorted() + areas.sorted())
    return UsageError("there is no kind of event '\(word)'\(near): docs/EVENTS.md lists them")
  }
}
