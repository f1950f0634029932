import HTTP
import JSONReading
import Participants

/// Giving pieces to who asks. So many at once; the others wait in the order in which they asked, and a
/// connection asks for one thing at a time: nobody gets two turns while another waits for one.
extension TorrentClient {
  /// Bytes of a request's body.
  static let longestRequest = 64 * 1024
  /// Pieces in one answer.
  private static let mostInAnswer = 64

  struct Upload {
    let pieces: [Int]
    /// Whether the answer is the one piece's bytes, and not the original's JSON.
    let isBinary: Bool
    let keepsAlive: Bool
    /// How many of the pieces were written.
    var written = 0
  }

  /// Answers a request at once, or makes it wait for its turn.
  mutating func serve(_ request: HTTPServer.Request?, at now: Instant, emit: inout Effects) {
    var request = request
    while let current = request {
      guard let response = answer(current, at: now, emit: &emit) else { return }
      request = server.answer(current.connection, response, at: now, emit: &emit)
    }
  }

  /// `nil`: the answer comes later.
  private mutating func answer(
    _ request: HTTPServer.Request, at now: Instant, emit: inout Effects
  ) -> HTTPResponse? {
    let message = request.message
    switch (message.method, message.path) {
    case ("GET", "/ping"): return Answers.pong
    case ("POST", "/chunk"): return upload(request, at: now, emit: &emit)
    case ("GET", _), ("POST", _): return Answers.notFound
    default: return Answers.unsupported(message.method)
    }
  }

  private mutating func upload(
    _ request: HTTPServer.Request, at now: Instant, emit: inout Effects
  ) -> HTTPResponse? {
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
    waitingUploads.append(request.connection)
    beginUploads(at: now, emit: &emit)
    return nil
  }

  private mutating func beginUploads(at now: Instant, emit: inout Effects) {
    while uploads.count - waitingUploads.count < settings.uploadSlots, !waitingUploads.isEmpty {
      readPiece(for: waitingUploads.removeFirst(), at: now, emit: &emit)
    }
  }

  private func readPiece(for id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard let torrent, let pieces, let upload = uploads[id] else { return }
    let piece = pieces[upload.pieces[upload.written]]
    read(
      torrent.fileName, offset: torrent.offset(of: piece.chunks[0]), count: piece.size,
      for: .upload(id), emit: &emit)
    emit.setTimer(uploadKey(id), at: now + settings.chunkTimeout)
  }

  /// A piece was read for somebody.
  mutating func readForUpload(
    _ id: ConnectionID, _ answer: FileAnswer, at now: Instant, emit: inout Effects
  ) {
    guard let upload = uploads[id], let pieces else { return }
    let piece = pieces[upload.pieces[upload.written]]
    guard case .bytes(var bytes) = answer, bytes.count == piece.size else {
      // Of what was promised nothing can be given any more.
      complain(answer, emit: &emit)
      return giveUpUpload(id, at: now, emit: &emit)
    }
    if settings.corrupts { bytes[bytes.count / 2] ^= 0xFF }
    emit.write(Self.text(of: upload, piece: piece, bytes, pieces), to: id)
    emit.awaitDrain(of: id)
  }

  /// What is written for a piece of an upload: with the head, before the first.
  private static func text(
    of upload: Upload, piece: Pieces.Piece, _ bytes: [UInt8], _ pieces: Pieces
  ) -> [UInt8] {
    if upload.isBinary {
      return HTTPResponse(200, contentType: "application/octet-stream", body: bytes)
        .bytes(keepingAlive: upload.keepsAlive)
    }
    var text: [UInt8] = []
    if upload.written == 0 {
      // Each with its hash, its content and `{"hash": "", "content": ""}`; commas and brackets.
      let length = upload.pieces.reduce(2 * upload.pieces.count) { length, number in
        length + pieces[number].hash.utf8.count + Base64.length(of: pieces[number].size) + 27
      }
      text = HTTPResponse(200, contentType: "application/json", body: [])
        .bytes(length: length, keepingAlive: upload.keepsAlive)
    }
    text.append(contentsOf: (upload.written == 0 ? "[" : ", ").utf8)
    text.append(contentsOf: "{\"hash\": \"\(piece.hash)\", \"content\": \"".utf8)
    Base64.append(bytes, to: &text)
    text.append(contentsOf: "\"}".utf8)
    if upload.written + 1 == upload.pieces.count { text.append(UInt8(ascii: "]")) }
    return text
  }

  /// All that was written to a connection has left.
  mutating func continueUpload(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard var upload = uploads[id], let pieces else { return }
    let piece = pieces[upload.pieces[upload.written]]
    emit.log(
      Event(
        TorrentEvents.chunkSent,
        ["chunk": .integer(Int64(piece.chunks[0])), "bytes": .integer(Int64(piece.size))]))
    sentChunks += 1
    upload.written += 1
    uploads[id] = upload
    if upload.written < upload.pieces.count { return readPiece(for: id, at: now, emit: &emit) }
    endUpload(id, at: now, emit: &emit)
    serve(server.finish(id, at: now, emit: &emit), at: now, emit: &emit)
  }

  /// An upload is over, or its connection is gone: another has its turn.
  mutating func endUpload(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard uploads.removeValue(forKey: id) != nil else { return }
    waitingUploads.removeAll { $0 == id }
    emit.cancelTimer(uploadKey(id))
    beginUploads(at: now, emit: &emit)
  }

  /// Whoever asked does not read, or there is nothing to give.
  mutating func giveUpUpload(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard uploads[id] != nil else { return }
    server.forget(id, emit: &emit)
    emit.close(id)
    endUpload(id, at: now, emit: &emit)
  }

  private func uploadKey(_ id: ConnectionID) -> TimerKey {
    TimerKey(purpose: Purpose.upload.rawValue, subject: id.number)
  }
}
