import Foundation
import Networks
import Participants
import Testing
import Topology

/// The reference pages that are made from the code. `make docs` writes them anew.
@Suite struct ReferenceTests {
  @Test("docs/EVENTS.md lists every kind of event as the code declares it")
  func events() throws {
    let sections =
      [
        ("Any node (the driver)", NodeEvents.all), ("The supervisor", SupervisorEvents.all),
        ("Several networks", CommonEvents.all),
      ]
      + Networks.eventKinds.map { ("The \($0.network) network", $0.kinds) }
    try Repository.compare("docs/EVENTS.md", from: "## Kinds") {
      sections.map { title, kinds in
        "\n### \(title)\n\n| kind | says | `peer` | other fields |\n|---|---|---|---|\n"
          + kinds.map(row).joined()
      }.joined()
    }
  }

  private func row(_ kind: EventKind) -> String {
    let fields = kind.fields.map { "`\($0.name)`: \($0.summary)" }.joined(separator: "<br>")
    return "| `\(kind.name)` | \(kind.summary) | \(kind.peer ?? "") | \(fields) |\n"
  }

  @Test("docs/ROLES.md lists every role's options with their defaults")
  func roles() throws {
    try Repository.compare("docs/ROLES.md", from: "## Roles") {
      Networks.roles.map(section).joined()
    }
  }

  private func section(_ role: Role) -> String {
    let rows: [String] = role.options.map {
      "| `\($0.name)` | \($0.initial) | \($0.kind.allowed) | \($0.summary) |\n"
    }
    return "\n### \(role.fullName)\n\nA \(role.name) \(role.summary).\n\n"
      + "| option | default | allowed | |\n|---|---|---|---|\n" + rows.joined()
  }

  @Test("every kind has a name of its own, `area.verb`, and documented fields")
  func kinds() {
    let kinds =
      NodeEvents.all + SupervisorEvents.all + CommonEvents.all
      + Networks.eventKinds.flatMap(\.kinds)
    #expect(Set(kinds.map(\.name)).count == kinds.count)
    for kind in kinds {
      #expect(kind.name.wholeMatch(of: /[a-z]+\.[a-z]+/) != nil, "\(kind.name)")
      #expect(!kind.summary.isEmpty && kind.fields.allSatisfy { !$0.summary.isEmpty })
    }
  }
}
