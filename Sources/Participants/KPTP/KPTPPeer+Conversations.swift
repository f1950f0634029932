import Participants

/// A connection, and what it is for.
struct Conversation {
  enum Subject {
    /// They dialled. `from` is their end, and a peer's address where it dials as it should.
    case accepted(from: Address, Phase)
    /// We dialled, to be sent a table.
    case joining(Address)
    /// We dialled, to ask one thing.
    case asking(Endpoint, Question)
  }

  /// How far somebody who dialled has come.
  enum Phase {
    /// It has said nothing: a client of the original never does.
    case silent
    /// It has asked for the table, and is owed a welcome as well.
    case owed
    /// It has said what it wanted, and should close.
    case served
  }

  enum Question {
    /// To an entry of the table.
    case heartbeat
    /// To one that may enter the table.
    case introduction
    /// On the way to an ID.
    case step(lookup: UInt64)
    /// To keep a value.
    case store(Payload)
    /// For a key's value.
    case find(Payload)
  }

  /// Messages that are taken on one connection.
  static let mostMessages = 64

  var subject: Subject
  var reader = KPTPReader()
  var messages = 0
}

extension KPTPPeer {
  mutating func accept(_ id: ConnectionID, from: Address, _ turn: inout Turn) {
    guard conversations.count < settings.maxConnections else {
      repeats.refuse(&turn)
      turn.close(id)
      return
    }
    conversations[id] = Conversation(subject: .accepted(from: from, .silent))
    turn.setTimer(Timer.conversation, id.number, at: turn.now + settings.welcomeDelay)
  }

  /// Asks a peer one thing, on a connection of its own. False: there is no room for another.
  mutating func ask(
    _ endpoint: Endpoint, _ question: Conversation.Question, _ turn: inout Turn
  ) -> Bool {
    guard conversations.count < settings.maxConnections else { return false }
    let id = turn.connect(to: endpoint.address, from: .listening)
    conversations[id] = Conversation(subject: .asking(endpoint, question))
    turn.setTimer(Timer.conversation, id.number, at: turn.now + settings.heartbeatTimeout)
    return true
  }

  /// A connection that we dialled is there: says what it was dialled for.
  mutating func begin(_ id: ConnectionID, _ turn: inout Turn) {
    switch conversations[id]?.subject {
    case .joining:
      // The table comes at once, and the welcome that an original owes its clients later.
      turn.write(KPTPMessage(.bootstrapRequest, name: settings.name).encoded, to: id)
    case .asking(let endpoint, .introduction):
      let isGreeting = candidates.first { $0.endpoint == endpoint }?.isGreeted ?? false
      turn.write(message(isGreeting ? .hello : .heartbeat), to: id)
    case .asking(_, .heartbeat), .asking(_, .step):
      turn.write(message(.heartbeat), to: id)
    case .asking(_, .store(let payload)):
      turn.write(KPTPMessage(.store, name: payload.encoded).encoded, to: id)
    case .asking(_, .find(let payload)):
      turn.write(KPTPMessage(.find, name: payload.encoded).encoded, to: id)
    case .accepted, nil:
      break
    }
  }

  mutating func read(_ bytes: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    let messages = conversations[id]?.reader.read(bytes) ?? []
    for message in messages {
      guard let conversation = conversations[id] else { return }
      guard conversation.messages < Conversation.mostMessages else {
        reject(id, "too many messages", bytes: bytes.count, &turn)
        return
      }
      conversations[id]?.messages += 1
      hear(message, in: conversation, on: id, &turn)
    }
    if conversations[id]?.reader.isBroken == true {
      reject(id, "not a message", bytes: bytes.count, &turn)
    }
  }

