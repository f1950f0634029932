import Hashing
package import Participants

extension Network {
  package static let pex = Network(
    name: "pex", roles: { PeerExchangeRoles.all }, kinds: { PeerExchangeEvents.all },
    samples: { PeerExchangeSamples.all })
}

private enum PeerExchangeSamples {
  private static let pieceSize = 200

  static let all = NetworkSamples(
    messages: messages,
    options: [
      "bootstrap": .addresses([NetworkSamples.stranger.description]),
      "piece-size": .count(Int64(pieceSize)), "have": .count(3), "want": .count(3),
    ], targets: [reader])

  private static let messages: [[UInt8]] = {
    let piece = SampleData(pieceSize: pieceSize).parts(of: 7).flatMap { $0 }
    let hash = PieceHash(SHA256.hash(piece))
    return [
      PeerExchangeWire.ask(hash), PeerExchangeWire.give(hash, bytes: piece.count) + piece,
      PeerExchangeWire.peers([NetworkSamples.stranger, Address(host: "2001:db8::7", port: 8_100)]),
      [3, 0, 0, 0, 9, 1, 2],
    ]
  }()

  /// However a stream is cut, the reader says the same.
  private static let reader = FuzzTarget("pex", samples: messages) { input, random in
    func read(_ parts: [[UInt8]]) -> [PeerExchangeReader.Item] {
      var reader = PeerExchangeReader(pieceSize: pieceSize)
      var items: [PeerExchangeReader.Item] = []
      for part in parts {
        var position = 0
        while let item = reader.next(in: part, from: &position) {
          // Where a piece is cut depends on the parts.
          if case .part(let range) = item {
            precondition(!range.isEmpty && range.upperBound <= part.count)
          } else {
            items.append(item)
          }
        }
        precondition(position == part.count)
      }
      return items
    }
    let whole = read([input])
    precondition(read(FuzzTarget.cut(input, using: &random)) == whole)
  }
}
