/// What `seedbed new` writes.
struct Skeleton {
  let network: String

  private var view: String { network.replacing("-", with: "_") + "_greetings" }

  var files: [(file: String, text: String)] {
    [
      ("README.md", readme), ("spawn.yaml", topology), ("node.py", program),
      ("views/\(view).sql", viewText), ("checks/greetings-arrive.sql", check),
    ]
  }

  private var readme: String {
    """
    # \(network)

    Nodes that greet each other over UDP.

    | file | what it is |
    |---|---|
    | `node.py` | what every node runs |
    | `spawn.yaml` | a topology: who is there and what they run; and what `seedbed spawn` may change |
    | `views/\(view).sql` | what people ask about: `seedbed query "SELECT * FROM \(view)"` |
    | `checks/greetings-arrive.sql` | what the network promises |

        seedbed run \(network)/spawn.yaml
        seedbed spawn ./\(network) --peers 9 --kill 2 --for 8s

    """
  }

  private var topology: String {
    """
    # 'seedbed run \(network)/spawn.yaml' runs it; 'seedbed spawn ./\(network) --peers 9', another size.
    network: .
    spawn:
      parameters: { peers: groups.peer.count }
      kill: peer
    groups:
      peer:
        count: 5
        command: [python3, node.py, '{name}', '{host}', '{port}', '{address:peer}']
        files: [node.py]
        ready: { log: ^ready$ }
        events:
          - { match: '^greeted (?<peer>\\S+) (?<greeting>\\S+)$', kind: greeting.sent }
          - { match: '^heard (?<greeting>\\S+) from (?<peer>\\S+)$', kind: greeting.heard }
    stop: { at: 5s }

    """
  }

  private var program: String {
    """
    # A node: greets another now and then over UDP, and says what it hears.
    import random, socket, sys, time

    name, host, port, peers = sys.argv[1:]
    others = [(peer.split(":")[0], int(peer.split(":")[1])) for peer in peers.split(",") if peer]
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((host, int(port)))
    print("ready", flush=True)
    due = time.time() + 0.2
    while True:
        own.settimeout(max(0.001, due - time.time()))
        try:
            greeting, source = own.recvfrom(1000)
            print(f"heard {greeting.decode()} from {source[0]}:{source[1]}", flush=True)
        except TimeoutError:
            greeting, due = f"{name}/{due:.3f}", due + 0.2
            if others:
                other = random.choice(others)
                print(f"greeted {other[0]}:{other[1]} {greeting}", flush=True)
                own.sendto(greeting.encode(), other)

    """
  }

  private var viewText: String {
    """
    -- view: \(view)
    -- summary: A greeting that a peer sent to another.
    -- column: run: the run
    -- column: greeting: its text, which no other has
    -- column: node: who sent it
    -- column: peer_node: to whom
    -- column: sent_t: when it was sent
    -- column: sent_s
    -- column: heard_t: when it was heard; NULL: never
    -- column: heard_s
    -- column: judged: 1: both were there until a second later, and nothing kept them apart

    SELECT g.run, g.data ->> 'greeting' AS greeting, g.node, p.node AS peer_node,
      g.t AS sent_t, (g.t - r.began_t) / 1e6 AS sent_s,
      h.t AS heard_t, (h.t - r.began_t) / 1e6 AS heard_s,
      coalesce(g.t > r.began_t AND g.t + 1000000 < r.stopping_t, 0)
        AND NOT EXISTS (
          SELECT 1 FROM deaths d
          WHERE d.run = g.run AND d.node IN (g.node, p.node)
            AND d.t < g.t + 1000000 AND coalesce(d.back_t, 9e18) > g.t - 200000)
        AND NOT EXISTS (
          SELECT 1 FROM separations s
          WHERE s.run = g.run AND s.from_t < g.t + 1000000
            AND coalesce(s.to_t, 9e18) > g.t - 200000) AS judged
    FROM events g JOIN runs r ON r.run = g.run
      JOIN nodes p ON p.run = g.run AND p.address = g.peer
      LEFT JOIN events h ON h.run = g.run AND h.kind = 'greeting.heard' AND h.node = p.node
        AND h.data ->> 'greeting' = g.data ->> 'greeting'
    WHERE g.kind = 'greeting.sent';

    """
  }

  private var check: String {
    """
    -- check: greetings-arrive
    -- promise: Who is there hears a greeting within a second.
    -- networks: \(network)
    -- severity: error
    -- witnesses: 5
    -- too-few: hardly anybody greeted a peer that was there
    -- asked-if: (SELECT count(*) FROM planned_nodes) > 1
    -- not-asked: there is nobody to greet

    -- A row for each greeting that did not arrive, or came too late.
    SELECT g.node, g.peer_node, g.greeting, g.sent_s, g.heard_s,
      (SELECT 'the host was overloaded' FROM overloads o
        WHERE o.from_t < g.sent_t + 1000000 AND o.to_t > g.sent_t LIMIT 1) AS excuse
    FROM \(view) g
    WHERE g.judged AND NOT coalesce(g.heard_t < g.sent_t + 1000000, 0)
    ORDER BY g.sent_t;

    SELECT count(*) FROM \(view) WHERE judged;

    """
  }
}