  private mutating func hear(
    _ message: KPTPMessage, in conversation: Conversation, on id: ConnectionID, _ turn: inout Turn
  ) {
    switch conversation.subject {
    case .accepted(let from, _):
      serve(message, to: from, on: id, &turn)
    case .joining(let server):
      switch message.kind {
      case .bootstrapReply, .welcome:
        takeTable(message, of: server, on: id, &turn)
      case .hello, .heartbeat: answerBack(id, &turn)
      case .bootstrapRequest, .heartbeatResponse, .store, .stored, .find, .found, nil:
        ignore(message, of: server, &turn)
      }
    case .asking(let peer, let question):
      switch (message.kind, question) {
      case (.bootstrapReply, .heartbeat), (.bootstrapReply, .introduction),
        (.bootstrapReply, .step),
        (.welcome, .heartbeat), (.welcome, .introduction), (.welcome, .step),
        (.heartbeatResponse, .heartbeat), (.heartbeatResponse, .introduction),
        (.heartbeatResponse, .step), (.stored, .store), (.found, .find):
        end(id, &turn)
        takeAnswer(message, of: peer, to: question, &turn)
      case (.welcome, .store), (.welcome, .find):
        // An original has passed the question over, and takes us for a client that says nothing.
        ignore(message, of: peer.address, &turn)
        turn.close(id)
        finish(id, .late, &turn)
      case (.hello, _), (.heartbeat, _): answerBack(id, &turn)
      case (.bootstrapReply, _), (.welcome, _), (.heartbeatResponse, _), (.bootstrapRequest, _),
        (.store, _), (.stored, _), (.find, _), (.found, _), (nil, _):
        ignore(message, of: peer.address, &turn)
      }
    }
  }

  /// Both dialled at once, each from its own port to the other's: TCP makes one connection of it.
  private mutating func answerBack(_ id: ConnectionID, _ turn: inout Turn) {
    turn.write(message(.heartbeatResponse), to: id)
  }

  /// Somebody dialled, and says what they want.
  private mutating func serve(
    _ message: KPTPMessage, to from: Address, on id: ConnectionID, _ turn: inout Turn
  ) {
    switch message.kind {
    case .bootstrapRequest:
      conversations[id]?.subject = .accepted(from: from, .owed)
      turn.write(self.message(.bootstrapReply), to: id)
      repeats.log(
        Event(KPTPEvents.bootstrapAsked, peer: from, ["peers": listedCount]), per: from, &turn)
      return
    case .hello, .welcome:
      repeats.log(
        Event(
          KPTPEvents.helloReceived, peer: from,
          ["type": message.type, "peers": message.peers.count]),
        per: from, &turn)
      // An original says hello by a welcome, and waits for nothing.
      if message.kind == .hello { turn.write(self.message(.heartbeatResponse), to: id) }
    case .heartbeat:
      repeats.log(
        Event(KPTPEvents.heartbeatReceived, peer: from, ["peers": message.peers.count]),
        per: from, &turn)
      turn.write(self.message(.heartbeatResponse), to: id)
    case .store:
      Endpoint(from).map { manners.noteSpeech(of: $0) }
      keep(message, of: from, on: id, &turn)
    case .find:
      Endpoint(from).map { manners.noteSpeech(of: $0) }
      handOut(message, on: id, &turn)
    case .bootstrapReply, .heartbeatResponse, .stored, .found, nil:
      ignore(message, of: from, &turn)
      return
    }
    conversations[id]?.subject = .accepted(from: from, .served)
    turn.setTimer(Timer.conversation, id.number, at: turn.now + settings.heartbeatTimeout)
    consider(from, .caller, &turn)
    consider(message.peers, &turn)
  }

  var listedCount: Int { min(table.entries.count, KPTPMessage.mostPeers) }

  mutating func ignore(_ message: KPTPMessage, of sender: Address, _ turn: inout Turn) {
    repeats.log(
      Event(KPTPEvents.messageIgnored, peer: sender, ["type": message.type]),
      per: [sender.description, String(message.type)], &turn)
  }

