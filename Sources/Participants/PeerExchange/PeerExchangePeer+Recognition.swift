import Hashing
import Participants

/// Who is at the other end of a connection.
///
/// What is known of a connection that we dialled is the address that we dialled: whoever answers
/// there is it, by whatever name it goes. Of one that was accepted nothing is known. The port that it
/// comes from is any, and the addresses that are told on it prove nothing: an original lists those it
/// knows in the order of its hash table, itself among them, and anybody can list anybody.
///
/// So a peer that was dialled in is found by dialling back, with three messages at most, each of them
/// an *ask* for a hash that no piece has. The original stays silent about what it lacks, and so does
/// every other peer: nobody who does not know of this is disturbed by it, not even by an answer.
///
/// 1. On each connection that it dials, right after its introduction, a peer sends a **token**: 16
///    bytes that say what it is, and 16 that only whoever is at that address gets. It sends them once.
/// 2. Who accepted the connection has the token and the claim, the first address of the introduction.
///    It dials that, as it dials everybody, and sends a **proof** there: the SHA-256 of the token and
///    of the port that it listens on itself.
/// 3. Who gets the proof of a token that it issued, on a connection that it accepted, knows that the
///    far end was told the token, hence listens at the address that the token was sent to, and has a
///    name for the connection.
///
/// The same goes the other way round, and each side names the connection that it accepted. Nobody
/// needs to believe anything:
///
/// - Who claims to be another gets no further: its token means nothing where the proof is sent.
/// - Who claims to be another and shows that one's token, which it was sent when it was dialled itself,
///   fails by the port in the proof. Only who stands at the same port of another host, and passes on
///   every message in both directions, cannot be told from the two.
/// - The port and not the address is in the proof, because a node can be known by several addresses,
///   and does not know which one it was dialled at.
/// - A token that comes back to who issued it is from a peer that has dialled itself, at an address
///   that it did not know to be its own. Proofs of two tokens on one connection are from a peer that
///   was dialled at two of its addresses: one is enough.
///
/// An original that dialled in stays unknown: it tells nothing that nobody else could tell.
extension PeerExchangePeer {
  /// What all tokens begin with: no SHA-256 is known to.
  private static let mark = Array("seedbed pex tok:".utf8)
  /// Connections whose tokens are proved when the peer that they are said to be from answers a dial.
  private static let mostProofs = 8
  /// Other addresses of peers that are remembered.
  private static let mostAliases = 1_024

  /// The connections to ask and to tell on: with a name, and of those without one the ones whose far
  /// end cannot be dialled at any address that it may have.
  var neighbours: [(peer: Address?, id: ConnectionID)] {
    let unnamed = links.keys.filter { id in
      guard links[id]?.peer == nil, let claims = links[id]?.claims else { return false }
      return !claims.isEmpty && claims.allSatisfy(cannotBeDialled)
    }
    return known.connections.map { ($0.peer, $0.id) } + unnamed.map { (nil, $0) }
  }

  /// What is not known has been forgotten, or there was no room for it.
  private func cannotBeDialled(_ address: Address) -> Bool {
    known[aliases[address] ?? address]?.isUnreachable ?? true
  }

  /// Sends the token on a connection that we dialled.
  mutating func issueToken(on id: ConnectionID, _ turn: inout Turn) {
    guard let peer = links[id]?.peer else { return }
    var number = id.number
    let bytes = unsafe withUnsafeBytes(of: &number) { unsafe Array($0) }
    let token = PieceHash(Self.mark + SHA256.hash(secret + bytes))
    let proof = Self.proof(of: token, from: peer.port)
    links[id]?.token = token
    links[id]?.proof = proof
    issued[token] = id
    issued[proof] = id
    turn.write(PeerExchangeWire.ask(token), to: id)
  }

  /// The connection that it was sent on is gone.
  mutating func withdrawToken(of link: Link) {
    for hash in [link.token, link.proof] {
      if let hash { issued[hash] = nil }
    }
  }

