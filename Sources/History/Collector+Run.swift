internal import Participants
internal import Topology

/// The run's own rows, from its plan.
extension Collector {
  /// Adds the run and its planned nodes if they are not there; gives the run's number.
  static func addRun(_ folder: RunFolder, to database: borrowing Database) throws -> Int64 {
    let manifest = folder.manifest
    // A folder may have moved since; everything else in it is as it was.
    let insert = try database.prepare(
      """
      INSERT INTO runs
        (name, folder, network, driver, topology, seed, version, launched_t, plan, complete)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
      ON CONFLICT (name) DO UPDATE SET folder = excluded.folder
      RETURNING run
      """)
    try insert.bind(
      .text(manifest.name), .text(folder.path), .text(manifest.network), .text(manifest.driver),
      .text(manifest.topology), .integer(Int64(bitPattern: manifest.plan.seed)),
      .text(manifest.version), .integer(manifest.launched.count), .text(folder.planText))
    guard try insert.step() else { preconditionFailure("RETURNING gives a row") }
    let run = insert.integer(at: 0)
    insert.reset()
    let nodes = try database.prepare(
      """
      INSERT INTO nodes (run, node, node_group, role)
      SELECT ?1, value ->> 'name', value ->> 'group', value ->> 'role'
      FROM json_each(?2, '$.nodes') WHERE true
      ON CONFLICT (run, node) DO UPDATE SET node_group = excluded.node_group, role = excluded.role
      """)
    try nodes.bind(.integer(run), .text(folder.planText))
    try nodes.run()
    // The sides of a fault can be longer than a line of a log may be, so the plan alone has them.
    for side in ["from", "to"] {
      let sides = try database.prepare(
        """
        INSERT OR IGNORE INTO fault_sides (run, fault, node, side)
        SELECT ?1, f.value ->> 'id', n.value, ?3
        FROM json_each(?2, '$.faults') f, json_each(f.value, '$.network.' || ?3) n
        """)
      try sides.bind(.integer(run), .text(folder.planText), .text(side))
      try sides.run()
    }
    return run
  }
}
