package import Participants

/// The torrent's roles, and their options.
package enum TorrentRoles {
  package static let all = [tracker, client, metrics]

  private static let timing = OptionSpecification.Kind.duration(.milliseconds(1)...(.seconds(3600)))

  package static let tracker = Role(
    network: "torrent", name: "tracker",
    summary: "knows which clients have which chunks, tells who asks, and forgets the dead",
    options: [
      OptionSpecification(
        "ping-interval", timing, default: .duration(.seconds(5)), "between two pings of a client"),
      OptionSpecification(
        "ping-timeout", timing, default: .duration(.seconds(5)),
        "how long a client may take to answer a ping"),
      OptionSpecification(
        "bootstrap-lifetime", timing, default: .duration(.seconds(600)),
        "how long a node of the DHT is listed after it said where it is"),
      OptionSpecification(
        "max-bootstraps", .count(1...10_000), default: .count(100),
        "nodes of the DHT that are listed; the one that was silent for longest makes room"),
      OptionSpecification(
        "max-clients", .count(1...1_000_000), default: .count(16_384), "clients remembered"),
      OptionSpecification(
        "max-chunks", .count(1...10_000_000), default: .count(262_144),
        "chunks remembered; those that nobody has any more make room"),
      OptionSpecification(
        "max-connections", .count(1...65_536), default: .count(16_384),
        "connections held at once; more are closed at once"),
      OptionSpecification(
        "forgets", .flag, default: .flag(true),
        "whether clients that do not answer are forgotten"),
    ],
    transports: .stream, seedList: .unused,
    make: { TorrentTracker($0) })

  package static let client = Role(
    network: "torrent", name: "client",
    summary: "fetches a file in chunks from whoever has them, and gives those it has to others",
    options: [
      OptionSpecification(
        "tracker", .addresses(atMost: 1), default: .addresses([]),
        "the tracker; absent: the one that the torrent names"),
      OptionSpecification(
        "metrics", .addresses(atMost: 1), default: .addresses([]),
        "the metrics server; absent: nobody is told"),
      OptionSpecification(
        "torrent", .text(atMost: FileName.longest), default: .text(""),
        "name of the torrent in the data folder, where its file is kept too; absent: a file of "
          + "`size` bytes that every client can make by itself"),
      OptionSpecification(
        "size", .count(0...(1 << 40)), default: .count(1 << 20),
        "bytes of the file without a torrent"),
      OptionSpecification(
        "content-seed", .count(0...Int64.max), default: .count(1),
        "decides what is in the file without a torrent"),
      OptionSpecification(
        "chunk-size", .count(0...Int64(Torrent.largestChunk)), default: .count(0),
        "bytes of its chunks; 0: as torrentify chooses"),
      OptionSpecification(
        "complete", .flag, default: .flag(false), "makes the file without a torrent: a seeder"),
      OptionSpecification(
        "dht", .flag, default: .flag(false),
        "announces chunks in the DHT too, and looks there for owners while the tracker is down"),
      OptionSpecification(
        "parallel", .count(1...256), default: .count(8),
        "chunks that are asked for at once; two at least, and no more than 4 MiB of them"),
      OptionSpecification(
        "per-owner", .count(1...256), default: .count(2), "of these, of one owner"),
      OptionSpecification(
        "pace", .duration(.zero...(.seconds(3600))), default: .duration(.zero),
        "between two requests for chunks, at least"),
      OptionSpecification(
        "upload-slots", .count(1...4_096), default: .count(8),
        "answers with chunks that are under way at once; the hosts that wait take turns"),
      OptionSpecification(
        "transfer", .choice(["binary", "json"]), default: .choice("binary"),
        "binary: asks for a chunk's bytes as they are, and takes the original's JSON too"),
      OptionSpecification(
        "chunk-timeout", timing, default: .duration(.seconds(20)),
        "how long an owner may take for a chunk, and whoever asked to take it"),
      OptionSpecification(
        "avoid-for", timing, default: .duration(.seconds(10)),
        "how long an owner that is dead or slow is asked nothing"),
      OptionSpecification(
        "tracker-timeout", timing, default: .duration(.seconds(3)),
        "how long the tracker may take to answer"),
      OptionSpecification(
        "owners-interval", timing, default: .duration(.seconds(1)),
        "between two questions for owners while nobody is known to ask"),
      OptionSpecification(
        "announce-interval", timing, default: .duration(.seconds(10)),
        "between two announcements of all chunks to the tracker"),
      OptionSpecification(
        "dht-interval", timing, default: .duration(.seconds(60)),
        "between two announcements of all chunks in the DHT"),
      OptionSpecification(
        "metrics-interval", timing, default: .duration(.seconds(3)),
        "between two reports to the metrics server"),
      OptionSpecification(
        "max-connections", .count(2...65_536), default: .count(256),
        "connections of others that are held at once; more are closed at once"),
      OptionSpecification(
        "verify", .flag, default: .flag(true), "whether chunks are checked when they arrive"),
      OptionSpecification(
        "announce", .choice(["everywhere", "tracker", "nowhere"]), default: .choice("everywhere"),
        "who is told what chunks are here; everywhere: the tracker, and with dht the DHT too"),
      OptionSpecification(
        "corrupt", .flag, default: .flag(false), "gives wrong bytes to whoever asks"),
    ],
    transports: [.stream, .datagram], seedList: .unused,
    make: { TorrentClient($0) })

  package static let metrics = Role(
    network: "torrent", name: "metrics",
    summary: "gathers how clients get on, and shows it on a page",
    options: [
      OptionSpecification(
        "silence", timing, default: .duration(.seconds(15)),
        "a client that says nothing for so long is dropped"),
      OptionSpecification(
        "max-clients", .count(1...100_000), default: .count(4_096), "clients shown"),
      OptionSpecification(
        "max-connections", .count(1...65_536), default: .count(4_096),
        "connections held at once; more are closed at once"),
    ],
    transports: .stream, seedList: .unused,
    make: { TorrentMetrics($0) })
}
