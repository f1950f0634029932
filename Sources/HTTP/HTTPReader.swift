private import CHTTPParser

/// Reads HTTP/1.x messages from a stream of bytes that is cut anywhere: a value around `http_parser`,
/// which is a state machine in C and does no I/O.
///
/// Feed it everything that arrives, in order; it gives the messages that became whole. After a
/// fault it must not be fed again. A response without a length ends with its connection: tell
/// ``end()``.
package struct HTTPReader {
  package enum Kind: Sendable {
    case requests, responses
  }

  /// Bytes of a start line and its fields, and of trailers.
  package static let longestHead = 16 * 1024
  package static let mostFields = 64

  private var parser: Parser
  private var pending: Pending

  /// - Parameters:
  ///   - longestBody: in bytes; a message that says or brings more is a fault.
  ///   - passedType: the body of a response of status 200 and this content type is not gathered:
  ///     ``passed`` tells where it is in what was read.
  package init(_ kind: Kind, longestBody: Int, passing passedType: String? = nil) {
    parser = Parser(kind)
    pending = Pending(longestBody: longestBody, passedType: passedType)
  }

  /// Which of the bytes that were read last belong to a body that is passed on, in order.
  package var passed: [Range<Int>] { pending.passed }

  /// Whether a message has begun and is not whole.
  package var isInMessage: Bool { pending.hasBegun }

  /// - Returns: the messages that became whole, oldest first.
  /// - Throws: for bytes that are no message, or one beyond the limits; nothing can be read after that.
  package mutating func read(_ bytes: [UInt8]) throws(HTTPFault) -> [HTTPMessage] {
    pending.passed = []
    guard !bytes.isEmpty else { return [] }
    try parser.read(bytes, into: &pending)
    return pending.takeMessages()
  }

  /// The stream ended.
  ///
  /// - Returns: the response that its end makes whole.
  /// - Throws: where the stream ended inside a message.
  package mutating func end() throws(HTTPFault) -> HTTPMessage? {
    pending.passed = []
    try parser.read([], into: &pending)
    return pending.takeMessages().first
  }

  /// Whether whoever sends a request waits for `100 Continue`; asked once.
  package mutating func takeContinue() -> Bool {
    defer { pending.expectsContinue = false }
    return pending.expectsContinue
  }
}

/// What the callbacks gather.
private struct Pending {
  let longestBody: Int
  let passedType: String?
  var passed: [Range<Int>] = []
  /// The address of what is read.
  var start = 0
  var message = HTTPMessage()
  var messages: [HTTPMessage] = []
  var hasBegun = false
  var expectsContinue = false
  var fault: HTTPFault?
  private var target: [UInt8] = []
  private var name: [UInt8] = []
  private var value: [UInt8] = []
  private var isInValue = false
  private var headLength = 0
  private var bodyLength = 0
  private var isPassed = false

  init(longestBody: Int, passedType: String?) {
    self.longestBody = longestBody
    self.passedType = passedType
  }

  mutating func takeMessages() -> [HTTPMessage] {
    defer { messages = [] }
    return messages
  }

  mutating func begin() {
    message = HTTPMessage()
    (target, name, value) = ([], [], [])
    (isInValue, headLength, bodyLength, hasBegun) = (false, 0, 0, true)
  }

  enum Part {
    case target, reason, name, value
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer, of part: Part) {
    headLength += bytes.count
    guard headLength <= HTTPReader.longestHead else { return fault = .headTooLong }
    switch part {
    case .reason: break
    case .target: unsafe target.append(contentsOf: bytes)
    case .name:
      endField()
      unsafe name.append(contentsOf: bytes)
    case .value:
      isInValue = true
      unsafe value.append(contentsOf: bytes)
    }
  }

  /// A field's value may be empty, and comes in pieces: it is whole when something else follows.
  private mutating func endField() {
    guard isInValue else { return }
    defer { (name, value, isInValue) = ([], [], false) }
    guard message.fields.count < HTTPReader.mostFields else { return fault = .headTooLong }
    message.fields.append(
      (String(decoding: name, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self)))
  }

  /// - Parameter length: of the body, where it is said.
  mutating func endHead(status: Int, length: UInt64?) {
    endField()
    isPassed = status == 200 && passedType != nil && message["content-type"] == passedType
    message.target = String(decoding: target, as: UTF8.self)
    if let length {
      guard length <= UInt64(longestBody) else { return fault = .bodyTooLong }
      if !isPassed { message.body.reserveCapacity(Int(length)) }
    }
    expectsContinue = message["expect"]?.lowercased() == "100-continue"
  }

