package import Participants

/// What a tracker knows: which clients have which chunks.
///
/// Chunks and clients are numbered as they come. Of a chunk the owners are kept in the order in which
/// they said so, each with how often it was named to somebody. A newcomer takes the next askers off
/// those who had the chunk before; then whoever was named least for any chunk, so that a seeder is
/// spared; and nobody is named for ever for a chunk while another has it too, since some cannot use
/// what they were told.
package struct Registry {
  /// The longest name of a chunk that is taken. Ours are SHA-1 in hexadecimal; the original takes any
  /// text.
  package static let longestHash = 64

  private struct Owner {
    let client: Int
    var named: Int
  }

  private struct Client {
    let address: Address
    var chunks: Set<Int>
  }

  private let mostClients: Int
  private let mostChunks: Int
  private var chunks: [String: Int] = [:]
  private var owners: [[Owner]] = []
  private var clients: [Int: Client] = [:]
  private var numbers: [Address: Int] = [:]
  private var lastClient = 0
  /// How often each client was named, for any chunk.
  private var named: [Int: Int] = [:]

  package init(mostClients: Int, mostChunks: Int) {
    self.mostClients = mostClients
    self.mostChunks = mostChunks
  }

  package var clientCount: Int { clients.count }

  /// The number of a client that is known.
  package func number(of client: Address) -> Int? { numbers[client] }

  package func address(of client: Int) -> Address? { clients[client]?.address }

  package func chunkCount(of client: Int) -> Int { clients[client]?.chunks.count ?? 0 }

  /// A client says that it has chunks.
  ///
  /// - Returns: the client's number and how many chunks of it are new; `nil` when there is no room
  ///   for it, or for what it has.
  package mutating func announce(
    _ hashes: [String], by address: Address
  ) -> (client: Int, new: Int)? {
    let unknown = hashes.count { chunks[$0] == nil }
    guard chunks.count + unknown <= mostChunks else { return nil }
    let client: Int
    if let known = numbers[address] {
      client = known
    } else {
      guard clients.count < mostClients else { return nil }
      lastClient += 1
      client = lastClient
      clients[client] = Client(address: address, chunks: [])
      numbers[address] = client
    }
    var new = 0
    for hash in hashes {
      let chunk = number(ofChunk: hash)
      guard clients[client]?.chunks.insert(chunk).inserted == true else { continue }
      owners[chunk].append(Owner(client: client, named: 0))
      new += 1
    }
    return (client, new)
  }

  private mutating func number(ofChunk hash: String) -> Int {
    if let known = chunks[hash] { return known }
    chunks[hash] = owners.count
    owners.append([])
    return owners.count - 1
  }

  package mutating func forget(_ client: Int) {
    guard let gone = clients.removeValue(forKey: client) else { return }
    numbers[gone.address] = nil
    named[client] = nil
    for chunk in gone.chunks { owners[chunk].removeAll { $0.client == client } }
  }

  /// The first hash that nobody ever announced, if there is one.
  package func unknown(in hashes: [String]) -> String? { hashes.first { chunks[$0] == nil } }

  /// How often in a row an owner may be named for a chunk while others have it.
  private static let turns = 4

  /// Names an owner of a chunk, where there is one.
  package mutating func name(ownerOf hash: String) -> Address? {
    guard let chunk = chunks[hash],
      let place = owners[chunk].indices.min(by: {
        let (a, b) = (owners[chunk][$0], owners[chunk][$1])
        return (a.named / Self.turns, named[a.client] ?? 0, $0)
          < (b.named / Self.turns, named[b.client] ?? 0, $1)
      })
    else { return nil }
    owners[chunk][place].named += 1
    let client = owners[chunk][place].client
    named[client, default: 0] += 1
    return clients[client]?.address
  }

  package func ownerCount(of hash: String) -> Int { chunks[hash].map { owners[$0].count } ?? 0 }
}
