package import Participants

/// What waits for its time: soonest first, and what is due together in the order in which it came.
package final class DueQueue<Element> {
  private let loop: EventLoop
  private let becameDue: () -> Void
  private var waiting: ArraySlice<(due: Instant, element: Element)> = []
  private var timer: Timer?

  /// - Parameter becameDue: called when ``wait()`` was called and the first is due.
  package init(on loop: EventLoop, becameDue: @escaping () -> Void) {
    self.loop = loop
    self.becameDue = becameDue
  }

  deinit { timer?.cancel() }

  /// Whether nothing waits.
  package var isEmpty: Bool { waiting.isEmpty }

  /// The first, and when it is due.
  package var first: (due: Instant, element: Element)? { waiting.first }

  /// Puts one at its place.
  package func add(_ element: Element, due: Instant) {
    let place = waiting.lastIndex { $0.due <= due }.map { $0 + 1 } ?? waiting.startIndex
    if place == waiting.endIndex {
      waiting.append((due: due, element: element))
    } else {
      waiting.insert((due: due, element: element), at: place)
    }
  }

  /// Takes the first away.
  package func removeFirst() {
    waiting.removeFirst()
    // A slice keeps what was taken from its front until it is replaced.
    if waiting.isEmpty { waiting = [] }
  }

  /// None of those that may be hastened waits for longer than until that time.
  package func hasten(to latest: Instant, where mayBe: (Element) -> Bool = { _ in true }) {
    for index in waiting.indices where mayBe(waiting[index].element) {
      waiting[index].due = min(waiting[index].due, latest)
    }
  }

  /// Sees to it that the first is not forgotten.
  package func wait() {
    guard let first = waiting.first else { return }
    if timer == nil { timer = Timer(on: loop) { [weak self] in self?.becameDue() } }
    timer?.set(after: first.due - loop.now)
  }

  /// Nothing that waits will become due.
  package func cancel() {
    waiting = []
    timer?.cancel()
    timer = nil
  }
}