  /// A peer that we asked has answered: it lives at that address.
  private mutating func takeAnswer(
    _ message: KPTPMessage, of peer: Endpoint, to question: Conversation.Question,
    _ turn: inout Turn
  ) {
    meet(peer, &turn)
    consider(message.peers, &turn)
    switch question {
    case .heartbeat: answered(message, by: peer, &turn)
    case .introduction: break
    case .step(let lookup): step(lookup, answeredBy: peer, message.peers, &turn)
    case .store(let payload):
      manners.noteSpeech(of: peer)
      put(payload, isKept: true, &turn)
    case .find(let payload):
      manners.noteSpeech(of: peer)
      take(message, of: peer, asFor: payload, &turn)
    }
  }

  /// A peer that we asked has not answered.
  private mutating func takeSilence(
    of peer: Endpoint, on question: Conversation.Question, _ reason: Silence, _ turn: inout Turn
  ) {
    switch question {
    case .heartbeat: missed(peer, reason, &turn)
    case .introduction: stayedSilent(peer, reason, &turn)
    case .step(let lookup): step(lookup, failedBy: peer, &turn)
    case .store(let payload):
      noteSilence(of: peer, reason, at: turn.now)
      put(payload, isKept: false, &turn)
    case .find(let payload):
      noteSilence(of: peer, reason, at: turn.now)
      findElsewhere(payload, &turn)
    }
  }

  /// One that could be reached and did not answer about a value may keep none.
  private mutating func noteSilence(of peer: Endpoint, _ reason: Silence, at now: Instant) {
    switch reason {
    case .late, .closed(.ended):
      let until = now + settings.valueInterval * ValueManners.askedAgainAfter
      guard manners.noteSilence(of: peer, until: until) else { return }
      puts.hasLearned = true
      gets.hasLearned = true
    case .closed, .garbled: break
    }
  }

  /// Why a peer did not answer.
  enum Silence {
    case closed(CloseReason)
    case late
    /// What it sent was no answer.
    case garbled

    var word: String {
      switch self {
      case .closed(let reason): reason.rawValue
      case .late: "late"
      case .garbled: "garbled"
      }
    }
  }

  /// The driver says that a connection ended, or could not be made.
  mutating func lose(_ id: ConnectionID, _ reason: CloseReason, _ turn: inout Turn) {
    finish(id, .closed(reason), &turn)
  }

  /// The time for a conversation's next word has passed.
  mutating func runOut(_ id: ConnectionID, _ turn: inout Turn) {
    if case .accepted(let from, let phase) = conversations[id]?.subject, phase != .served {
      turn.write(message(.welcome), to: id)
      repeats.log(
        Event(KPTPEvents.clientWelcomed, peer: from, ["peers": listedCount]), per: from, &turn)
      end(id, &turn)
      consider(from, .client, &turn)
    } else if conversations.contains(id) {
      turn.close(id)
      finish(id, .late, &turn)
    }
  }

  private mutating func reject(
    _ id: ConnectionID, _ reason: String, bytes: Int, _ turn: inout Turn
  ) {
    let sender: Address? =
      switch conversations[id]?.subject {
      case .accepted(let from, _): from
      case .joining(let server): server
      case .asking(let peer, _): peer.address
      case nil: nil
      }
    repeats.reject(from: sender, reason: reason, bytes: bytes, &turn)
    turn.close(id)
    finish(id, .garbled, &turn)
  }

  /// A conversation is over, other than by its answer.
  private mutating func finish(_ id: ConnectionID, _ reason: Silence, _ turn: inout Turn) {
    guard let conversation = conversations.removeValue(forKey: id) else { return }
    turn.cancelTimer(Timer.conversation, id.number)
    switch conversation.subject {
    case .accepted(let from, .owed): consider(from, .client, &turn)
    case .accepted: break
    case .joining(let server): joinEnded(server, reason.word, &turn)
    case .asking(let peer, let question):
      takeSilence(of: peer, on: question, reason, &turn)
    }
  }

  /// A conversation is over, in order.
  mutating func end(_ id: ConnectionID, _ turn: inout Turn) {
    conversations[id] = nil
    turn.cancelTimer(Timer.conversation, id.number)
    turn.close(id)
  }
}
