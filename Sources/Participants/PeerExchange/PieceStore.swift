import Hashing
import Participants

/// A piece that is at hand or wanted.
struct TradedPiece {
  let hash: PieceHash
  /// In bytes.
  let size: Int
  /// Which of the sample data it is.
  let sample: Int?
  /// Where in files it stands, or is to be put when it comes.
  var places: [FilePlace] = []
  /// Where in files it is to be put as well, though it is there.
  var copies: [FilePlace] = []
  var isHeld: Bool
  /// Its bytes are not those that its hash names: it was taken without being verified.
  var isSpoiled = false
  /// It was given, or is being given.
  var wasGiven = false
  /// Neighbours that were asked for it and have not answered.
  var asked = 0
  /// The connection that it is coming on.
  var comingOn: ConnectionID?
  /// Neighbours that lacked it, until when they are not asked for it.
  var lackedBy: [Address: Instant] = [:]
}

/// The pieces that a peer has or wants, by number, and the order in which it asks for them.
struct PieceStore {
  /// Of those that wait to be asked for, so many are looked at when some are chosen.
  private static let longestChoice = 256

  private(set) var numbers: [PieceHash: Int] = [:]
  private var pieces: [TradedPiece] = []
  /// Wanted pieces that nobody is being asked for. What was asked for in vain goes to the end.
  private(set) var waiting: [Int] = []
  /// Pieces that are wanted and not there.
  private(set) var missing = 0

  subscript(number: Int) -> TradedPiece {
    get { pieces[number] }
    _modify { yield &pieces[number] }
  }

  /// The piece of that hash, which is added if it is not known.
  mutating func add(_ hash: PieceHash, size: Int, sample: Int? = nil, isHeld: Bool) -> Int {
    if let number = numbers[hash] { return number }
    let number = pieces.count
    numbers[hash] = number
    pieces.append(TradedPiece(hash: hash, size: size, sample: sample, isHeld: isHeld))
    if !isHeld {
      missing += 1
      waiting.append(number)
    }
    return number
  }

  /// Pieces to ask for, first those that most neighbours are known to lack.
  var choice: [Int] {
    waiting.prefix(Self.longestChoice).enumerated().map {
      (number: $1, place: $0, lackedBy: pieces[$1].lackedBy.count)
    }.sorted { ($1.lackedBy, $0.place) < ($0.lackedBy, $1.place) }.map(\.number)
  }

  /// A neighbour is asked for it.
  mutating func ask(_ number: Int) {
    pieces[number].asked += 1
    waiting.removeAll { $0 == number }
  }

  /// It is no longer expected from a neighbour that was asked.
  mutating func giveUp(_ number: Int) {
    pieces[number].asked -= 1
    wait(number)
  }

  /// It begins to come.
  mutating func come(_ number: Int, on connection: ConnectionID) {
    pieces[number].comingOn = connection
    waiting.removeAll { $0 == number }
  }

  /// It did not come whole, or not right.
  mutating func fail(_ number: Int) {
    pieces[number].comingOn = nil
    wait(number)
  }

  /// It is there.
  mutating func hold(_ number: Int) {
    pieces[number].isHeld = true
    pieces[number].comingOn = nil
    pieces[number].lackedBy = [:]
    waiting.removeAll { $0 == number }
    missing -= 1
  }

  private mutating func wait(_ number: Int) {
    let piece = pieces[number]
    guard !piece.isHeld, piece.asked == 0, piece.comingOn == nil, !waiting.contains(number) else {
      return
    }
    waiting.append(number)
  }
}
