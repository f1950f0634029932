import Hashing
import Participants

/// A connection to another peer.
struct Link {
  enum Direction: String {
    case dialled
    case accepted
  }

  /// An ask that was sent and not answered.
  struct Ask {
    let number: Int
    let at: Instant
  }

  /// A piece that is coming.
  enum Arrival {
    /// One that was asked for: it counts if its hash is right.
    case taking(Ask)
    /// One that does not count, and why.
    case dropping(PieceHash, reason: String)
  }

  /// Asks without an answer that are remembered: their answers may come late.
  static let lateLimit = 1_024
  /// Messages of unknown types that a neighbour may send.
  static let unknownLimit = 16
  /// Addresses among which a neighbour's own is looked for: of who tells of more, none is.
  static let mostClaims = 64

  let direction: Direction
  /// Where it was dialled from, of one that was accepted.
  let source: Address?
  /// Who it is: whom we dialled, or who was found to be at the other end
  /// (`PeerExchangePeer+Recognition.swift`). `nil`: nobody knows.
  var peer: Address?
  /// Of one that was accepted: where its far end may listen. Whoever sent a token says where it does;
  /// an original lists itself anywhere among those it knows.
  var claims: [Address] = []
  /// What was sent, of one that we dialled, or came, of one that was accepted, to be recognised by.
  var token: PieceHash?
  /// Of one that we dialled: what proves on another connection that its far end got the token.
  var proof: PieceHash?
  var reader: PeerExchangeReader
  var hasSpoken = false
  var unknown = 0
  var offences = 0

  /// What they were asked for, in order: answers come in the same.
  var asks: [Ask] = []
  /// What they were asked for in vain, oldest first.
  var late: [Ask] = []
  var arrival: Arrival?
  /// Of what came of it so far.
  var hash = SHA256()
  /// Bytes of the piece that is coming.
  var arrived = 0
  /// When they last gave a part of a piece.
  var lastGave = Instant(microseconds: 0)
  /// Pieces that they lack, until when they are not asked for them: while nobody knows who they are.
  var lacked: [Int: Instant] = [:]

  /// Pieces that they asked for, next one first.
  var requests: [Int] = []
  /// The piece that is on its way to them.
  var giving: Int?

  init(
    _ direction: Direction, peer: Address? = nil, source: Address? = nil, pieceSize: Int
  ) {
    self.direction = direction
    self.peer = peer
    self.source = source
    reader = PeerExchangeReader(pieceSize: pieceSize)
  }
}
