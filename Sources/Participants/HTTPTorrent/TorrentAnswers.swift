import HTTP
import JSONReading
import Participants

/// What the original's programs answer, word for word (docs/networks/torrent.md says where not).
enum Answers {
  static let ok = HTTPResponse(200, "Ok")
  static let notFound = HTTPResponse(404, "404 Not Found.")
  static let pong = HTTPResponse(200, "pong")
  static let busy = HTTPResponse(503, "503 Service Unavailable: too many clients or chunks")
  static let withoutChunk = HTTPResponse(
    400, "400 Bad Request: Invalid request. I dont have your chunks :(")
  static let badBody = HTTPResponse(400, "400 Bad Request: Invalid request body")

  /// For a method that the server knows for no path.
  static func unsupported(_ method: String) -> HTTPResponse {
    let problem = "Unsupported method ('\(method)')"
    let page = """
      <!DOCTYPE HTML>
      <html lang="en">
          <head>
              <meta charset="utf-8">
              <title>Error response</title>
          </head>
          <body>
              <h1>Error response</h1>
              <p>Error code: 501</p>
              <p>Message: \(problem).</p>
              <p>Error code explanation: 501 - Server does not support this operation.</p>
          </body>
      </html>

      """
    return HTTPResponse(
      501, reason: problem, contentType: "text/html;charset=utf-8", body: Array(page.utf8))
  }
}

/// A request's body as JSON, and its members, with the original's words for what is wrong: a member
/// that is missing is named in quotes.
struct RequestBody {
  struct Problem: Error {
    let text: String
  }

  let json: JSONValue

  init(_ bytes: [UInt8]) throws(Problem) {
    do throws(JSONScanner.SyntaxError) {
      json = try JSONValue(bytes)
    } catch {
      throw Problem(text: "\(error)")
    }
  }

  func member<Value>(
    _ name: String, _ read: (JSONValue) -> Value?
  ) throws(Problem) -> Value {
    guard let value = json[name] else { throw Problem(text: "'\(name)'") }
    guard let read = read(value) else { throw Problem(text: "'\(name)' is of the wrong kind") }
    return read
  }

  /// A host and a port that can be dialled.
  func address(host: String, port: String) throws(Problem) -> Address {
    let hostText = try member(host, \.text)
    let portNumber = try member(port, \.integer)
    guard let number = UInt16(exactly: portNumber), number > 0 else {
      throw Problem(text: "'\(port)' must be from 1 to 65535")
    }
    guard let address = Address(host: hostText[...], portText: String(number)[...]) else {
      throw Problem(text: "'\(host)' must be a host's name or address")
    }
    return address
  }
}

/// JSON as Python's `json.dumps` spaces it: the original's programs answer so.
enum SpacedJSON {
  static func text(_ value: String) -> String {
    var bytes: [UInt8] = []
    JSONText.append(value, to: &bytes, atMost: .max)
    return String(decoding: bytes, as: UTF8.self)
  }

  static func array(_ elements: some Sequence<String>) -> String {
    "[\(elements.joined(separator: ", "))]"
  }

  static func texts(_ texts: [String]) -> String { array(texts.map(text)) }
}
