import Hashing
import Participants
import PeerExchange

/// What the original program was captured sending on `[::1]`, message by message, without the zeros at
/// the end of each piece.
enum Fixture {
  static let all = [
    "2100000000ec32ce8f314d105018df4eb563ae3677fd0d41ab1833fe9e1169b0b1612e62a2",
    "130000000200000000000000000000000000000001eb9d",
    "2100020001ec32ce8f314d105018df4eb563ae3677fd0d41ab1833fe9e1169b0b1612e62a219000000",
    "130000000200000000000000000000000000000001eb9d",
    "2100000000d48d4a7344f673792c4fc9b5a06c66e998c7630267a099342c5179cd71e0be59",
    "130000000200000000000000000000000000000001c7aa",
    "2100020001d48d4a7344f673792c4fc9b5a06c66e998c7630267a099342c5179cd71e0be5934000000",
    "130000000200000000000000000000000000000001eb9d",
    "21000000009f90dac85fb6d289d32464adfef7b7c5a0fc8b538cb6a8cbe406dc99343e875a",
    "250000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d",
    "21000200019f90dac85fb6d289d32464adfef7b7c5a0fc8b538cb6a8cbe406dc99343e875a48000000",
    "130000000200000000000000000000000000000001eb9d",
    "130000000200000000000000000000000000000001c7aa",
    "250000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d",
    "210000000046eb387bfeb67f0e88af3383ededcd52af3e8e9321ce660402904b6287b2f021",
    "130000000200000000000000000000000000000001cfd0",
    "210002000146eb387bfeb67f0e88af3383ededcd52af3e8e9321ce660402904b6287b2f02117000000",
    "130000000200000000000000000000000000000001c7aa",
    "210000000089fd6712a60bc3e543f221f92c8ac2c0b542db23534754fa0e7fe827b41cc5f6",
    "370000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d"
      + "00000000000000000000000000000001c7aa",
    "370000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d"
      + "00000000000000000000000000000001c7aa",
    "210002000189fd6712a60bc3e543f221f92c8ac2c0b542db23534754fa0e7fe827b41cc5f626000000",
    "2100000000dfe2b94ff39537ecdffd04206b07c1de983f1177646c8be838d6fbc650fc534d",
    "250000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d",
    "130000000200000000000000000000000000000001cfd0",
    "370000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d"
      + "00000000000000000000000000000001c7aa",
    "370000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d"
      + "00000000000000000000000000000001c7aa",
    "250000000200000000000000000000000000000001a41f00000000000000000000000000000001eb9d",
    "130000000200000000000000000000000000000001cfd0",
    "2100000000e13498b8cc6238af0980622194382fc7bfb3d759975ed25d5da3da6f309609df",
  ].map(bytes)

  /// The whole message: its length stands at its beginning.
  private static func bytes(_ start: String) -> [UInt8] {
    let start = Hexadecimal.bytes(start) ?? []
    let count = (0..<4).reduce(4) { $0 + Int(start[$1]) << (8 * $1) }
    return start + [UInt8](repeating: 0, count: count - start.count)
  }

  static let pieceSize = 131_072

  /// Piece k of the sample data: k and zeros.
  static func piece(_ number: Int, size: Int = pieceSize) -> [UInt8] {
    [UInt8(number), 0, 0, 0] + [UInt8](repeating: 0, count: size - 4)
  }

  static func hash(_ number: Int, size: Int = pieceSize) -> PieceHash {
    PieceHash(SHA256.hash(piece(number, size: size)))
  }

  /// The SHA-256 of pieces of the original's size, from the original.
  static let hashes = [
    0: "fa43239bcee7b97ca62f007cc68487560a39e19f74f3dde7486db3f98df8e471",
    1: "c0aff171b2202e0e5fb52674e385c0b7950619d6c824d86d83cd746bcb83982a",
    2: "10ed7b2278604fa9a095df2eccbc850fa3baec5cd30d7505bb1444ce93c4d422",
    74: "39d959f1429af4a5523bbef055ff7d72e8a098f8bd4b1c534c4a67eeb7486de0",
  ]
}

/// What a reader made of a stream, with its pieces put together.
struct Reading: Equatable {
  enum Message: Equatable {
    case ask(PieceHash)
    case give(PieceHash, [UInt8])
    case peers([Address])
    case unknown(UInt8, Int)
    case invalid(String)
  }

  private(set) var messages: [Message] = []
  /// Bytes of a piece that is not whole.
  private(set) var unfinished = 0
  private var reader: PeerExchangeReader
  private var giving: (hash: PieceHash, bytes: [UInt8])?

  static func == (a: Reading, b: Reading) -> Bool {
    a.messages == b.messages && a.unfinished == b.unfinished
  }

  init(pieceSize: Int, _ pieces: [[UInt8]] = []) {
    reader = PeerExchangeReader(pieceSize: pieceSize)
    for piece in pieces { read(piece) }
  }

  mutating func read(_ bytes: [UInt8]) {
    var position = 0
    while let item = reader.next(in: bytes, from: &position) {
      switch item {
      case .ask(let hash): messages.append(.ask(hash))
      case .peers(let addresses): messages.append(.peers(addresses))
      case .give(let hash, _): giving = (hash, [])
      case .part(let range): giving?.bytes += bytes[range]
      case .whole:
        if let giving { messages.append(.give(giving.hash, giving.bytes)) }
        giving = nil
      case .unknown(let type, let count): messages.append(.unknown(type, count))
      case .invalid(let reason, _): messages.append(.invalid(reason))
      }
    }
    unfinished = giving?.bytes.count ?? 0
  }
}
