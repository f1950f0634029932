import Participants

/// A file that is shared or fetched, while it is looked through and afterwards.
struct TradedFile {
  enum Stage {
    /// It is shared: is it short enough?
    case measuring
    /// It is shared, and split: so many pieces so far.
    case splitting
    /// It is fetched: its list is read.
    case readingList
    /// It is fetched, and may be there already.
    case verifying
    /// It is fetched, and may be there in part.
    case resuming
    /// It is known which pieces are there.
    case trading
    case failed
  }

  /// Where it is, or will be once it is whole.
  let path: String
  /// What the option names: the file, or its list.
  let named: String
  var stage: Stage
  /// Of the pieces that were looked at, in order.
  var hashes: [PieceHash] = []
  var size = 0
  /// What it must become, of one that is fetched.
  var list: HashList?
  /// Places that are not written yet.
  var missing = 0
  let isShared: Bool
  /// Whether all of it is there, and it has its name; of one that is shared, its list.
  var isFinished = false

  init(shared path: String) {
    self.path = path
    named = path
    stage = .measuring
    isShared = true
  }

  /// - Parameter list: the list's path, which ends in ``HashList/suffix``.
  init(fetchedBy list: String) {
    path = String(list.dropLast(HashList.suffix.count))
    named = list
    stage = .readingList
    isShared = false
  }

  var listPath: String { path + HashList.suffix }
  /// Where it is until it is whole.
  var partPath: String { path + ".part" }
  /// Where its pieces are read.
  var currentPath: String { missing > 0 ? partPath : path }
}

/// Where in a file a piece stands.
struct FilePlace {
  /// Which of the peer's files.
  let file: Int
  /// In bytes.
  let offset: Int
}
