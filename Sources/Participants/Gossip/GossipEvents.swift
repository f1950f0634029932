package import Participants

/// The kinds of event that gossip seeds and peers log.
package enum GossipEvents {
  private static let by = EventField("by", "address of the peer that reported")
  private static let reason = EventField("reason", "why, in a word or two")
  private static let message = EventField(
    "message", "the text's identity and content: `TIMESTAMP:HOST:PORT:TEXT`")

  // Seeds.
  package static let peerRegistered = EventKind(
    "peer.registered", "A seed took a peer into its list.", peer: "the peer", tallied: true)
  package static let listSent = EventKind(
    "list.sent", "A seed answered who asked for the list of peers.", peer: "who asked",
    fields: [EventField("count", "peers in the answer")], tallied: true)
  package static let reportReceived = EventKind(
    "report.received", "A seed was told that a peer is dead.", peer: "the peer said to be dead",
    fields: [by], tallied: true)
  package static let peerRemoved = EventKind(
    "peer.removed", "A seed dropped a peer that was reported dead and did not answer.",
    peer: "the dead peer", fields: [by])
  package static let reportDisputed = EventKind(
    "report.disputed", "A seed keeps a peer that was reported dead, because it answered.",
    peer: "the peer said to be dead", fields: [by])
  package static let reportIgnored = EventKind(
    "report.ignored", "A seed did not follow up a report.", peer: "the peer said to be dead",
    fields: [by, reason])
  package static let registrationRefused = EventKind(
    "registration.refused", "A seed did not take a peer into its list.", peer: "the peer",
    fields: [reason], tallied: true)

  // Peers.
  package static let seedRegistered = EventKind(
    "seed.registered", "A peer is registered with a seed.", peer: "the seed")
  package static let seedLost = EventKind(
    "seed.lost", "A connection to a seed ended or could not be made.", peer: "the seed",
    fields: [reason])
  package static let listReceived = EventKind(
    "list.received", "A peer got a seed's list of peers.", peer: "the seed",
    fields: [EventField("count", "peers in the list")])
  package static let linkOpened = EventKind(
    "link.opened", "Both handshakes of a link are through.", peer: "the neighbour",
    fields: [EventField("direction", "`dialled` or `accepted`")], tallied: true)
  package static let linkClosed = EventKind(
    "link.closed", "A link ended.", peer: "the neighbour",
    fields: [
      EventField(
        "reason",
        """
        `ended` or `reset` by the neighbour; `busy`: it made room; `silent`: too many missing \
        replies, and nobody there; `mute`: it lives, but answered nothing on the link; `duplicate`: it \
        dialled anew; `displaced`: we made room; `garbled`: what it sent made no sense; \
        `backlogged`: it did not read; `stopping`: we are ending
        """)
    ])
  package static let linkRefused = EventKind(
    "link.refused", "A peer that was dialled has no room for another link.", peer: "that peer")
  package static let linkDeclined = EventKind(
    "link.declined", "A peer that dialled in was told that there is no room.",
    peer: "that peer, where it said who it is", tallied: true)
  package static let gossipSent = EventKind(
    "gossip.sent", "A peer originated a text and sent it on all its links.",
    fields: [message, EventField("links", "links it was sent on")])
  package static let gossipReceived = EventKind(
    "gossip.received", "A text arrived that this peer did not know.",
    peer: "the neighbour it came from", fields: [message])
  package static let livenessMissed = EventKind(
    "liveness.missed",
    "A liveness request has failed: nothing was answered in time since it was sent.",
    peer: "the neighbour", fields: [EventField("misses", "how many in a row")])
  package static let peerSuspected = EventKind(
    "peer.suspected", "A peer may be dead, and is dialled to find out.", peer: "the suspect",
    fields: [reason], tallied: true)
  package static let suspicionCleared = EventKind(
    "suspicion.cleared", "A suspect answered: no report is made.", peer: "the suspect",
    tallied: true)
  package static let deadReported = EventKind(
    "dead.reported", "A seed was told that a peer is dead (one event for each seed).",
    peer: "the dead peer", fields: [EventField("seed", "the seed's address")], tallied: true)

  package static let all = [
    peerRegistered, listSent, reportReceived, peerRemoved, reportDisputed, reportIgnored,
    registrationRefused, seedRegistered, seedLost, listReceived, linkOpened, linkClosed,
    linkRefused, linkDeclined, gossipSent, gossipReceived, livenessMissed, peerSuspected,
    suspicionCleared, deadReported,
  ]
}
