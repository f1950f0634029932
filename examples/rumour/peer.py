# A peer of a small network over UDP: whoever hears a rumour that is new to them tells others.
import os, random, socket, sys, time

name, host, port, peers = sys.argv[1:]
others = [(peer.split(":")[0], int(peer.split(":")[1])) for peer in peers.split(",")]
fanout = min(int(os.environ["FANOUT"]), len(others))
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind((host, int(port)))
print("ready", flush=True)
known, due = set(), time.time() + 1
while True:
    own.settimeout(max(0.001, due - time.time()))
    try:
        rumour, (host, port) = own.recvfrom(1000)
        if rumour not in known:
            print(f"heard {rumour.decode()} from {host}:{port}", flush=True)
    except TimeoutError:
        rumour, due = f"{name}/{due:.3f}".encode(), due + 1
        print("started", rumour.decode(), flush=True)
    for other in random.sample(others, fanout) if rumour not in known else []:
        own.sendto(rumour, other)
    known.add(rumour)
