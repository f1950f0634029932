import Arguments
import Messages
import Testing

private let grow = Command(
  "grow", "Grow a bed of plants, and say how many of them came up.",
  discussion: """
    The plants are put in rows. A row that is full is closed, and the next one is opened; when no \
    row is left, growing ends.

    Nothing is watered.
    """,
  examples: [
    Example("garden grow bed.yaml --rows 3", "Three rows."),
    Example("garden grow bed.yaml --set soil=clay --set sun=none", "Two things set."),
  ],
  positionals: [
    Positional("BED", "The bed's file."),
    Positional("PLANT", "Plants to put in.", .repeated),
  ],
  options: [
    Option(
      "rows", letter: "r", .integer("N", 1...9), "How many rows there are.", .defaulted("2")),
    Option("format", .choice("FORMAT", ["table", "csv", "json"]), "How the result is written."),
    Option("set", .text("KEY=VALUE"), "Sets one key.", .repeated),
    Option("gardener", .text("NAME"), "Who is asked when a plant does not come up.", .required),
    Option(
      "a-name-that-is-very-long", .text("VALUE"),
      "An option whose label leaves no room for its explanation beside it."),
    .flag("quiet", "Say nothing."),
  ])

private let water = Command(
  "water", "Water a bed.",
  options: [
    Option("for", .choice("WORD", ["a-minute", "an-hour"]), "How long.", .defaulted("a-minute"))
      .with("hose"),
    .flag("hose", "With a hose."),
  ])

private let look = Command(
  "look", "Look at a bed.", positionals: [Positional("BED", "The bed's file.", .optional)])

private let garden = Command(
  "garden", "Tend a garden.", subcommands: [grow, look, water], version: "1.2.3")

private func arguments(_ line: [String]) throws -> ParsedArguments {
  guard case .run(let arguments) = try garden.parse(line) else {
    throw UsageError("printed")
  }
  return arguments
}

private func printed(_ line: [String]) throws -> String? {
  guard case .print(let text) = try garden.parse(line) else { return nil }
  return text
}

private func complaint(_ line: String...) -> String? {
  do throws(UsageError) {
    _ = try garden.parse(line)
    return nil
  } catch {
    return error.description
  }
}

@Suite struct `Reading a command line` {
  @Test func `values follow their option or an equals sign, in any order`() throws {
    let read = try arguments([
      "grow", "--rows", "3", "bed.yaml", "--gardener=Eve=1", "--quiet", "--set", "a=b", "pea",
      "--set=c=", "bean",
    ])
    #expect(read.path == "garden grow")
    #expect(read.command.name == "grow")
    #expect(try read.require("BED") == "bed.yaml")
    #expect(read.all("PLANT") == ["pea", "bean"])
    #expect(read.integer("rows") == 3)
    #expect(read["gardener"] == "Eve=1")
    #expect(read.all("set") == ["a=b", "c="])
    #expect(read.has("quiet"))
    #expect(read["format"] == nil)
  }

  @Test func `an option that has a letter may be written by it`() throws {
    #expect(try arguments(["grow", "-r", "3", "bed", "--gardener", "x"]).integer("rows") == 3)
    #expect(complaint("grow", "-r", "3", "--rows=2")?.contains("is given twice") == true)
    #expect(complaint("grow", "-r", "x")?.hasPrefix("'x' is no value for -r;") == true)
    #expect(complaint("grow", "-q")?.hasPrefix("unknown option '-q'") == true)
  }

  @Test func `an option that is not given has its default`() throws {
    let read = try arguments(["grow", "bed", "--gardener", "x"])
    #expect(read.integer("rows") == 2)
    #expect(!read.has("rows"))
    #expect(!read.has("quiet"))
    #expect(read.all("set") == [])
  }

  @Test func `two hyphens end the options`() throws {
    let read = try arguments(["grow", "--gardener", "x", "--", "--rows", "-h", "-"])
    #expect(read["BED"] == "--rows")
    #expect(read.all("PLANT") == ["-h", "-"])
  }

  @Test func `an optional positional may be left out`() throws {
    #expect(try arguments(["look"])["BED"] == nil)
    #expect(try arguments(["look", "bed"])["BED"] == "bed")
  }

  @Test func `a value is read as something else, or refused with what is allowed`() throws {
    let read = try arguments(["grow", "bed", "--gardener", "12"])
    #expect(try read.value("gardener", allowed: "a number") { Int($0) } == 12)
    #expect(try read.value("format", allowed: "a number") { Int($0) } == nil)
    let error = #expect(throws: UsageError.self) {
      try read.value("BED", allowed: "a number") { Int($0) }
    }
    #expect(
      error?.description
        == "'bed' is no value for BED; allowed: a number\nSee 'garden grow --help'.")
    #expect(error?.exitCode == .usage)
  }
}

