package import History

extension Check {
  /// What SQLite says of the check's SQL, with the line of its file where that is known.
  func located(_ error: DatabaseError) -> String {
    // A statement that does not compile is given with all that follows it.
    guard let sql = error.sql, let offset = error.offset, text.hasSuffix(sql) else {
      return "\(file): \(error.message)"
    }
    let place = text.utf8.count - sql.utf8.count + offset
    let line = text.utf8.prefix(place).count { $0 == UInt8(ascii: "\n") } + 1
    return "\(file):\(line): \(error.message)"
  }
}

extension ReadOnlyHistory {
  /// Makes sure that checks can be applied: that SQLite takes their conditions and statements.
  /// - Throws: what is wrong with the first that cannot, with file and line.
  package func check(_ checks: [Check]) throws {
    for check in checks {
      for expression in check.planExpressions {
        do {
          _ = try planValue(of: expression.sql)
        } catch let error as DatabaseError where error.isBadSQL {
          throw CheckError(
            "\(check.file):\(expression.line): '\(expression.key)': \(error.message)")
        }
      }
      var rest = check.text[...]
      do {
        var count = 0
        while try database.prepareNext(&rest) != nil { count += 1 }
        guard count == 2 else {
          throw CheckError("\(check.file): \(Judge.twoStatements)")
        }
      } catch let error as DatabaseError where error.isBadSQL {
        throw CheckError(check.located(error))
      }
    }
  }
}
