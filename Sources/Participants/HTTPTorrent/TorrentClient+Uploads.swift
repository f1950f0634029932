import HTTP
import Hashing
import JSONReading
import Participants

/// Giving pieces to who asks. So many at once; the others wait for their turn (``UploadTurns``), and a
/// connection asks for one thing at a time.
extension TorrentClient {
  /// Bytes of a request's body.
  static let longestRequest = 64 * 1024
  /// Pieces in one answer.
  private static let mostInAnswer = 64
  /// Bytes that are read, written and sent in one go: few enough to stay in the processor's cache, and
  /// a multiple of three, so that base64 needs no padding between two.
  static let sliceSize = 3 * 64 * 1024

  struct Upload {
    let pieces: [Int]
    /// Whether the answer is the one piece's bytes, and not the original's JSON.
    let isBinary: Bool
    let keepsAlive: Bool
    /// How many of the pieces were sent.
    var sent = 0
    /// Bytes of the next piece that were sent.
    var offset = 0

    /// The next piece.
    var piece: Int { pieces[sent] }
    var isAtBeginning: Bool { sent == 0 && offset == 0 }
  }

  /// Answers a request at once, or makes it wait for its turn.
  mutating func serve(_ request: HTTPServer.Request?, _ turn: inout Turn) {
    var request = request
    while let current = request {
      guard let response = answer(current, &turn) else { return }
      request = server.answer(current.connection, response, &turn)
    }
  }

  /// `nil`: the answer comes later.
  private mutating func answer(_ request: HTTPServer.Request, _ turn: inout Turn) -> HTTPResponse? {
    let message = request.message
    switch (message.method, message.path) {
    case ("GET", "/ping"): return Answers.pong
    case ("POST", "/chunk"): return upload(request, &turn)
    case ("GET", _), ("POST", _): return Answers.notFound
    default: return Answers.unsupported(message.method)
    }
  }

  private mutating func upload(_ request: HTTPServer.Request, _ turn: inout Turn) -> HTTPResponse? {
    guard let hashes = (try? JSONValue(request.message.body))?.texts else {
      return Answers.badBody
    }
    guard let pieces, hashes.count <= Self.mostInAnswer else { return Answers.withoutChunk }
    let asked = hashes.compactMap { pieces.number(of: $0) }.filter { pieces[$0].state == .held }
    guard asked.count == hashes.count else { return Answers.withoutChunk }
    guard !asked.isEmpty else { return .json(Array("[]".utf8)) }
    let accepts = request.message["accept"]?.contains("application/octet-stream") == true
    uploads[request.connection] = Upload(
      pieces: asked, isBinary: accepts && asked.count == 1,
      keepsAlive: request.message.keepsAlive)
    uploadTurns.wait(request.connection, host: request.from.host)
    beginUploads(&turn)
    return nil
  }

  private mutating func beginUploads(_ turn: inout Turn) {
    while let id = uploadTurns.next() { readSlice(for: id, &turn) }
  }

  private func readSlice(for id: ConnectionID, _ turn: inout Turn) {
    guard let torrent, let pieces, let upload = uploads[id] else { return }
    let piece = pieces[upload.piece]
    read(
      torrent.fileName, offset: torrent.offset(of: piece.chunks[0]) + Int64(upload.offset),
      count: min(Self.sliceSize, piece.size - upload.offset), for: .upload(id), &turn)
    turn.setTimer(Timer.upload, id.number, at: turn.now + settings.chunkTimeout)
  }

  /// Some of a piece was read for somebody.
  mutating func readForUpload(_ id: ConnectionID, _ answer: FileAnswer, _ turn: inout Turn) {
    guard var upload = uploads[id], let pieces else { return }
    let piece = pieces[upload.piece]
    guard case .bytes(var bytes) = answer,
      bytes.count == min(Self.sliceSize, piece.size - upload.offset)
    else {
      // Of what was promised nothing can be given any more.
      complain(answer, &turn)
      return giveUpUpload(id, &turn)
    }
    if settings.corrupts { bytes[bytes.count / 2] ^= 0xFF }
    let head = upload.isAtBeginning ? Self.head(of: upload, pieces) : nil
    if let head, upload.isBinary { turn.write(head, to: id) }
    turn.write(
      upload.isBinary ? bytes : Self.json(of: upload, head: head ?? [], piece, bytes), to: id)
    upload.offset += bytes.count
    uploads[id] = upload
    turn.awaitDrain(of: id)
  }

  private static func head(of upload: Upload, _ pieces: Pieces) -> [UInt8] {
    let response = HTTPResponse(
      200, contentType: upload.isBinary ? "application/octet-stream" : "application/json", body: [])
    // JSON: of each its hash, its content and `{"hash": "", "content": ""}`; commas and brackets.
    let length =
      upload.isBinary
      ? pieces[upload.piece].size
      : upload.pieces.reduce(2 * upload.pieces.count) { length, number in
        length + pieces[number].hash.utf8.count + Base64.length(of: pieces[number].size) + 27
      }
    return response.bytes(length: length, keepingAlive: upload.keepsAlive)
  }

  /// Some of a piece as the original writes it, behind the response's head where it is the first.
  private static func json(
    of upload: Upload, head: [UInt8], _ piece: Pieces.Piece, _ bytes: [UInt8]
  ) -> [UInt8] {
    var text = head
    if upload.offset == 0 {
      text.append(contentsOf: (upload.sent == 0 ? "[" : ", ").utf8)
      text.append(contentsOf: "{\"hash\": \"\(piece.hash)\", \"content\": \"".utf8)
    }
    Base64.append(bytes, to: &text)
    if upload.offset + bytes.count == piece.size {
      text.append(contentsOf: "\"}".utf8)
      if upload.sent + 1 == upload.pieces.count { text.append(UInt8(ascii: "]")) }
    }
    return text
  }

  /// All that was written to a connection has left.
  mutating func continueUpload(_ id: ConnectionID, _ turn: inout Turn) {
    guard var upload = uploads[id], let pieces else { return }
    let piece = pieces[upload.piece]
    guard upload.offset == piece.size else { return readSlice(for: id, &turn) }
    changes.logEach(
      Event(TorrentEvents.chunkSent, ["chunk": piece.chunks[0], "bytes": piece.size]),
      per: [id.number, UInt64(upload.piece)], &turn)
    sentChunks += 1
    upload.sent += 1
    upload.offset = 0
    uploads[id] = upload
    if upload.sent < upload.pieces.count { return readSlice(for: id, &turn) }
    endUpload(id, &turn)
    serve(server.finish(id, &turn), &turn)
  }

  /// An upload is over, or its connection is gone: another has its turn.
  mutating func endUpload(_ id: ConnectionID, _ turn: inout Turn) {
    guard uploads.removeValue(forKey: id) != nil else { return }
    uploadTurns.end(id)
    turn.cancelTimer(Timer.upload, id.number)
    beginUploads(&turn)
  }

  /// Whoever asked does not read, or there is nothing to give.
  mutating func giveUpUpload(_ id: ConnectionID, _ turn: inout Turn) {
    guard uploads[id] != nil else { return }
    server.forget(id, &turn)
    turn.close(id)
    endUpload(id, &turn)
  }
}
