import History
import Testing

@Suite struct ResultFormatTests {
  private static func write(
    _ sql: String, _ format: ResultFormat, look: ResultLook = ResultLook()
  ) throws -> String {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    return try ResultWriter.write(database.prepare(sql), as: format, to: "", look: look)
  }

  private static let everything = """
    SELECT column1 AS n, column2 AS x, column3 AS "a text", column4 AS blob FROM (VALUES
      (1, 0.1, 'plain', x'00ff'), (-20, NULL, 'a,"b"|c' || char(10) || 'd', NULL),
      (NULL, 1e300, '', NULL), (9223372036854775807, -9e999, 'é€😀' || char(27), x''))
    """

  @Test(
    "every format writes every kind of value",
    arguments: [
      (
        .table,
        #"""
                          n       x  a text      blob
        -------------------  ------  ----------  -------
                          1     0.1  plain       X'00ff'
                        -20          a,"b"|c\nd
                             1e+300
        9223372036854775807  -9e999  é€😀\u{1b}  X''

        """#
      ),
      (
        .list,
        #"""
        n       1
        x       0.1
        a text  plain
        blob    X'00ff'

        n       -20
        x
        a text  a,"b"|c\nd
        blob

        n
        x       1e+300
        a text
        blob

        n       9223372036854775807
        x       -9e999
        a text  é€😀\u{1b}
        blob    X''

        """#
      ),
      (
        .csv,
        "n,x,a text,blob\n1,0.1,plain,X'00ff'\n-20,,\"a,\"\"b\"\"|c\nd\",\n,1e+300,\"\",\n"
          + "9223372036854775807,-9e999,é€😀\u{1b},X''\n"
      ),
      (
        .csvCRLF,
        "n,x,a text,blob\r\n1,0.1,plain,X'00ff'\r\n-20,,\"a,\"\"b\"\"|c\nd\",\r\n,1e+300,\"\",\r\n"
          + "9223372036854775807,-9e999,é€😀\u{1b},X''\r\n"
      ),
      (
        .json,
        #"""
        [
        {"n":1,"x":0.1,"a text":"plain","blob":"X'00ff'"},
        {"n":-20,"x":null,"a text":"a,\"b\"|c\nd","blob":null},
        {"n":null,"x":1e+300,"a text":"","blob":null},
        {"n":9223372036854775807,"x":-9e999,"a text":"é€😀\u001b","blob":"X''"}
        ]

        """#
      ),
      (
        .ndjson,
        #"""
        {"n":1,"x":0.1,"a text":"plain","blob":"X'00ff'"}
        {"n":-20,"x":null,"a text":"a,\"b\"|c\nd","blob":null}
        {"n":null,"x":1e+300,"a text":"","blob":null}
        {"n":9223372036854775807,"x":-9e999,"a text":"é€😀\u001b","blob":"X''"}

        """#
      ),
      (
        .markdown,
        #"""
        |                   n |      x | a text        | blob    |
        | ------------------: | -----: | ------------- | ------- |
        |                   1 |    0.1 | plain         | X'00ff' |
        |                 -20 |        | a,"b"\|c<br>d |         |
        |                     | 1e+300 |               |         |
        | 9223372036854775807 | -9e999 | é€😀\u{1b}    | X''     |

        """#
      ),
    ] as [(ResultFormat, String)])
  func everyValue(format: ResultFormat, text: String) throws {
    let written = try Self.write(Self.everything, format)
    #expect(written == text, "\(written)")
  }

  @Test(
    "no rows leave the frame of each format",
    arguments: [
      (.table, "a  b\n-  -\n"), (.csv, "a,b\n"), (.list, ""), (.json, "[]\n"), (.ndjson, ""),
      (.markdown, "| a   | b   |\n| --- | --- |\n"),
    ] as [(ResultFormat, String)])
  func noRows(format: ResultFormat, text: String) throws {
    #expect(try Self.write("SELECT 1 AS a, 2 AS b WHERE false", format) == text)
  }

  @Test("columns of one name stay apart in JSON")
  func repeatedColumns() throws {
    #expect(
      try Self.write("SELECT 1 AS a, 2 AS a, 3 AS a", .ndjson) == "{\"a\":1,\"a:2\":2,\"a:3\":3}\n")
  }

  @Test("a table goes on beyond the rows that decide its layout")
  func longTable() throws {
    let rows = ResultWriter<String>.layoutRows + 500
    let sql =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < \(rows)) "
      + "SELECT x, iif(x = \(rows), 'a text that is longer', 'short') AS y FROM c"
    let lines = try Self.write(sql, .table).split(separator: "\n")
    #expect(lines.count == rows + 2)
    #expect(lines.prefix(3) == ["   x  y", "----  -----", "   1  short"])
    #expect(lines.suffix(2) == ["1499  short", "1500  a text that is longer"])
  }

  @Test("the header gets the looks that the caller gives it, or is left out")
  func header() throws {
    let sql = "SELECT 1 AS a, 'x' AS b"
    let marked = ResultLook { "<\($0)>" }
    #expect(try Self.write(sql, .table, look: marked) == "<a>  <b>\n-  -\n1  x\n")
    #expect(try Self.write(sql, .list, look: marked) == "<a>  1\n<b>  x\n")
    let bare = ResultLook(hasHeader: false)
    #expect(try Self.write(sql, .table, look: bare) == "1  x\n")
    #expect(try Self.write(sql, .csv, look: bare) == "1,x\n")
    #expect(try Self.write("\(sql) WHERE false", .csv, look: bare) == "")
  }

  private static let events = """
    SELECT column1 AS node, column2 AS s, column3 AS date, column4 AS kind, column5 AS "data of it"
    FROM (VALUES
      ('peer-1', 0.25, '2026-11-20 06:00', 'gossip.received', '{"message":"1.5:127.0.0.1:40000:hello"}'),
      ('supervisor', 1234.5, '2026-11-20 06:01', 'node.ready', '{"pid":77}'),
      (NULL, NULL, NULL, '日本語日本語日本語', ''))
    """

  @Test(
    "a table fits a width: texts are cut, the longest first, and numbers and dates are not",
    arguments: [
      (
        80,
        """
        node             s  date              kind                data of it
        ----------  ------  ----------------  ------------------  ----------------------
        peer-1        0.25  2026-11-20 06:00  gossip.received     {"message":"1.5:127.0…
        supervisor  1234.5  2026-11-20 06:01  node.ready          {"pid":77}
                                              日本語日本語日本語

        """
      ),
      (
        60,
        """
        node             s  date              kind        data of it
        ----------  ------  ----------------  ----------  ----------
        peer-1        0.25  2026-11-20 06:00  gossip.re…  {"message…
        supervisor  1234.5  2026-11-20 06:01  node.ready  {"pid":77}
                                              日本語日…

        """
      ),
      (
        40,
        """
        node        peer-1
        s           0.25
        date        2026-11-20 06:00
        kind        gossip.received
        data of it  {"message":"1.5:127.0.0.1:40000:hello"}

        node        supervisor
        s           1234.5
        date        2026-11-20 06:01
        kind        node.ready
        data of it  {"pid":77}

        node
        s
        date
        kind        日本語日本語日本語
        data of it

        """
      ),
    ])
  func fitting(width: Int, text: String) throws {
    let written = try Self.write(Self.events, .table, look: ResultLook(width: width))
    #expect(written == text, "\(written)")
  }

  @Test("what comes after the rows that decide the layout is cut as well, and numbers are whole")
  func longTableThatFits() throws {
    let rows = ResultWriter<String>.layoutRows + 1
    let sql =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < \(rows)) "
      + "SELECT x * iif(x = \(rows), 1000000, 1) AS x, iif(x = \(rows), 'a text of many words', 'b') AS y "
      + "FROM c"
    let lines = try Self.write(sql, .table, look: ResultLook(width: 12)).split(separator: "\n")
    #expect(lines.suffix(2) == ["1000  b", "1001000000  …"])
  }
}
