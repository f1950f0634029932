import Glibc
import Participants
import Sockets

extension LiveDriver {
  /// Does what is to be done with a file. The answer comes in the loop's next turn, so that a
  /// participant that reads file after file leaves the others their turn.
  ///
  /// The node waits for its disk meanwhile: what participants ask for at once, a piece of a few
  /// megabytes at most, is less than the loop's other work.
  func perform(_ request: FileRequest, _ key: FileKey) {
    answers.append((key, Self.answer(to: request)))
    answering.set()
  }

  func deliverAnswers() {
    let due = answers
    answers = []
    for (key, answer) in due { deliver(.file(key, answer)) }
  }

  func dropAnswers() {
    answering.cancel()
    answers = []
  }

  private static func answer(to request: FileRequest) -> FileAnswer {
    switch request {
    case .read(let path, let offset, let count):
      withFile(path, O_RDONLY) { read($0, offset, count) }
    case .write(let path, let offset, let bytes):
      withFile(path, O_WRONLY | O_CREAT) { write(bytes, $0, offset) }
    case .rename(let path, let name):
      unsafe rename(path, name) == 0 ? .done : failed
    }
  }

  private static var failed: FileAnswer { .failed(NodeFailure.describe(errno)) }

  private static func withFile(
    _ path: String, _ mode: CInt, _ body: (CInt) -> FileAnswer
  ) -> FileAnswer {
    do throws(NodeFailure) {
      let descriptor = try open(path, mode)
      defer { close(descriptor) }
      return body(descriptor)
    } catch {
      return .failed(error.description)
    }
  }

  /// Makes the folder that a file is to be written into, where it is absent.
  private static func open(_ path: String, _ mode: CInt) throws(NodeFailure) -> CInt {
    do throws(NodeFailure) {
      return try RegularFile.open(path, mode)
    } catch {
      guard mode & O_CREAT != 0, let slash = path.lastIndex(of: "/"),
        unsafe mkdir(String(path[..<slash]), 0o755) == 0
      else { throw error }
      return try RegularFile.open(path, mode)
    }
  }

  private static func read(_ descriptor: CInt, _ offset: Int, _ count: Int) -> FileAnswer {
    var total = 0
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      repeat {
        result = unsafe pread(
          descriptor, buffer.baseAddress?.advanced(by: total), count - total, offset + total)
        total += max(0, result)
      } while result > 0 && total < count || result < 0 && errno == EINTR
      initialized = total
    }
    return result < 0 ? failed : .bytes(bytes)
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, _ descriptor: CInt, _ offset: Int
  ) -> FileAnswer {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe pwrite(
          descriptor, $0.baseAddress?.advanced(by: written),
          min(bytes.count - written, fileWriteSize), offset + written
        )
      }
      if count < 0, errno != EINTR { return failed }
      written += max(0, count)
    }
    return .done
  }
}
