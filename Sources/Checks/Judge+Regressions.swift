package import History
internal import Messages

/// Whether something takes longer in one run than in another.
extension Judge {
  /// With fewer values the 95th percentile is their maximum, and tells nothing.
  package static let leastValues = 20

  /// Judges by each measure whether the 95th percentile of its values is at most so much more than in
  /// another run.
  ///
  /// - Parameters:
  ///   - base: a history limited to the run to compare with.
  ///   - name: that run's, for people.
  ///   - tolerance: how much more is borne, in percent.
  /// - Throws: `DatabaseError` where a measure's SQL does not work.
  package func judge(
    _ measures: [Measure], against base: borrowing ReadOnlyHistory, named name: String,
    tolerance: Double
  ) throws -> [Judgement] {
    let overloads = try history.database.integer("SELECT count(*) FROM overloads") ?? 0
    var judgements: [Judgement] = []
    for measure in measures {
      let before = try base.distribution(of: measure)
      let now = try history.distribution(of: measure)
      let check = Check(
        name: "p95 \(measure.name)",
        promise:
          "The 95th percentile is at most \(percent(tolerance)) more than in \(name).",
        networks: [], severity: .error, leastWitnesses: Self.leastValues, tooFew: "", file: "",
        text: "")
      var judgement = Judgement(
        check: check, verdict: .inconclusive,
        reason: "\(now.count) and \(before.count) values; \(Self.leastValues) each are needed")
      judgement.witnesses = min(now.count, before.count)
      if min(now.count, before.count) >= Self.leastValues, let new = now.p95, let old = before.p95 {
        let isMore = new > old * (1 + tolerance / 100)
        judgement.verdict = isMore ? (overloads == 0 ? .fail : .inconclusive) : .pass
        let excuse = isMore && overloads > 0 ? ", but the host was overloaded" : ""
        judgement.violations = isMore ? 1 : 0
        judgement.reason =
          "\(round(new)), and \(round(old)) in \(name): \(change(from: old, to: new))\(excuse)"
      }
      judgements.append(judgement)
    }
    return judgements
  }

  /// Judges by each check whether it had as much to judge as in another run, but for a tolerance: with
  /// fewer witnesses, less of what the network should do was done.
  ///
  /// - Parameters:
  ///   - before: what the same checks say of the other run.
  ///   - tolerance: how much less is borne, in percent.
  /// - Throws: `DatabaseError` where the history cannot be read.
  package func judge(
    witnessesOf now: [Judgement], against before: [Judgement], named name: String, tolerance: Double
  ) throws -> [Judgement] {
    let overloads = try history.database.integer("SELECT count(*) FROM overloads") ?? 0
    return zip(now, before).map { now, before in
      let check = Check(
        name: "witnesses of \(now.check.name)",
        promise: "There are at most \(percent(tolerance)) fewer than in \(name).",
        networks: [], severity: .error, leastWitnesses: Self.leastValues, tooFew: "", file: "",
        text: "")
      guard let new = now.witnesses, let old = before.witnesses, doubt == nil else {
        let reason = now.witnesses == nil ? now.reason : doubt ?? "\(name): \(before.reason)"
        return Judgement(check: check, verdict: .inconclusive, reason: reason)
      }
      guard old >= Self.leastValues else {
        return Judgement(
          check: check, verdict: .notAsked,
          reason: "\(old) in \(name); \(Self.leastValues) are needed")
      }
      let isLess = Double(new) < Double(old) * (1 - tolerance / 100)
      let excuse = isLess && overloads > 0 ? ", but the host was overloaded" : ""
      var judgement = Judgement(
        check: check, verdict: !isLess ? .pass : overloads == 0 ? .fail : .inconclusive,
        reason:
          "\(new), and \(old) in \(name): \(change(from: Double(old), to: Double(new)))\(excuse)")
      judgement.violations = isLess ? 1 : 0
      judgement.witnesses = old
      return judgement
    }
  }

  private func change(from old: Double, to new: Double) -> String {
    guard old > 0 else { return new > 0 ? "more than nothing" : "the same" }
    let share = (new / old - 1) * 100
    return share == 0 ? "the same" : "\(percent(abs(share))) \(share > 0 ? "more" : "less")"
  }

  private func percent(_ number: Double) -> String { "\((number * 10).rounded() / 10) %" }

  private func round(_ number: Double) -> String { "\((number * 1e6).rounded() / 1e6)" }
}

extension Measure {
  /// A view's column as a measure.
  ///
  /// - Parameters:
  ///   - text: `VIEW.COLUMN`, e.g. `gossip_deliveries.delay`.
  ///   - views: those that there are.
  /// - Throws: when there is none such, with those that there are.
  package init(column text: String, of views: Views) throws(CheckError) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw CheckError("'\(text)' is no column of a view: write VIEW.COLUMN")
    }
    let names = views.all.map(\.name)
    guard let view = views.all.first(where: { $0.name == parts[0] }) else {
      throw CheckError(
        "there is no view '\(parts[0])'\(suggestion(for: parts[0], among: names)): "
          + "docs/SCHEMA.md lists them")
    }
    let columns = view.columns.map(\.name)
    guard columns.contains(parts[1]) else {
      throw CheckError(
        "view '\(view.name)' has no column '\(parts[1])'\(suggestion(for: parts[1], among: columns)); "
          + "it has: \(columns.joined(separator: ", "))")
    }
    self.init(name: text, sql: "SELECT \(parts[1]) FROM \(view.name)")
  }
}
