/// Names a request to read or write a file, in the participant's own numbering: its answer has the
/// same key.
@usableFromInline package struct FileKey: Hashable, Sendable {
  package var purpose: UInt8
  package var subject: UInt64

  package init(purpose: UInt8, subject: UInt64 = 0) {
    self.purpose = purpose
    self.subject = subject
  }
}

/// What is to be done with a file. Its path comes from the node's own options, never from what others
/// said.
@usableFromInline package enum FileRequest: Equatable, Sendable {
  /// Reads so many bytes from an offset on, fewer at the file's end.
  case read(path: String, offset: Int, count: Int)
  /// Puts bytes at an offset of a file, which is made if it is absent, and so is its folder.
  case write(path: String, offset: Int, ArraySlice<UInt8>)
  /// Gives a file another name, and takes that from the file that had it, in one step.
  case rename(path: String, to: String)
}

/// What came of a request. Requests are answered in order, and never at once: other inputs may come
/// before.
@usableFromInline package enum FileAnswer: Equatable, Sendable {
  case bytes([UInt8])
  case done
  /// Why not, in words.
  case failed(String)
}
