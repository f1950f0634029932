import History
import Testing

@Suite struct ResultFormatTests {
  private static func write(_ sql: String, _ format: ResultFormat) throws -> String {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    return try ResultWriter.write(database.prepare(sql), as: format, to: "")
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
                        -20    NULL  a,"b"|c\nd  NULL
                       NULL  1e+300              NULL
        9223372036854775807  -9e999  é€😀\u{1b}   X''

        """#
      ),
      (
        .csv,
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
        |                 -20 |   NULL | a,"b"\|c<br>d | NULL    |
        |                NULL | 1e+300 |               | NULL    |
        | 9223372036854775807 | -9e999 | é€😀\u{1b}     | X''     |

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
      (.table, "a  b\n-  -\n"), (.csv, "a,b\r\n"), (.json, "[]\n"), (.ndjson, ""),
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

  @Test("NULL and the header get the looks that the caller gives them")
  func styles() throws {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    let text = try ResultWriter.write(
      database.prepare("SELECT 1 AS a, NULL AS b"), as: .table, to: ""
    ) { text, part in
      switch part {
      case .header: "<\(text)>"
      case .null: "(\(text))"
      }
    }
    #expect(text == "<a>  <   b>\n-  ----\n1  (NULL)\n")
  }
}
