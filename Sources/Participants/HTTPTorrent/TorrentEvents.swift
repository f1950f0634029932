package import Participants

/// The kinds of event that the torrent's trackers, clients and metrics servers log.
package enum TorrentEvents {
  private static let reason = EventField("reason", "why, in a word or two")
  private static let chunk = EventField("chunk", "its order number in the file, from 0")

  // Trackers.
  package static let ownerAnnounced = EventKind(
    "owner.announced", "A tracker was told by a client what chunks it has.", peer: "the client",
    fields: [
      EventField("new", "chunks that were not known to be there"),
      EventField("chunks", "chunks that it is now known to have"),
    ], tallied: true)
  package static let ownerForgotten = EventKind(
    "owner.forgotten", "A tracker forgot a client that did not answer its ping.",
    peer: "the client",
    fields: [
      EventField("reason", "what came in place of `pong`"), EventField("chunks", "of that client"),
    ], tallied: true)
  package static let ownersGiven = EventKind(
    "owners.given", "A tracker answered who has chunks.",
    fields: [
      EventField("asked", "chunks that were asked for"),
      EventField("given", "chunks of which an owner was named"),
    ], tallied: true)
  package static let bootstrapRegistered = EventKind(
    "bootstrap.registered", "A tracker was told of a node of the DHT.", peer: "that node",
    tallied: true)

  // Clients.
  package static let torrentRefused = EventKind(
    "torrent.refused", "A client cannot use its torrent: it takes no part.", fields: [reason])
  package static let downloadStarted = EventKind(
    "download.started", "A client knows what it has of the file, and begins.",
    fields: [
      EventField("file", "the file's name"), EventField("size", "its bytes"),
      EventField("chunks", "into how many it is cut"),
      EventField("held", "how many of them are here already"),
      EventField("hash", "the SHA-1 that the file must have"),
    ])
  package static let downloadCompleted = EventKind(
    "download.completed", "A client has every chunk, and read the whole file once more.",
    fields: [
      EventField("hash", "the SHA-1 of what is on its disk"),
      EventField("took", "microseconds since `download.started`"),
    ])
  package static let chunkReceived = EventKind(
    "chunk.received", "A chunk arrived, was found good and is on the disk.",
    peer: "the owner it came from",
    fields: [
      chunk, EventField("bytes", "how many"),
      EventField("took", "microseconds from asking to having it"),
    ])
  package static let chunkRejected = EventKind(
    "chunk.rejected", "An owner gave something else than the chunk that it was asked for.",
    peer: "the owner", fields: [chunk, reason], tallied: true)
  package static let chunkSent = EventKind(
    "chunk.sent", "A client gave a chunk to who asked for it.",
    fields: [chunk, EventField("bytes", "of the chunk")], tallied: true)
  package static let ownersLearned = EventKind(
    "owners.learned", "A client was told who has chunks that it misses.",
    fields: [
      EventField("from", "`tracker` or `dht`"),
      EventField("chunks", "of how many chunks"),
    ])
  package static let ownerLeft = EventKind(
    "owner.left", "A client asks an owner for nothing for a while, or never again.",
    peer: "the owner",
    fields: [
      EventField(
        "reason",
        "`dead`: no connection; `slow`: a chunk was not there in time; `lying`: wrong bytes, never again; `without`: it lacks what it is said to have"
      )
    ], tallied: true)
  package static let trackerLost = EventKind(
    "tracker.lost", "A client's tracker does not answer.", peer: "the tracker", fields: [reason])
  package static let trackerFound = EventKind(
    "tracker.found", "A client's tracker answers, for the first time or again.",
    peer: "the tracker")
  package static let diskFailed = EventKind(
    "disk.failed", "A client could not read or write its file.", fields: [reason])

  package static let all = [
    ownerAnnounced, ownerForgotten, ownersGiven, bootstrapRegistered, torrentRefused,
    downloadStarted, downloadCompleted, chunkReceived, chunkRejected, chunkSent, ownersLearned,
    ownerLeft, trackerLost, trackerFound, diskFailed,
  ]
}