@Suite struct `What is refused on a command line` {
  @Test func `a misspelled command or option is named, with the nearest word`() {
    #expect(
      complaint("gorw", "bed")
        == "unknown command 'gorw' (did you mean 'grow'?); there are: grow, look, water\n"
        + "See 'garden --help'.")
    #expect(
      complaint("grow", "--row=3")
        == "unknown option '--row' (did you mean '--rows'?)\nSee 'garden grow --help'.")
    #expect(complaint("grow", "-x") == "unknown option '-x'\nSee 'garden grow --help'.")
    #expect(
      complaint("--rows", "3", "grow")
        == "unknown option '--rows': options follow the command's name, as in "
        + "'garden COMMAND --rows'\nSee 'garden --help'.")
  }

  @Test func `a value that is missing, not allowed or too many is named`() {
    let see = "\nSee 'garden grow --help'."
    #expect(complaint("grow", "--rows") == "option --rows needs a value: --rows N" + see)
    #expect(
      complaint("grow", "--rows", "--quiet") == "option --rows needs a value: --rows N" + see)
    #expect(
      complaint("grow", "--rows", "-1")
        == "'-1' is no value for --rows; allowed: a whole number from 1 to 9" + see)
    #expect(
      complaint("grow", "--format", "jsno")
        == "'jsno' is no value for --format (did you mean 'json'?); allowed: table, csv or json"
        + see)
    #expect(complaint("grow", "--quiet=yes") == "option --quiet takes no value" + see)
    #expect(complaint("grow", "--rows=1", "--rows=1") == "option --rows is given twice" + see)
  }

  @Test func `what is required or unexpected is named`() {
    #expect(
      complaint("grow", "--gardener", "x")
        == "missing BED: The bed's file.\nSee 'garden grow --help'.")
    #expect(
      complaint("grow", "bed") == "missing option --gardener NAME\nSee 'garden grow --help'.")
    #expect(
      complaint("look", "a", "b") == "unexpected argument 'b'\nSee 'garden look --help'.")
  }
}

@Suite struct `Help` {
  @Test(arguments: [["grow", "--help"], ["grow", "bed", "-h"], ["help", "grow"]])
  func `a command's help lists all it takes, wrapped at 80 columns`(line: [String]) throws {
    #expect(
      try printed(line) == """
        Grow a bed of plants, and say how many of them came up.

        The plants are put in rows. A row that is full is closed, and the next one is
        opened; when no row is left, growing ends.

        Nothing is watered.

        USAGE:
          garden grow BED [PLANT …] --gardener NAME [OPTIONS]

        ARGUMENTS:
          BED                     The bed's file.
          PLANT                   Plants to put in.

        OPTIONS:
          -r, --rows N            How many rows there are. (a whole number from 1 to 9;
                                  default: 2)
          --format FORMAT         How the result is written. (table, csv or json)
          --set KEY=VALUE         Sets one key. (repeatable)
          --gardener NAME         Who is asked when a plant does not come up. (required)
          --a-name-that-is-very-long VALUE
                                  An option whose label leaves no room for its
                                  explanation beside it.
          --quiet                 Say nothing.
          -h, --help              Print this help.

        EXAMPLES:
          garden grow bed.yaml --rows 3
              Three rows.
          garden grow bed.yaml --set soil=clay --set sun=none
              Two things set.

        """)
  }

  @Test(arguments: [[], ["--help"], ["help"]])
  func `the help of a command with subcommands lists them`(line: [String]) throws {
    #expect(
      try printed(line) == """
        Tend a garden.

        USAGE:
          garden COMMAND …

        COMMANDS:
          grow                    Grow a bed of plants, and say how many of them came
                                  up.
          look                    Look at a bed.
          water                   Water a bed.

        OPTIONS:
          --version               Print the version.
          -h, --help              Print this help.

        See 'garden COMMAND --help' for one command.

        """)
  }

  @Test func `the version is printed`() throws {
    #expect(try printed(["--version"]) == "garden 1.2.3\n")
  }
}

@Suite struct `An option that belongs to another` {
  @Test func `is refused alone, and taken with it`() throws {
    #expect(
      complaint("water", "--for", "an-hour")
        == "--for belongs to --hose, which is not given\nSee 'garden water --help'.")
    #expect(try arguments(["water", "--for", "an-hour", "--hose"])["for"] == "an-hour")
    #expect(try arguments(["water"])["for"] == "a-minute")
  }
}
