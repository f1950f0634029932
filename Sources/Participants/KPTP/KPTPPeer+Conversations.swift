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
  mutating func accept(
    _ id: ConnectionID, from: Address, at now: Instant, emit: inout Effects
  ) {
    guard conversations.count < settings.maxConnections else {
      repeats.refuse(emit: &emit)
      emit.close(id)
      return
    }
    conversations[id] = Conversation(subject: .accepted(from: from, .silent))
    emit.setTimer(key(.conversation, id.number), at: now + settings.welcomeDelay)
  }

  /// Asks a peer one thing, on a connection of its own. False: there is no room for another.
  mutating func ask(
    _ endpoint: Endpoint, _ question: Conversation.Question, at now: Instant, emit: inout Effects
  ) -> Bool {
    guard conversations.count < settings.maxConnections else { return false }
    let id = emit.connect(to: endpoint.address, from: .listening)
    conversations[id] = Conversation(subject: .asking(endpoint, question))
    emit.setTimer(key(.conversation, id.number), at: now + settings.heartbeatTimeout)
    return true
  }

  /// A connection that we dialled is there: says what it was dialled for.
  mutating func begin(_ id: ConnectionID, emit: inout Effects) {
    switch conversations[id]?.subject {
    case .joining:
      // The table comes at once, and the welcome that an original owes its clients later.
      emit.write(KPTPMessage(.bootstrapRequest, name: settings.name).encoded, to: id)
    case .asking(let endpoint, .introduction):
      let isGreeting = candidates.first { $0.endpoint == endpoint }?.isGreeted ?? false
      emit.write(message(isGreeting ? .hello : .heartbeat), to: id)
    case .asking(_, .heartbeat), .asking(_, .step):
      emit.write(message(.heartbeat), to: id)
    case .asking(_, .store(let payload)):
      emit.write(KPTPMessage(.store, name: payload.encoded).encoded, to: id)
    case .asking(_, .find(let payload)):
      emit.write(KPTPMessage(.find, name: payload.encoded).encoded, to: id)
    case .accepted, nil:
      break
    }
  }

  mutating func read(
    _ bytes: [UInt8], from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    let messages = conversations[id]?.reader.read(bytes) ?? []
    for message in messages {
      guard let conversation = conversations[id] else { return }
      guard conversation.messages < Conversation.mostMessages else {
        reject(id, "too many messages", bytes: bytes.count, at: now, emit: &emit)
        return
      }
      conversations[id]?.messages += 1
      hear(message, in: conversation, on: id, at: now, emit: &emit)
    }
    if conversations[id]?.reader.isBroken == true {
      reject(id, "not a message", bytes: bytes.count, at: now, emit: &emit)
    }
  }

  private mutating func hear(
    _ message: KPTPMessage, in conversation: Conversation, on id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    switch conversation.subject {
    case .accepted(let from, _):
      serve(message, to: from, on: id, at: now, emit: &emit)
    case .joining(let server):
      switch message.kind {
      case .bootstrapReply, .welcome:
        takeTable(message, of: server, on: id, at: now, emit: &emit)
      case .hello, .heartbeat: answerBack(id, emit: &emit)
      case .bootstrapRequest, .heartbeatResponse, .store, .stored, .find, .found, nil:
        ignore(message, of: server, emit: &emit)
      }
    case .asking(let peer, let question):
      switch (message.kind, question) {
      case (.bootstrapReply, .heartbeat), (.bootstrapReply, .introduction),
        (.bootstrapReply, .step),
        (.welcome, .heartbeat), (.welcome, .introduction), (.welcome, .step),
        (.heartbeatResponse, .heartbeat), (.heartbeatResponse, .introduction),
        (.heartbeatResponse, .step), (.stored, .store), (.found, .find):
        end(id, emit: &emit)
        takeAnswer(message, of: peer, to: question, at: now, emit: &emit)
      case (.welcome, .store), (.welcome, .find):
        // An original has passed the question over, and takes us for a client that says nothing.
        ignore(message, of: peer.address, emit: &emit)
        emit.close(id)
        finish(id, .late, at: now, emit: &emit)
      case (.hello, _), (.heartbeat, _): answerBack(id, emit: &emit)
      case (.bootstrapReply, _), (.welcome, _), (.heartbeatResponse, _), (.bootstrapRequest, _),
        (.store, _), (.stored, _), (.find, _), (.found, _), (nil, _):
        ignore(message, of: peer.address, emit: &emit)
      }
    }
  }

  /// Both dialled at once, each from its own port to the other's: TCP makes one connection of it.
  private mutating func answerBack(_ id: ConnectionID, emit: inout Effects) {
    emit.write(message(.heartbeatResponse), to: id)
  }

  /// Somebody dialled, and says what they want.
  private mutating func serve(
    _ message: KPTPMessage, to from: Address, on id: ConnectionID, at now: Instant,
    emit: inout Effects
  ) {
    switch message.kind {
    case .bootstrapRequest:
      conversations[id]?.subject = .accepted(from: from, .owed)
      emit.write(self.message(.bootstrapReply), to: id)
      repeats.log(
        Event(KPTPEvents.bootstrapAsked, peer: from, ["peers": listedCount]), per: from,
        emit: &emit)
      return
    case .hello, .welcome:
      repeats.log(
        Event(
          KPTPEvents.helloReceived, peer: from,
          ["type": .integer(Int64(message.type)), "peers": .integer(Int64(message.peers.count))]),
        per: from, emit: &emit)
      // An original says hello by a welcome, and waits for nothing.
      if message.kind == .hello { emit.write(self.message(.heartbeatResponse), to: id) }
    case .heartbeat:
      repeats.log(
        Event(
          KPTPEvents.heartbeatReceived, peer: from,
          ["peers": .integer(Int64(message.peers.count))]), per: from, emit: &emit)
      emit.write(self.message(.heartbeatResponse), to: id)
    case .store:
      Endpoint(from).map { manners.speaks($0) }
      keep(message, of: from, on: id, emit: &emit)
    case .find:
      Endpoint(from).map { manners.speaks($0) }
      handOut(message, on: id, emit: &emit)
    case .bootstrapReply, .heartbeatResponse, .stored, .found, nil:
      ignore(message, of: from, emit: &emit)
      return
    }
    conversations[id]?.subject = .accepted(from: from, .served)
    emit.setTimer(key(.conversation, id.number), at: now + settings.heartbeatTimeout)
    consider(from, .caller, at: now, emit: &emit)
    consider(message.peers, at: now, emit: &emit)
  }

  var listedCount: Event.Value {
    .integer(Int64(min(table.entries.count, KPTPMessage.mostPeers)))
  }

  mutating func ignore(_ message: KPTPMessage, of sender: Address, emit: inout Effects) {
    repeats.log(
      Event(KPTPEvents.messageIgnored, peer: sender, ["type": .integer(Int64(message.type))]),
      per: [sender.description, String(message.type)], emit: &emit)
  }

  /// A peer that we asked has answered: it lives at that address.
  private mutating func takeAnswer(
    _ message: KPTPMessage, of peer: Endpoint, to question: Conversation.Question, at now: Instant,
    emit: inout Effects
  ) {
    meet(peer, at: now, emit: &emit)
    consider(message.peers, at: now, emit: &emit)
    switch question {
    case .heartbeat: answered(message, by: peer, at: now, emit: &emit)
    case .introduction: break
    case .step(let lookup): step(lookup, answeredBy: peer, message.peers, at: now, emit: &emit)
    case .store(let payload):
      manners.speaks(peer)
      put(payload, isKept: true, at: now, emit: &emit)
    case .find(let payload):
      manners.speaks(peer)
      take(message, of: peer, asFor: payload, at: now, emit: &emit)
    }
  }

  /// A peer that we asked has not answered.
  private mutating func takeSilence(
    of peer: Endpoint, on question: Conversation.Question, _ reason: Silence, at now: Instant,
    emit: inout Effects
  ) {
    switch question {
    case .heartbeat: missed(peer, reason, at: now, emit: &emit)
    case .introduction: stayedSilent(peer, reason, at: now, emit: &emit)
    case .step(let lookup): step(lookup, failedBy: peer, at: now, emit: &emit)
    case .store(let payload):
      noteSilence(of: peer, reason, at: now)
      put(payload, isKept: false, at: now, emit: &emit)
    case .find(let payload):
      noteSilence(of: peer, reason, at: now)
      findElsewhere(payload, at: now, emit: &emit)
    }
  }

  /// One that could be reached and did not answer about a value may keep none.
  private mutating func noteSilence(of peer: Endpoint, _ reason: Silence, at now: Instant) {
    switch reason {
    case .late, .closed(.ended):
      let until = now + settings.valueInterval * ValueManners.askedAgainAfter
      guard manners.isSilent(peer, until: until) else { return }
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
  mutating func lose(
    _ id: ConnectionID, _ reason: CloseReason, at now: Instant, emit: inout Effects
  ) {
    finish(id, .closed(reason), at: now, emit: &emit)
  }

  /// The time for a conversation's next word has passed.
  mutating func runOut(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    if case .accepted(let from, let phase) = conversations[id]?.subject, phase != .served {
      emit.write(message(.welcome), to: id)
      repeats.log(
        Event(KPTPEvents.clientWelcomed, peer: from, ["peers": listedCount]), per: from,
        emit: &emit)
      end(id, emit: &emit)
      consider(from, .client, at: now, emit: &emit)
    } else if conversations.contains(id) {
      emit.close(id)
      finish(id, .late, at: now, emit: &emit)
    }
  }

  private mutating func reject(
    _ id: ConnectionID, _ reason: String, bytes: Int, at now: Instant, emit: inout Effects
  ) {
    let sender: Address? =
      switch conversations[id]?.subject {
      case .accepted(let from, _): from
      case .joining(let server): server
      case .asking(let peer, _): peer.address
      case nil: nil
      }
    repeats.reject(from: sender, reason: reason, bytes: bytes, emit: &emit)
    emit.close(id)
    finish(id, .garbled, at: now, emit: &emit)
  }

  /// A conversation is over, other than by its answer.
  private mutating func finish(
    _ id: ConnectionID, _ reason: Silence, at now: Instant, emit: inout Effects
  ) {
    guard let conversation = conversations.removeValue(forKey: id) else { return }
    emit.cancelTimer(key(.conversation, id.number))
    switch conversation.subject {
    case .accepted(let from, .owed): consider(from, .client, at: now, emit: &emit)
    case .accepted: break
    case .joining(let server): joinEnded(server, reason.word, at: now, emit: &emit)
    case .asking(let peer, let question):
      takeSilence(of: peer, on: question, reason, at: now, emit: &emit)
    }
  }

  /// A conversation is over, in order.
  mutating func end(_ id: ConnectionID, emit: inout Effects) {
    conversations[id] = nil
    emit.cancelTimer(key(.conversation, id.number))
    emit.close(id)
  }
}