  mutating func takeBody(_ bytes: UnsafeRawBufferPointer) {
    bodyLength += bytes.count
    guard bodyLength <= longestBody else { return fault = .bodyTooLong }
    expectsContinue = false
    if isPassed {
      let offset = Int(bitPattern: bytes.baseAddress) - start
      passed.append(offset..<(offset + bytes.count))
    } else {
      unsafe message.body.append(contentsOf: bytes)
    }
  }

  mutating func end(method: String, status: Int, keepsAlive: Bool) {
    endField()
    message.method = method
    message.status = status
    message.keepsAlive = keepsAlive
    messages.append(message)
    message = HTTPMessage()
    hasBegun = false
    expectsContinue = false
  }
}

/// `http_parser` and its callbacks.
@safe private struct Parser {
  private var state = unsafe http_parser()

  init(_ kind: HTTPReader.Kind) {
    unsafe http_parser_init(&state, kind == .requests ? HTTP_REQUEST : HTTP_RESPONSE)
  }

  mutating func read(_ bytes: [UInt8], into pending: inout Pending) throws(HTTPFault) {
    unsafe withUnsafeMutablePointer(to: &pending) { pointer in
      unsafe state.data = UnsafeMutableRawPointer(pointer)
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe pointer.pointee.start = Int(bitPattern: bytes.baseAddress)
        unsafe run(bytes)
      }
      unsafe state.data = nil
    }
    if let fault = pending.fault { throw fault }
    let problem = unsafe http_errno(rawValue: state.http_errno)
    guard problem != HPE_OK else { return }
    guard problem != HPE_HEADER_OVERFLOW else { throw .headTooLong }
    guard let text = unsafe http_errno_description(problem) else { throw .malformed("not HTTP") }
    throw .malformed(unsafe String(cString: text))
  }

  private mutating func run(_ bytes: UnsafeRawBufferPointer) {
    var done = 0
    repeat {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
      done += unsafe withUnsafePointer(to: Self.settings) { settings in
        unsafe http_parser_execute(
          &state, settings, rest.baseAddress?.assumingMemoryBound(to: CChar.self), rest.count)
      }
      // It stops behind a request for another protocol. We know none, and go on with this one.
      guard unsafe state.upgrade == 1 else { return }
      unsafe state.upgrade = 0
    } while unsafe done < bytes.count && state.http_errno == 0
  }

  private static let settings: http_parser_settings = {
    var settings = http_parser_settings()
    unsafe settings.on_message_begin = { unsafe tell($0) { pending, _ in pending.begin() } }
    unsafe settings.on_url = { unsafe hand($0, $1, $2) { unsafe $0.take($1, of: .target) } }
    unsafe settings.on_status = { unsafe hand($0, $1, $2) { unsafe $0.take($1, of: .reason) } }
    unsafe settings.on_header_field = { unsafe hand($0, $1, $2) { unsafe $0.take($1, of: .name) } }
    unsafe settings.on_header_value = { unsafe hand($0, $1, $2) { unsafe $0.take($1, of: .value) } }
    unsafe settings.on_body = { unsafe hand($0, $1, $2) { unsafe $0.takeBody($1) } }
    unsafe settings.on_headers_complete = {
      unsafe tell($0) { pending, parser in
        let length = unsafe parser.pointee.content_length
        let status = unsafe Int(parser.pointee.status_code)
        pending.endHead(status: status, length: length == .max ? nil : length)
      }
    }
    unsafe settings.on_message_complete = {
      unsafe tell($0) { pending, parser in
        let isRequest = unsafe parser.pointee.type == HTTP_REQUEST.rawValue
        let method = unsafe http_method_str(http_method(rawValue: parser.pointee.method))
        pending.end(
          method: unsafe isRequest ? method.map { unsafe String(cString: $0) } ?? "" : "",
          status: unsafe Int(parser.pointee.status_code),
          keepsAlive: unsafe http_should_keep_alive(parser) != 0)
      }
    }
    return settings
  }()

  /// Calls `body` with what the reader gathers. Not 0, which stops the parser, after a fault.
  private static func tell(
    _ parser: UnsafeMutablePointer<http_parser>?,
    _ body: (inout Pending, UnsafeMutablePointer<http_parser>) -> Void
  ) -> CInt {
    guard let parser = unsafe parser,
      let pending = unsafe parser.pointee.data?.assumingMemoryBound(to: Pending.self)
    else { return 1 }
    unsafe body(&pending.pointee, parser)
    return unsafe pending.pointee.fault == nil ? 0 : 1
  }

  private static func hand(
    _ parser: UnsafeMutablePointer<http_parser>?, _ start: UnsafePointer<CChar>?, _ count: Int,
    _ body: (inout Pending, UnsafeRawBufferPointer) -> Void
  ) -> CInt {
    unsafe tell(parser) { pending, _ in
      unsafe body(&pending, UnsafeRawBufferPointer(start: start, count: count))
    }
  }
}
