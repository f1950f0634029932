# A peer of a small network over UDP: whoever hears a rumour that is new to them tells others.
import os, random, socket, sys, time

name, own_host, own_port = sys.argv[1], sys.argv[2], int(sys.argv[3])
others = [(host, int(port)) for host, port in (a.split(":") for a in sys.argv[4].split(",") if a)]
fanout = int(os.environ["FANOUT"])
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind((own_host, own_port))
own.settimeout(0.05)
print("ready", flush=True)

known, count, due = set(), 0, time.time() + 1
while True:
    if time.time() > due:
        count, due = count + 1, due + 1
        rumour = f"{name}/{count}"
        print("started", rumour, flush=True)
    else:
        try:
            data, (host, port) = own.recvfrom(1000)
        except TimeoutError:
            continue
        rumour = data.decode()
        if rumour in known:
            continue
        print(f"heard {rumour} from {host}:{port}", flush=True)
    known.add(rumour)
    for other in random.sample(others, min(fanout, len(others))):
        own.sendto(rumour.encode(), other)
