/// What a participant or a driver knows of each of its connections, in the order of their IDs.
///
/// A dictionary for the few connections that a node has: IDs only grow, so adding is appending, a
/// look-up is a short search, and going through it has one order, which may reach effects.
@usableFromInline package struct ConnectionTable<Value> {
  @usableFromInline var ids: [ConnectionID] = []
  /// Beside ``keys``. Optional only while a value is being changed in place.
  @usableFromInline var held: [Value?] = []

  @inlinable package init() {}

  @inlinable package var count: Int { ids.count }
  @inlinable package var isEmpty: Bool { ids.isEmpty }
  /// In ascending order.
  @inlinable package var keys: [ConnectionID] { ids }
  /// In the order of ``keys``.
  @inlinable package var values: some Sequence<Value> { held.lazy.compactMap { $0 } }

  @inlinable package subscript(id: ConnectionID) -> Value? {
    // Always inlined: looking at one property then copies no more than that, and a change in place
    // needs no coroutine's frame from the heap.
    @inline(__always) get {
      guard let position = position(of: id) else { return nil }
      return held[position]
    }
    @inline(__always) _modify {
      let position = position(of: id) ?? insert(id)
      yield &held[position]
      // Not '== nil', which would copy the value first.
      if case .none = held[position] { remove(at: position) }
    }
  }

  /// Whether the connection is known.
  @inlinable package func contains(_ id: ConnectionID) -> Bool { position(of: id) != nil }

  /// Forgets a connection.
  ///
  /// - Returns: what was known of it; `nil`: nothing.
  @discardableResult
  @inlinable package mutating func removeValue(forKey id: ConnectionID) -> Value? {
    guard let position = position(of: id) else { return nil }
    let value = held[position]
    remove(at: position)
    return value
  }

  @inlinable mutating func remove(at position: Int) {
    ids.remove(at: position)
    held.remove(at: position)
  }

  @inlinable mutating func insert(_ id: ConnectionID) -> Int {
    let position = ids.lastIndex { $0 < id }.map { $0 + 1 } ?? 0
    ids.insert(id, at: position)
    held.insert(nil, at: position)
    return position
  }

  @inlinable func position(of id: ConnectionID) -> Int? {
    // Most nodes have a handful; a seed of thousands deserves the bisection.
    var low = 0
    var high = ids.count
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == id ? low : nil
  }
}
