extension Supervisor {
  /// What the event loop waits for besides the nodes, whose tokens follow.
  enum Token {
    static let signals: UInt64 = 0
    static let stopRequest: UInt64 = 1
    static let logWatch: UInt64 = 2
    static let control: UInt64 = 3
    static let owner: UInt64 = 4
    static let printed: UInt64 = 5
    static let carrier: UInt64 = 6
    static let firstClient: UInt64 = 7
    static let firstNode = firstClient + UInt64(ControlSocket.mostClients)
  }
}
