import Glibc

/// The system's words for an error number (`errno`), e.g. `No space left on device`.
package func systemMessage(_ number: Int32) -> String {
  guard let text = unsafe strerror(number) else { return "error \(number)" }
  return unsafe String(cString: text)
}
