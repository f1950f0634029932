/// A number of things in words: `1 node`, `0 nodes`, `2 nodes`.
///
/// - Parameter plural: what two of them are called, where that is not the noun with an s.
package func counted(
  _ number: some BinaryInteger, _ noun: String, plural: String? = nil
) -> String {
  "\(number) \(number == 1 ? noun : plural ?? "\(noun)s")"
}
