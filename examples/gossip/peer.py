# A peer of the gossip network in Python: registers with every seed, links to others, takes links,
# answers probes, and passes on every text that is new to it; who is linked later gets them too. It
# prints what Seedbed's own peers log.
import random, re, socket, sys, threading, time

own, host, port, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")
links, texts, lock = {}, set(), threading.RLock()


def say(text):
    print(text, flush=True)


def send(conn, text, size=1024):
    try:
        conn.sendall(text.encode().ljust(size))
    except OSError:
        pass  # Its own thread notices.


def spread(message, source=None):
    with lock:
        if message in texts:
            return
        texts.add(message)
        peer = next((peer for peer, conn in links.items() if conn is source), None)
        others = [conn for conn in links.values() if conn is not source]
        say(f"received {message} from {peer}" if source else f"sent {message} on {len(others)} links")
    for conn in others:
        send(conn, "gossip message:" + message)


def messages(conn):
    """Every message is padded with spaces; what comes may be cut anywhere."""
    rest = ""
    while data := conn.recv(4096):
        rest = (rest + data.decode()).lstrip(" ")
        while found := re.match(r"(\S.*?) {2,}", rest):
            rest = rest[found.end():].lstrip(" ")
            yield found[1]


def serve(conn, direction):
    peer = None
    try:
        send(conn, "connected to peer:" + own, 1017 + len(own))
        for message in messages(conn):
            kind, _, body = message.partition(":")
            if kind == "connected to peer" and peer is None and body not in links:
                peer = body
                with lock:
                    links[peer] = conn
                    say(f"linked {peer} {direction}")
                    for text in texts:
                        send(conn, "gossip message:" + text)
            elif kind == "gossip message":
                send(conn, "forwarding")
                spread(body, conn)
            elif kind == "Liveness Request":
                send(conn, f"Liveness Reply:{body}:{own}")
    except OSError:
        pass
    with lock:
        conn.close()
        if links.pop(peer, None):
            say(f"closed {peer}")


def start(conn, direction):
    threading.Thread(target=serve, args=(conn, direction), daemon=True).start()


def ask(conn, text):
    conn.sendall(text.encode())
    return conn.recv(65536).decode()


def listed(seed):
    """The peers that a seed knows, without this one."""
    found = re.findall(r":([^:,]+),(\d+)", ask(seed, "peer list")[len("peer list:"):])
    return [peer for peer in found if ":".join(peer) not in (own, *links)]


def keep_linked(seeds):
    """Dials until there are two links: a peer may be full, or dead."""
    while True:
        peers = listed(random.choice(seeds)) if len(links) < 2 else []
        if peers:
            try:
                start(socket.create_connection(random.choice(peers)), "dialled")
            except OSError:
                pass
        time.sleep(0.3)


def speak():
    for number in range(1, 6):
        time.sleep(1)
        spread(f"{time.time():.6f}:{own}:hello {number} from Python")


server = socket.create_server((host, port))
say(f"listening on {own}")
registered = []
for seed in seeds:
    registered.append(socket.create_connection(seed.split(":")))  # To close it is to leave.
    registered[-1].recv(1024)
    ask(registered[-1], "register:" + own)
threading.Thread(target=keep_linked, args=(registered,), daemon=True).start()
threading.Thread(target=speak, daemon=True).start()
while True:
    start(server.accept()[0], "accepted")
