import Participants

/// Which peers keep values. Originals pass over what they have no meaning for, and keep none: they live
/// and lead the way, and are asked about values only now and then.
struct ValueManners {
  /// Peers that something is remembered of; the one that it was learned of longest ago goes first.
  static let most = 256
  /// Value intervals after which one that does not keep values is asked again.
  static let askedAgainAfter = 10

  /// `until` is `nil` of one that has answered.
  private var peers: [(endpoint: Endpoint, until: Instant?)] = []

  /// Whether it let a question about values pass, lately, and never answered one.
  func isMute(_ peer: Endpoint, at now: Instant) -> Bool {
    peers.first { $0.endpoint == peer }?.until.map { $0 > now } ?? false
  }

  /// It answered a question about values, or asked one.
  mutating func noteSpeech(of peer: Endpoint) { note(peer, until: nil) }

  /// It let a question pass. Returns whether that says something of it: one that has answered before
  /// is only late.
  mutating func noteSilence(of peer: Endpoint, until: Instant) -> Bool {
    if let known = peers.first(where: { $0.endpoint == peer }), known.until == nil { return false }
    note(peer, until: until)
    return true
  }

  private mutating func note(_ peer: Endpoint, until: Instant?) {
    peers.removeAll { $0.endpoint == peer }
    if peers.count == Self.most { peers.removeFirst() }
    peers.append((peer, until))
  }
}
