import Messages
package import NetworkFolders
package import Participants

/// The section `spawn` of a topology, by which `seedbed spawn` makes others of it: `spawn.yaml` of a
/// network.
///
/// ```yaml
/// spawn:
///   parameters: { peers: groups.peer.count }
///   kill: peer
///   values: { unit: for / 40 }
///   set: { groups.peer.options.liveness-interval: unit * 2 }
/// ```
///
/// Expressions (``Expression``) may name the parameters; `total`, their sum; `for`, the duration; and
/// the values before. Durations are cut to whole milliseconds. Without `seedbed spawn` the file is a
/// topology like any other, with what the parameters are in it.
package struct SpawnTemplate: Sendable {
  package struct Parameter: Sendable {
    /// The option of `seedbed spawn`.
    package var name: String
    /// Where it stands in the file, from 1 the nodes of a group.
    package var count: Int
    var path: [String]
    var place: Place
  }

  private struct Formula: Sendable {
    var name: String
    var text: String
    var place: Place
  }

  package var parameters: [Parameter] = []
  /// The group whose nodes are killed; `nil` where nobody may be.
  package var victims: String?
  private var values: [Formula] = []
  private var sets: [Formula] = []
  private let file: TopologyFile
  private var document: YAMLValue

  static let key = "spawn"

  /// Reads the section of a topology.
  /// - Throws: for a text that is no YAML or has no such section, and for what is wrong with it.
  package init(_ file: TopologyFile) throws(TopologyError) {
    let document: YAMLValue
    do throws(YAMLError) {
      document = try YAMLValue.parse(file.text)
    } catch {
      throw TopologyError(file.path, error.place, error.message)
    }
    guard let template = try SpawnTemplate(document, of: file) else {
      throw TopologyError(
        file.path, .file, "there is no section 'spawn', which says what can be asked for")
    }
    self = template
  }

  /// - Returns: `nil` for a document without such a section.
  init?(_ document: YAMLValue, of file: TopologyFile) throws(TopologyError) {
    guard case .mapping(let entries) = document.content,
      let section = entries.first(where: { $0.key == Self.key })
    else { return nil }
    self.file = file
    self.document = document
    self.document.content = .mapping(entries.filter { $0.key != Self.key })
    var reader = FieldReader()
    read(section.value, by: &reader)
    guard reader.problems.isEmpty else {
      throw TopologyError(file: file.path, problems: reader.problems)
    }
  }

  private mutating func read(_ section: YAMLValue, by reader: inout FieldReader) {
    guard
      let fields = reader.readFields(
        section, of: "'spawn'", allowed: ["parameters", "kill", "values", "set"],
        required: ["parameters"])
    else { return }
    for entry in entries(fields["parameters"], by: &reader) {
      guard let text = reader.readText(entry) else { continue }
      let path = Self.path(text)
      guard entry.key.wholeMatch(of: /[a-z][a-z0-9-]*/) != nil, !Self.names.contains(entry.key)
      else {
        reader.complain(
          entry.place,
          "a parameter's name has lower-case letters, digits and hyphens, and is none of "
            + "\(Self.names.joined(separator: ", ")); found '\(entry.key)'")
        continue
      }
      guard case .scalar(let count)? = document[path]?.content, let count = Int(count) else {
        reader.complain(entry.value.place, "'\(text)' is no number in this file")
        continue
      }
      parameters.append(
        Parameter(name: entry.key, count: count, path: path, place: entry.value.place))
    }
    if let entry = fields["kill"], let group = reader.readText(entry) {
      victims = group
      if document[["groups", group]] == nil {
        reader.complain(entry.value.place, "there is no group '\(group)' in this file")
      }
    }
    values = formulas(fields["values"], by: &reader)
    sets = formulas(fields["set"], by: &reader)
  }

  /// Names that are taken: what there is without a word, and the functions.
  private static let names = ["for", "total", "max", "min"]

  private func entries(
    _ entry: YAMLEntry?, by reader: inout FieldReader
  ) -> [YAMLEntry] {
    entry.flatMap { reader.readEntries($0.value, of: "'\($0.key)'") } ?? []
  }

  private func formulas(_ entry: YAMLEntry?, by reader: inout FieldReader) -> [Formula] {
    entries(entry, by: &reader).compactMap { entry in
      reader.readText(entry).map { Formula(name: entry.key, text: $0, place: entry.value.place) }
    }
  }

  private static func path(_ text: String) -> [String] {
    text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// How many nodes may be killed: all of their group.
  package func mostKills(counts: [String: Int]) -> Int {
    guard let victims else { return 0 }
    let path = ["groups", victims, "count"]
    if let parameter = parameters.first(where: { $0.path == path }) {
      return counts[parameter.name] ?? parameter.count
    }
    if case .scalar(let count)? = document[path]?.content { return Int(count) ?? 0 }
    return 0
  }

  /// The topology for some numbers, without the section.
  ///
  /// - Parameters:
  ///   - counts: by parameter; what the file has for those that are not there.
  ///   - duration: from the moment when all nodes are ready to the stop; `nil`: what the file has.
  ///   - kills: how many nodes are killed (none or more), spread between a quarter and half of the
  ///     duration, so that there is something before and time for what follows.
  /// - Returns: a file whose text can be copied, changed and run. What is wrong with it is told with its
  ///   place in the template.
  /// - Throws: for a formula that does not work, with its place.
  package func compose(
    counts: [String: Int] = [:], duration: Microseconds? = nil, kills: Int = 0
  ) throws(TopologyError) -> TopologyFile {
    var document = document
    var composed = file
    do throws(YAMLError) {
      for parameter in parameters {
        guard let count = counts[parameter.name] else { continue }
        try Override(path: parameter.path, to: "\(count)", at: parameter.place)
          .apply(to: &document)
      }
      if let duration {
        let place = document[["stop", "at"]]?.place ?? .file
        try Override(path: ["stop", "at"], to: duration.description, at: place).apply(to: &document)
      }
      var names = try self.names(in: document)
      for value in values { names[value.name] = try Self.amount(of: value, names) }
      for set in sets {
        let amount = try Self.amount(of: set, names)
        try Override(path: Self.path(set.name), to: amount.description, at: set.place)
          .apply(to: &document)
      }
      if kills > 0, let victims, case .duration(let duration)? = names["for"] {
        document.append(
          Self.kills(kills, in: victims, within: duration), to: "faults")
      }
    } catch {
      throw TopologyError(file.path, error.place, error.message)
    }
    composed.document = document
    composed.text = document.text
    return composed
  }

  private func names(
    in document: YAMLValue
  ) throws(YAMLError) -> [String: Expression.Amount] {
    var names: [String: Expression.Amount] = [:]
    var total: Int64 = 0
    for parameter in parameters {
      guard case .scalar(let text)? = document[parameter.path]?.content, let count = Int64(text)
      else { throw YAMLError(place: parameter.place, message: "'\(parameter.name)' is no number") }
      names[parameter.name] = .number(count)
      total += min(count, Int64(Topology.mostSimulatedNodes))
    }
    names["total"] = .number(total)
    if case .scalar(let text)? = document[["stop", "at"]]?.content,
      let duration = Microseconds(parsing: text)
    {
      names["for"] = .duration(duration)
    }
    return names
  }

  private static func amount(
    of formula: Formula, _ names: [String: Expression.Amount]
  ) throws(YAMLError) -> Expression.Amount {
    do throws(Expression.Refusal) {
      let amount = try Expression.value(of: formula.text, names: names)
      guard case .duration(let duration) = amount else { return amount }
      return .duration(duration.wholeMilliseconds)
    } catch {
      throw YAMLError(
        place: formula.place,
        message: "'\(formula.text.prefix(Expression.longest))': \(error.description)")
    }
  }

  private static func kills(
    _ count: Int, in group: String, within duration: Microseconds
  ) -> [YAMLValue] {
    let quarter = duration.count / 4
    return (0..<count).map { kill in
      let at = Microseconds(
        quarter + quarter * Int64(kill) / Int64(max(1, count - 1))
      ).wholeMilliseconds
      return .mapping([
        ("at", .scalar(at.description)),
        ("kill", .mapping([("group", .scalar(group)), ("count", .scalar("1"))])),
      ])
    }
  }
}

extension Microseconds {
  /// Cut to whole milliseconds, to be read by people.
  var wholeMilliseconds: Microseconds { .milliseconds(count / 1_000) }
}

extension NetworkFolder {
  /// What `seedbed spawn` makes topologies of; `nil` where the network has no such file.
  ///
  /// - Throws: for a file that cannot be read, is no YAML or has no sound `spawn` section.
  package func spawnTemplate() throws(TopologyError) -> SpawnTemplate? {
    hasSpawnFile ? try SpawnTemplate(TopologyFile(reading: spawnFile)) : nil
  }
}
