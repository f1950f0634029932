/// The word that a misspelled one was probably meant to be: the first with the fewest edits, if
/// they are few for its length (one, or a third of it), or else the only one that begins with it.
package func nearestWord(to word: String, among words: some Sequence<String>) -> String? {
  // Longer texts are not misspelled words, and the distance costs their product.
  guard word.utf8.count <= 64 else { return nil }
  var nearest: (word: String, distance: Int)?
  for candidate in words where candidate.utf8.count <= 64 {
    let distance = editDistance(word.lowercased(), candidate.lowercased())
    guard distance <= max(1, candidate.utf8.count / 3) else { continue }
    if distance < nearest?.distance ?? .max { nearest = (candidate, distance) }
  }
  if let nearest { return nearest.word }
  let longer = word.utf8.count < 3 ? [] : words.filter { $0.hasPrefix(word) }
  return longer.count == 1 ? longer[0] : nil
}

/// ` (did you mean 'WORD'?)`, or nothing where no word is near.
package func suggestion(for word: String, among words: some Sequence<String>) -> String {
  nearestWord(to: word, among: words).map { " (did you mean '\($0)'?)" } ?? ""
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other
/// (optimal string alignment).
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.utf8)
  let b = Array(b.utf8)
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
