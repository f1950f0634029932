import Patterns

/// What the nodes of a group run where it is no role of ours: any program, and how to see when it is
/// ready and what happens in it.
///
/// Texts are ``Template``s unless something else is said. Their placeholders have been checked.
package struct Program: Codable, Equatable, Sendable {
  package enum Ready: Codable, Equatable, Sendable {
    /// It logs `node.ready`.
    case event
    /// A line that it prints matches a regular expression, which is no template.
    case log(String)
    /// A port accepts a connection; `nil`: the one that the supervisor picked.
    case tcp(port: UInt16?)
    /// A GET of the path at the port is answered with a status of 2xx or 3xx.
    case http(port: UInt16?, path: String)
  }

  /// What lines of a certain shape say happened.
  package struct EventPattern: Codable, Equatable, Sendable {
    /// A regular expression, no template. Its named groups are the event's fields.
    package var match: String
    /// The event's kind, `area.verb`.
    package var kind: String
    /// The groups that are numbers where they look like one.
    package var numbers: [String]

    package init(match: String, kind: String, numbers: [String] = []) {
      self.match = match
      self.kind = kind
      self.numbers = numbers
    }
  }

  package struct File: Codable, Equatable, Sendable {
    /// An absolute path, no template.
    package var from: String
    /// Inside the node's own folder; no template.
    package var to: String
    /// The content where it is a template, taken when the topology was read; `nil` to copy the file.
    package var text: String?
  }

  /// The program and its arguments. The program is an absolute path unless it has a placeholder.
  package var command: [String]
  package var environment: [String: String]
  /// The absolute path of the folder that it works in, no template; `nil` for the node's own folder.
  package var folder: String?
  /// Lines of standard input; `nil`: there is nothing to read.
  package var input: [String]?
  package var files: [File]
  package var ready: Ready
  /// The first that matches a printed line makes its event.
  package var events: [EventPattern]

  package init(
    command: [String], environment: [String: String] = [:], folder: String? = nil,
    input: [String]? = nil, files: [File] = [], ready: Ready = .event, events: [EventPattern] = []
  ) {
    self.command = command
    self.environment = environment
    self.folder = folder
    self.input = input
    self.files = files
    self.ready = ready
    self.events = events
  }

  // Beyond these is a slip of the finger.
  package static let mostArguments = 1_000
  package static let mostFiles = 100
  package static let mostPatterns = 100
  package static let mostInputLines = 100
  /// The longest text with placeholders, and the largest file that is filled in, in bytes. What is
  /// put into a program's input has to fit into a pipe.
  package static let longestText = 16_384
  /// The names that mean something among a pattern's groups.
  package static let peerGroup = "peer"
  package static let timeGroup = "time"
  package static let addressGroups = ["address", "port"]

  /// Every text that is a template.
  package var templates: [String] {
    command + environment.sorted { $0.key < $1.key }.map(\.value) + (input ?? [])
      + files.compactMap(\.text)
  }

  private var placeholders: Set<Template.Placeholder> {
    Set(templates.compactMap { try? Template(parsing: $0) }.flatMap(\.placeholders))
  }

  /// Whether it is told a port of its own.
  var isToldPort: Bool {
    placeholders.contains(.address(.address, of: nil))
      || placeholders.contains(.address(.port, of: nil))
  }

  /// Whether it is awaited at a port of its own.
  var awaitsPort: Bool {
    switch ready {
    case .tcp(nil), .http(nil, _): true
    case .tcp, .http, .event, .log: false
    }
  }

  /// Whether the supervisor picks a port for each node.
  package var takesPort: Bool { isToldPort || awaitsPort }

  /// Whether it is known where a node listens, once it is ready.
  var hasAddress: Bool {
    switch ready {
    case .event, .tcp, .http: true
    case .log(let pattern):
      takesPort
        || ((try? Pattern(pattern))?.groups.contains { Self.addressGroups.contains($0) } ?? false)
    }
  }

  /// Whether it writes its events itself, to a file that it is told. If not, what it prints is its
  /// log.
  package var writesLog: Bool { placeholders.contains(.log) }

  /// The names of nodes and groups whose addresses it is told.
  package var references: [String] {
    Set(
      placeholders.compactMap { placeholder in
        if case .address(_, of: let name?) = placeholder { name } else { nil }
      }
    ).sorted()
  }
}
