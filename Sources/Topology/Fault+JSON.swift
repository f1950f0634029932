package import Faults
import Participants

/// A plan's fault in `plan.json` and in answers of a run under way: with its nodes by name, and of a
/// fault on the network its sides and how much, under `network`.
extension Fault: Codable {
  private enum Key: String, CodingKey { case id, action, node, at, lasting, network }
  private enum NetworkKey: String, CodingKey { case from, to, oneWay, loss, latency, bandwidth }

  /// - Throws: what a decoder throws, and where the action is unknown or misses its nodes or amount.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let word = try values.decode(String.self, forKey: .action)
    var amount: Int64 = 0
    let target: Target
    if values.contains(.network) {
      let network = try values.nestedContainer(keyedBy: NetworkKey.self, forKey: .network)
      for key in [NetworkKey.loss, .latency, .bandwidth] where key.rawValue == word {
        amount = try network.decode(Int64.self, forKey: key)
      }
      target = .between(
        try network.decode([String].self, forKey: .from),
        try network.decode([String].self, forKey: .to),
        oneWay: try network.decode(Bool.self, forKey: .oneWay))
    } else {
      target = .node(try values.decode(String.self, forKey: .node))
    }
    guard let action = Action(word: word, amount: amount),
      action.isOnNetwork == values.contains(.network)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .action, in: values, debugDescription: "no fault like this is known: \(word)")
    }
    self.init(
      id: try values.decode(Int.self, forKey: .id), action: action, target: target,
      at: try values.decode(Microseconds.self, forKey: .at),
      lasting: try values.decodeIfPresent(Microseconds.self, forKey: .lasting))
  }

  /// Call it of a plan's faults alone: what has yet to be chosen has no form in JSON.
  ///
  /// - Throws: what an encoder throws.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(id, forKey: .id)
    try values.encode(action.word, forKey: .action)
    try values.encodeIfPresent(node, forKey: .node)
    try values.encode(at, forKey: .at)
    try values.encodeIfPresent(lasting, forKey: .lasting)
    guard let (from, to, oneWay) = sides else { return }
    var network = values.nestedContainer(keyedBy: NetworkKey.self, forKey: .network)
    try network.encode(from, forKey: .from)
    try network.encode(to, forKey: .to)
    try network.encode(oneWay, forKey: .oneWay)
    if let amount = action.amount, let key = NetworkKey(rawValue: action.word) {
      try network.encode(amount, forKey: key)
    }
  }
}