  /// That whoever listens on a port was told a token.
  private static func proof(of token: PieceHash, from port: UInt16) -> PieceHash {
    PieceHash(SHA256.hash(token.bytes + [UInt8(port & 255), UInt8(port >> 8)]))
  }

  /// Who dialled in told of these: one of them may be itself.
  mutating func note(_ addresses: [Address], toldOn id: ConnectionID) {
    links[id]?.claims =
      addresses.count > Link.mostClaims ? [] : addresses.map { Self.normal($0) }
  }

  /// Somebody asks for what is no piece of ours: it may be a token, or the proof of one.
  mutating func recognise(_ hash: PieceHash, on id: ConnectionID, _ turn: inout Turn) {
    guard let link = links[id], link.direction == .accepted else { return }
    if let dialled = issued[hash] {
      let isOwn = links[dialled]?.token == hash
      isOwn
        ? meetItself(dialled, id, &turn)
        : name(id, as: dialled, &turn)
    } else if hash.bytes.starts(with: Self.mark), link.token == nil, let first = link.claims.first {
      let claim = aliases[first] ?? first
      links[id]?.token = hash
      links[id]?.claims = [claim]
      learn(claim, toldOn: id, isOwn: true, &turn)
      if let peer = known[claim], peer.isOpen, let dialled = peer.dialled {
        prove(hash, on: dialled, &turn)
      }
    }
  }

  /// Tells whoever was dialled at an address what came from the latest who claim to be it.
  func proveAll(to peer: Address, on dialled: ConnectionID, _ turn: inout Turn) {
    let claiming = links.keys.reversed().lazy.filter {
      links[$0]?.direction == .accepted && links[$0]?.claims == [peer]
    }
    for id in claiming.prefix(Self.mostProofs) {
      if let token = links[id]?.token { prove(token, on: dialled, &turn) }
    }
  }

  private func prove(_ token: PieceHash, on dialled: ConnectionID, _ turn: inout Turn) {
    turn.write(PeerExchangeWire.ask(Self.proof(of: token, from: own.port)), to: dialled)
  }

  /// A connection that was accepted is from the peer that we dialled on another.
  private mutating func name(_ id: ConnectionID, as dialled: ConnectionID, _ turn: inout Turn) {
    guard let peer = links[dialled]?.peer else { return }
    if let other = links[id]?.peer {
      if other != peer { merge(other, peer, on: id, &turn) }
      return
    }
    links[id]?.peer = peer
    for (number, until) in links[id]?.lacked ?? [:] { store[number].lackedBy[peer] = until }
    links[id]?.lacked = [:]
    known.update(peer) { $0.accepted = id }
    logLinked(id, &turn)
  }

  /// Both ends of a connection are this node.
  private mutating func meetItself(
    _ dialled: ConnectionID, _ accepted: ConnectionID, _ turn: inout Turn
  ) {
    if let peer = links[dialled]?.peer { abandon(peer, for: own, &turn) }
    for id in [dialled, accepted] { drop(id, reason: "own", &turn) }
  }

  /// Two addresses that were dialled are one peer's, who says on a connection of its own which of them
  /// it goes by. One that was told at the start stays.
  private mutating func merge(
    _ one: Address, _ other: Address, on id: ConnectionID, _ turn: inout Turn
  ) {
    let (kept, left) = links[id]?.claims == [other] ? (other, one) : (one, other)
    guard let peer = known[left], !peer.isBootstrap, known.contains(kept),
      aliases.count < Self.mostAliases
    else { return }
    for link in links.keys where links[link]?.peer == left && link != peer.dialled {
      links[link]?.peer = kept
    }
    known.update(kept) { $0.accepted = id }
    abandon(left, for: kept, &turn)
    if let dialled = peer.dialled { drop(dialled, reason: "double", &turn) }
  }

  private mutating func abandon(_ alias: Address, for kept: Address, _ turn: inout Turn) {
    aliases[alias] = kept
    forget(alias, dials: 0, &turn)
  }
}
