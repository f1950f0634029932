import NetworkFolders

/// The text of `docs/SCHEMA.md`, from the descriptions in the code and in the networks' views.
package enum SchemaDocument {
  /// The whole page, as Markdown.
  ///
  /// - Throws: where a view's file is broken, or does not give the columns that it names.
  package static func text() throws -> String {
    let networks = try networks()
    return """
      # The history's tables and views

      Generated from the code and the files `networks/*/views/*.sql` by the tests of the target `HistoryTests`; do not edit. \
      `SEEDBED_RECORD=1 swift test --filter HistoryTests` writes it anew.

      The history is one SQLite file, `logs/history.sqlite` unless `--history` says otherwise. It is \
      derived from the runs' folders, except for the verdicts in `checks`: `seedbed collect DIR` \
      rebuilds a run.

      - A column that ends in `_t`, and `t` itself, is a time in microseconds since the epoch.
      - A column that ends in `_s`, and `s` itself, is the same in seconds since the run began \
      (`runs.began_t`).
      - `seedbed query` and the checks see one run at a time: every table and view holds that run's \
      rows only, or all runs' with `--run all`. In the file itself, filter by `run`.
      - They also see columns in the tables that are not in the file, but computed where they are used: \
      marked with +.
      - Beside SQLite's own functions they have two aggregates: `percentile(x, p)`, with p from 0 to 100, \
      and `median(x)`. What lies between two values is in proportion to them; NULL does not count, and \
      nothing has the percentile NULL.
      - `data` and `options` are JSON: `data ->> 'message'` is the text of a field.

      ## Tables

      \(Schema.tables.map(section).joined(separator: "\n\n"))

      \(networks.joined(separator: "\n\n"))

      """
  }

  /// The views of what all networks share, and of each that came with Seedbed.
  private static func networks() throws -> [String] {
    let shared = NetworkFolders.shared.map { ("Views of every network", $0) }
    let folders =
      (shared.map { [$0] } ?? [])
      + NetworkFolders.shipped.map { ("Views of the network \($0.name)", $0) }
    return try folders.map { title, folder in
      "## \(title)\n\n"
        + (try Views.read(folder).map(section).joined(separator: "\n\n"))
    }
  }

  private static func section(_ view: View) -> String {
    section(view.name, view.summary, view.columns)
  }

  private static func section(_ table: Table) -> String {
    section(
      table.name, table.summary,
      table.shown.map { ($0.name, ($0.expression == nil ? "" : "+ ") + $0.summary) })
  }

  private static func section(
    _ name: String, _ summary: String, _ columns: [(name: String, summary: String)]
  ) -> String {
    let rows = columns.map { "| `\($0.name)` | \($0.summary) |" }.joined(separator: "\n")
    return "### \(name)\n\n\(summary)\n\n| column | |\n|---|---|\n\(rows)"
  }
}
