/// A request or a response of HTTP/1.x (RFC 9112), whole.
package struct HTTPMessage: Equatable, Sendable {
  /// Of a request; empty in a response.
  package var method = ""
  /// Of a request: what follows the method, e.g. `/chunk?x=1` or `http://host/chunk?x=1`.
  package var target = ""
  /// Of a response; 0 in a request.
  package var status = 0
  /// Names in lower case, in the order in which they came.
  package var fields: [(name: String, value: String)] = []
  package var body: [UInt8] = []
  /// Whether the connection may carry another message after this one.
  package var keepsAlive = true

  package init() {}

  /// The path that the target names, be it in absolute form or not (RFC 9112, section 3.2).
  package var path: Substring {
    var rest = target[...]
    if let scheme = ["http://", "https://"].first(where: { rest.lowercased().hasPrefix($0) }) {
      rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
    }
    let path = rest.prefix { $0 != "?" }
    return path.isEmpty ? "/" : path
  }

  /// Whether it is a request for the head of what `GET` gives.
  package var isHead: Bool { method == "HEAD" }

  /// The first field of this name, which is in lower case.
  package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  package static func == (a: HTTPMessage, b: HTTPMessage) -> Bool {
    a.method == b.method && a.target == b.target && a.status == b.status
      && a.fields.elementsEqual(b.fields) { $0 == $1 } && a.body == b.body
      && a.keepsAlive == b.keepsAlive
  }
}

/// Why bytes are no message that is taken.
package enum HTTPFault: Error, Equatable, CustomStringConvertible {
  /// In the parser's words.
  case malformed(String)
  /// Start line and fields are longer than the limit.
  case headTooLong
  /// The body is, or says it will be, longer than the limit.
  case bodyTooLong

  /// What a server answers.
  package var status: Int {
    switch self {
    case .malformed: 400
    case .headTooLong: 431
    case .bodyTooLong: 413
    }
  }

  package var description: String {
    switch self {
    case .malformed(let problem): problem
    case .headTooLong: "the head is too long"
    case .bodyTooLong: "the body is too long"
    }
  }
}

/// A request as it is written.
package struct HTTPRequest: Equatable, Sendable {
  package var method: String
  package var target: String
  /// Besides those that every request has.
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]

  package init(
    _ method: String, _ target: String, fields: [(name: String, value: String)] = [],
    body: [UInt8] = []
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
  }

  package static func == (a: HTTPRequest, b: HTTPRequest) -> Bool {
    a.method == b.method && a.target == b.target && a.body == b.body
      && a.fields.elementsEqual(b.fields) { $0 == $1 }
  }

  /// The bytes for a server at `host`, which is the value of the field of that name.
  package func bytes(host: String) -> [UInt8] {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
    for field in fields { head += "\(field.name): \(field.value)\r\n" }
    if !body.isEmpty || method != "GET" { head += "Content-Length: \(body.count)\r\n" }
    return Array((head + "\r\n").utf8) + body
  }
}

/// A response as it is written: the length is always said.
package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  /// In place of the status's usual words.
  package var reason: String?
  package var contentType: String
  package var body: [UInt8]

  package init(
    _ status: Int, reason: String? = nil, contentType: String = "text/plain; charset=utf-8",
    body: [UInt8]
  ) {
    self.status = status
    self.reason = reason
    self.contentType = contentType
    self.body = body
  }

  /// A text.
  package init(_ status: Int, _ text: String) {
    self.init(status, body: Array(text.utf8))
  }

  /// A response of status 200 and type `application/json`.
  package static func json(_ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(200, contentType: "application/json", body: body)
  }

  /// - Parameters:
  ///   - length: of the whole body, where ``body`` is only its beginning.
  ///   - keepingAlive: whether the connection stays open afterwards.
  ///   - isHead: whether only the head was asked for (RFC 9110, section 9.3.2).
  package func bytes(length: Int? = nil, keepingAlive: Bool, isHead: Bool = false) -> [UInt8] {
    let head = """
      HTTP/1.1 \(status) \(reason ?? Self.reason(status))\r
      Content-Type: \(contentType)\r
      Content-Length: \(length ?? body.count)\r
      Connection: \(keepingAlive ? "keep-alive" : "close")\r
      \r

      """
    return Array(head.utf8) + (isHead ? [] : body)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 408: "Request Timeout"
    case 413: "Payload Too Large"
    case 415: "Unsupported Media Type"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    default: "Status \(status)"
    }
  }
}
