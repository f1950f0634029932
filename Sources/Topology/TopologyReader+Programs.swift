import Participants
import Patterns

/// Groups that run programs.
extension TopologyReader {
  /// The keys of such a group that others do not have.
  static let programKeys = ["environment", "folder", "input", "files", "ready", "events"]

  /// Whether every group runs a program: then the network may be anybody's.
  func hasOnlyPrograms(_ groups: YAMLEntry?) -> Bool {
    guard case .mapping(let entries) = groups?.value.content else { return false }
    return !entries.isEmpty && entries.allSatisfy(\.hasCommand)
  }

  mutating func readProgram(_ group: FieldReader.Fields) -> Program? {
    guard let entry = group["command"] else { return nil }
    if !programs {
      fields.complain(
        entry.place,
        "a program cannot be simulated, only the networks that Seedbed ships: "
          + "'seedbed run \(file.path)'")
    }
    let before = problems.count
    let program = Program(
      command: readCommand(entry), environment: readEnvironment(group["environment"]),
      folder: readFolder(group["folder"]), input: readInput(group["input"]),
      files: readFiles(group["files"]), ready: readReady(group["ready"]),
      events: readEvents(group["events"]))
    guard problems.count == before else { return nil }
    if program.awaitsPort, !program.isToldPort {
      fields.complain(
        group.place(of: "ready"),
        "nothing tells the program the port that it is awaited at: put {port} into its command, "
          + "environment, input or files, or name the port here")
    }
    if program.writesLog, let events = group["events"] {
      fields.complain(
        events.place,
        "'events' are made of what is printed, but this program writes its events itself, to {log}")
    }
    return program
  }

  // MARK: Command

  private mutating func readCommand(_ entry: YAMLEntry) -> [String] {
    var command = readTemplates(entry, atMost: Program.mostArguments)
    guard let first = command.first, case .sequence(let items) = entry.value.content else {
      if problems.isEmpty {
        fields.complainOfMisfit(entry, "a list: the program and its arguments")
      }
      return []
    }
    // Where there are placeholders only the run can tell.
    guard let template = try? Template(parsing: first), template.placeholders.isEmpty else {
      return command
    }
    let name = template.filled { _ in "" }
    if let path = name.contains("/") ? file.resolve(name, .executable) : ProgramPath.find(name) {
      command[0] = Template.escaped(path)
    } else {
      fields.complain(
        items[0].place,
        name.contains("/")
          ? "there is no executable file '\(name)' (paths are relative to the topology's folder)"
          : "there is no program '\(name)' on PATH: install it, or write its path")
    }
    return command
  }

  private mutating func readEnvironment(_ entry: YAMLEntry?) -> [String: String] {
    guard let entry, let entries = fields.readEntries(entry.value, of: "'environment'") else {
      return [:]
    }
    var environment: [String: String] = [:]
    for entry in entries {
      if entry.key.isEmpty || entry.key.contains("=") {
        fields.complain(entry.place, "'\(entry.key)' is no name of a variable")
      }
      environment[entry.key] = readTemplate(entry.value, of: entry.key)
    }
    return environment
  }

  private mutating func readFolder(_ entry: YAMLEntry?) -> String? {
    guard let entry, let named = fields.readText(entry) else { return nil }
    let folder = file.resolve(named, .folder)
    if folder == nil { fields.complain(entry.value.place, "there is no folder '\(named)'") }
    return folder
  }

  private mutating func readInput(_ entry: YAMLEntry?) -> [String]? {
    guard let entry else { return nil }
    return readTemplates(entry, atMost: Program.mostInputLines)
  }

  // MARK: Files

  private mutating func readFiles(_ entry: YAMLEntry?) -> [Program.File] {
    let items = fields.readItems(entry) ?? []
    if let entry, items.count > Program.mostFiles {
      fields.complain(entry.value.place, "more than \(Program.mostFiles) files")
      return []
    }
    var files: [Program.File] = []
    for item in items {
      guard let read = readFile(item) else { continue }
      if files.contains(where: { $0.to == read.to }) {
        fields.complain(item.place, "two files would be put at '\(read.to)'")
      }
      files.append(read)
    }
    return files
  }

