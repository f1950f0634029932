package import Participants

/// What a tracker knows: which clients have which chunks.
///
/// Of a chunk the owners are kept in the order in which they said so, each with how often it was named
/// to somebody. A newcomer takes the next askers off those who had the chunk before; then whoever was
/// named least for any chunk, so that a seeder is spared; and nobody is named for ever for a chunk
/// while another has it too, since some cannot use what they were told.
///
/// A chunk whose owners are all gone is still known, as the original has it, until its room is needed:
/// those go first that have been without an owner for longest.
package struct Registry {
  /// The longest name of a chunk that is taken. Ours are SHA-1 in hexadecimal; the original takes any
  /// text.
  package static let longestHash = 64

  private struct Owner {
    let client: Int
    var named: Int
  }

  private struct Chunk {
    var owners: [Owner] = []
    /// How many clients were forgotten when the last owner was.
    var lost = 0
  }

  private struct Client {
    let address: Address
    var chunks: Set<String>
  }

  private let mostClients: Int
  private let mostChunks: Int
  private var chunks: [String: Chunk] = [:]
  /// Chunks without an owner.
  private var ownerless = 0
  private var clients: [Int: Client] = [:]
  private var numbers: [Address: Int] = [:]
  private var lastClient = 0
  private var forgotten = 0
  /// How often each client was named, for any chunk.
  private var named: [Int: Int] = [:]

  package init(mostClients: Int, mostChunks: Int) {
    self.mostClients = mostClients
    self.mostChunks = mostChunks
  }

  package var clientCount: Int { clients.count }

  /// The number of a client that is known.
  package func number(of client: Address) -> Int? { numbers[client] }

  /// Where a client listens; `nil`: it was forgotten.
  package func address(of client: Int) -> Address? { clients[client]?.address }

  /// How many chunks a client has.
  package func chunkCount(of client: Int) -> Int { clients[client]?.chunks.count ?? 0 }

  /// A client says that it has chunks.
  ///
  /// - Returns: the client's number and how many chunks of it are new; `nil` when there is no room
  ///   for it, or for what it has.
  package mutating func announce(
    _ hashes: [String], by address: Address
  ) -> (client: Int, new: Int)? {
    guard numbers[address] != nil || clients.count < mostClients,
      makeRoom(for: Set(hashes))
    else { return nil }
    let client: Int
    if let known = numbers[address] {
      client = known
    } else {
      lastClient += 1
      client = lastClient
      clients[client] = Client(address: address, chunks: [])
      numbers[address] = client
    }
    var new = 0
    for hash in hashes where clients[client]?.chunks.insert(hash).inserted == true {
      if chunks[hash]?.owners.isEmpty == true { ownerless -= 1 }
      chunks[hash, default: Chunk()].owners.append(Owner(client: client, named: 0))
      new += 1
    }
    return (client, new)
  }

  /// Forgets chunks without an owner while there is no room for others: half of them at once, since
  /// finding those that lost it first takes a look at all.
  private mutating func makeRoom(for hashes: Set<String>) -> Bool {
    let lacking = chunks.count + hashes.count { chunks[$0] == nil } - mostChunks
    guard lacking > 0 else { return true }
    guard lacking <= ownerless else { return false }
    let idle = chunks.filter { $0.value.owners.isEmpty && !hashes.contains($0.key) }
      .sorted { ($0.value.lost, $0.key) < ($1.value.lost, $1.key) }
    guard lacking <= idle.count else { return false }
    for (hash, _) in idle.prefix(max(lacking, idle.count / 2)) {
      chunks[hash] = nil
      ownerless -= 1
    }
    return true
  }

  /// Forgets a client and what it has.
  package mutating func forget(_ client: Int) {
    guard let gone = clients.removeValue(forKey: client) else { return }
    numbers[gone.address] = nil
    named[client] = nil
    forgotten += 1
    for hash in gone.chunks {
      chunks[hash]?.owners.removeAll { $0.client == client }
      guard chunks[hash]?.owners.isEmpty == true else { continue }
      chunks[hash]?.lost = forgotten
      ownerless += 1
    }
  }

  /// The first hash that nobody ever announced, if there is one.
  package func unknown(in hashes: [String]) -> String? { hashes.first { chunks[$0] == nil } }

  /// How often in a row an owner may be named for a chunk while others have it.
  private static let turns = 4

  /// Names an owner of a chunk, where there is one.
  package mutating func name(ownerOf hash: String) -> Address? {
    guard let owners = chunks[hash]?.owners,
      let place = owners.indices.min(by: {
        let (a, b) = (owners[$0], owners[$1])
        return (a.named / Self.turns, named[a.client] ?? 0, $0)
          < (b.named / Self.turns, named[b.client] ?? 0, $1)
      })
    else { return nil }
    let client = owners[place].client
    chunks[hash]?.owners[place].named += 1
    named[client, default: 0] += 1
    return clients[client]?.address
  }

  /// How many clients have a chunk.
  package func ownerCount(of hash: String) -> Int { chunks[hash]?.owners.count ?? 0 }
}
