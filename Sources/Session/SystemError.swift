import Foundation
import Messages

/// What went wrong, as a person reads it: of an error of Foundation's the file and the system's words.
package func words(of error: any Error) -> String {
  guard let error = error as? CocoaError else { return "\(error)" }
  let code = (error.underlying as? POSIXError)?.code.rawValue
  let reason = code.map(systemMessage)
  let file = error.filePath ?? error.url?.path
  return (file.map { "\($0): " } ?? "") + (reason ?? error.localizedDescription)
}