  private mutating func readFile(_ item: YAMLValue) -> Program.File? {
    var from = YAMLEntry(key: "files", place: item.place, value: item)
    var keys: FieldReader.Fields?
    if case .mapping = item.content {
      guard
        let read = fields.readFields(
          item, of: "a file", allowed: ["from", "to", "fill"], required: ["from"]),
        let named = read["from"]
      else { return nil }
      (from, keys) = (named, read)
    }
    guard let named = fields.readText(from) else { return nil }
    guard let path = file.resolve(named, .file) else {
      fields.complain(from.value.place, "there is no readable file '\(named)'")
      return nil
    }
    let to =
      keys?["to"].map { fields.readText($0) ?? "" }
      ?? String(named.split(separator: "/").last ?? "")
    let parts = to.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !["", ".", ".."].contains($0) }) else {
      fields.complain(
        keys?.place(of: "to") ?? item.place,
        "'to' is a path inside the node's own folder, found '\(to)'")
      return nil
    }
    let isFilled = fields.read(keys?["fill"], .flag) == .flag(true)
    return Program.File(
      from: path, to: to, text: isFilled ? readText(path, named: named, at: from.value.place) : nil)
  }

  /// The content of a file with placeholders.
  private mutating func readText(_ path: String, named: String, at place: Place) -> String? {
    let text: String
    do throws(TopologyError) {
      text = try TopologyFile(reading: path).text
    } catch {
      fields.complain(place, error.description)
      return nil
    }
    do throws(Template.SyntaxError) {
      guard text.utf8.count <= Program.longestText else {
        throw Template.SyntaxError(
          description: "longer than \(Program.longestText) bytes: leave 'fill' out to copy it as "
            + "it is", offset: 0)
      }
      _ = try Template(parsing: text)
    } catch {
      guard case .line(let line, let column) = Place.byte(error.offset, of: Array(text.utf8))
      else { return nil }
      fields.complain(place, "\(named):\(line):\(column): \(error.description)")
    }
    return text
  }

  // MARK: Ready

  private mutating func readReady(_ entry: YAMLEntry?) -> Program.Ready {
    guard let entry else { return .event }
    let words = ["event", "tcp"]
    if case .scalar(let word) = entry.value.content, words.contains(word) {
      return word == "tcp" ? .tcp(port: nil) : .event
    }
    let keys = ["log", "tcp", "http"]
    guard case .mapping(let entries) = entry.value.content else {
      fields.complainOfMisfit(
        entry, "event, tcp, { log: REGEX }, { tcp: PORT } or { http: /PATH }")
      return .event
    }
    guard let found = fields.readFields(entry.value, of: "'ready'", allowed: keys),
      let chosen = found.entries.first, entries.count == 1
    else {
      if entries.count != 1 {
        fields.complain(entry.value.place, "'ready' is one of \(keys.joined(separator: ", "))")
      }
      return .event
    }
    guard let text = fields.readText(chosen) else { return .event }
    switch chosen.key {
    case "log":
      _ = readPattern(text, at: chosen.value.place)
      return .log(text)
    case "tcp": return .tcp(port: readPort(text[...], chosen))
    default:
      let slash = text.firstIndex(of: "/") ?? text.endIndex
      let path = String(text[slash...])
      guard !path.isEmpty, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        fields.complainOfMisfit(chosen, "a path, or a port and a path: /status, 8080/status")
        return .event
      }
      return .http(
        port: slash == text.startIndex ? nil : readPort(text[..<slash], chosen), path: path)
    }
  }

  private mutating func readPort(_ text: Substring, _ entry: YAMLEntry) -> UInt16? {
    let port = UInt16(text)
    if port == nil || port == 0 { fields.complainOfMisfit(entry, "a port from 1 to 65535") }
    return port
  }

  // MARK: Events

  private mutating func readEvents(_ entry: YAMLEntry?) -> [Program.EventPattern] {
    let items = fields.readItems(entry) ?? []
    if let entry, items.count > Program.mostPatterns {
      fields.complain(entry.value.place, "more than \(Program.mostPatterns) patterns")
      return []
    }
    return items.compactMap { item in
      guard
        let keys = fields.readFields(
          item, of: "an event", allowed: ["match", "kind", "numbers"], required: ["match", "kind"])
      else { return nil }
      return readEvent(keys)
    }
  }

  private mutating func readEvent(_ keys: FieldReader.Fields) -> Program.EventPattern? {
    guard let match = fields.readText(keys["match"]), let kind = fields.readText(keys["kind"])
    else {
      return nil
    }
    if kind.wholeMatch(of: /[a-z0-9_-]+(\.[a-z0-9_-]+)+/) == nil {
      fields.complain(
        keys.place(of: "kind"), "'kind' is like area.verb, in lower case; found '\(kind)'")
    }
    let groups = readPattern(match, at: keys.place(of: "match"))?.groups
    for name in ["t", "n", "kind"] where groups?.contains(name) == true {
      fields.complain(
        keys.place(of: "match"), "a group cannot be called '\(name)', which every event has")
    }
    var numbers: [String] = []
    for item in fields.readItems(keys["numbers"]) ?? [] {
      let entry = YAMLEntry(key: "numbers", place: item.place, value: item)
      guard let name = fields.readText(entry) else { continue }
      if let groups, !groups.contains(name) {
        refuse(name, "group", of: " of the pattern", at: item.place, among: groups)
      }
      numbers.append(name)
    }
    return Program.EventPattern(match: match, kind: kind, numbers: numbers)
  }

  private mutating func readPattern(_ text: String, at place: Place) -> Pattern? {
    do throws(Pattern.SyntaxError) {
      return try Pattern(text)
    } catch {
      fields.complain(place, error.description)
      return nil
    }
  }

  // MARK: Templates

  /// A list of texts with placeholders.
  private mutating func readTemplates(_ entry: YAMLEntry, atMost most: Int) -> [String] {
    guard let items = fields.readItems(entry) else { return [] }
    if items.count > most {
      fields.complain(entry.value.place, "'\(entry.key)' has at most \(most) items")
    }
    return items.compactMap { readTemplate($0, of: entry.key) }
  }

  private mutating func readTemplate(_ value: YAMLValue, of key: String) -> String? {
    guard case .scalar(let text) = value.content else {
      // A brace begins a mapping in YAML, so this is what forgotten quotes look like.
      fields.complain(
        value.place,
        "'\(key)' takes texts, found \(value.found); a text that begins with a placeholder needs "
          + "quotes: '{port}'")
      return nil
    }
    guard text.utf8.count <= Program.longestText else {
      fields.complain(value.place, "a text of '\(key)' has at most \(Program.longestText) bytes")
      return nil
    }
    do throws(Template.SyntaxError) {
      _ = try Template(parsing: text)
    } catch {
      fields.complain(value.place, error.description)
    }
    return text
  }
}

extension YAMLEntry {
  /// Whether it is a group that runs a program.
  var hasCommand: Bool {
    guard case .mapping(let entries) = value.content else { return false }
    return entries.contains { $0.key == "command" }
  }
}
