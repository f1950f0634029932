/// The metrics server's page: a card for each client, asked for again as often as the reader chooses.
///
/// It needs nothing from anywhere else, follows the system's light or dark colours, and says in words
/// whatever a colour says.
enum TorrentDashboard {
  static let page = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Torrent clients</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <header>
    <h1>Torrent clients</h1>
    <p id="summary" role="status">Asking…</p>
    <p class="controls">
    <label>Refresh <select id="interval">
    <option value="1000">every second</option>
    <option value="3000" selected>every 3 seconds</option>
    <option value="10000">every 10 seconds</option>
    <option value="0">never</option>
    </select></label>
    <label>Sort <select id="order">
    <option value="client">by address</option>
    <option value="progress">by progress</option>
    </select></label>
    </p>
    </header>
    <main id="clients"></main>
    <script>
    \(script)
    </script>
    </body>
    </html>

    """

  private static let style = """
    :root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1b1f24;
      --soft: #57606a; --line: #d0d7de; --bar: #0a6cbd; --done: #1a7f37; --bad: #b35900; }
    @media (prefers-color-scheme: dark) { :root { --back: #0f1318; --card: #1a2027;
      --text: #e6edf3; --soft: #9aa7b4; --line: #313a44; --bar: #58a6ff; --done: #4ac26b;
      --bad: #f0a04b; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--back); color: var(--text);
      font: 16px/1.45 system-ui, sans-serif; }
    header { padding: 1.25rem 1rem .5rem; max-width: 75rem; margin: auto; }
    h1 { font-size: 1.4rem; margin: 0; }
    #summary { margin: .25rem 0 .75rem; color: var(--soft); }
    .controls { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 0; }
    select { font: inherit; padding: .3rem .5rem; color: var(--text); background: var(--card);
      border: 1px solid var(--line); border-radius: .4rem; }
    main { display: grid; gap: .75rem; padding: .75rem 1rem 2rem; max-width: 75rem; margin: auto;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
    article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
      padding: .9rem 1rem; }
    h2 { font-size: 1rem; margin: 0; display: flex; justify-content: space-between; gap: .5rem;
      font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    h2 span { color: var(--soft); font-weight: 400; white-space: nowrap; }
    h2 span.done { color: var(--done); }
    .bar { height: .5rem; margin: .6rem 0; border-radius: .25rem; background: var(--line);
      overflow: hidden; }
    .bar div { height: 100%; background: var(--bar); }
    .bar div.done { background: var(--done); }
    dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .75rem; margin: 0;
      font-size: .9rem; }
    dt { color: var(--soft); }
    dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
    .bad { color: var(--bad); }
    """

  private static let script = """
    const element = (name, text, kind) => {
      const made = document.createElement(name);
      if (text !== undefined) made.textContent = text;
      if (kind) made.className = kind;
      return made;
    };
    const size = bytes => {
      const units = ["B", "KiB", "MiB", "GiB", "TiB"];
      let unit = 0;
      while (bytes >= 1024 && unit < 4) { bytes /= 1024; unit += 1; }
      return Number(bytes.toFixed(bytes < 100 ? 1 : 0)) + " " + units[unit];
    };
    const share = c => c.total_chunks ? c.downloaded_chunks / c.total_chunks : 1;
    const card = c => {
      const done = share(c) >= 1;
      const made = element("article");
      const title = element("h2", c.client);
      title.append(element("span",
        done ? "✓ complete" : Math.floor(share(c) * 100) + " %", done ? "done" : ""));
      const bar = element("div", undefined, "bar");
      bar.setAttribute("role", "progressbar");
      bar.setAttribute("aria-label", "Progress of " + c.client);
      bar.setAttribute("aria-valuenow", Math.floor(share(c) * 100));
      const fill = element("div", undefined, done ? "done" : "");
      fill.style.width = share(c) * 100 + "%";
      bar.append(fill);
      const list = element("dl");
      const row = (name, value, kind) =>
        list.append(element("dt", name), element("dd", value, kind));
      const bytes = chunks => size(chunks * c.chunk_size);
      row("Chunks", c.downloaded_chunks + " of " + c.total_chunks);
      row("Downloaded", bytes(c.downloaded_chunks) + " of " + bytes(c.total_chunks));
      row("Uploaded", c.uploaded_chunks + " chunks, " + bytes(c.uploaded_chunks));
      row("Ratio", c.downloaded_chunks
        ? (c.uploaded_chunks / c.downloaded_chunks).toFixed(2) : "–");
      row("Tracker", c.tracker_status_up ? "up" : "✗ down", c.tracker_status_up ? "" : "bad");
      row("DHT", c.dht_enabled ? c.dht_peers + " contacts" : "off");
      made.append(title, bar, list);
      return made;
    };
    const show = clients => {
      const byProgress = document.getElementById("order").value === "progress";
      clients.sort((a, b) => byProgress && share(a) - share(b)
        || a.client.localeCompare(b.client, undefined, { numeric: true }));
      const done = clients.filter(c => share(c) >= 1).length;
      document.getElementById("summary").textContent = clients.length === 0
        ? "No client has reported in the last moments."
        : clients.length + (clients.length === 1 ? " client, " : " clients, ") + done + " complete, "
          + clients.filter(c => !c.tracker_status_up).length + " without a tracker";
      document.getElementById("clients").replaceChildren(...clients.map(card));
    };
    let timer;
    const refresh = async () => {
      clearTimeout(timer);
      try {
        const answer = await fetch("/metrics");
        if (!answer.ok) throw new Error(answer.status);
        show(await answer.json());
      } catch (problem) {
        document.getElementById("summary").textContent = "✗ The metrics server does not answer.";
      }
      const wait = Number(document.getElementById("interval").value);
      if (wait) timer = setTimeout(refresh, wait);
    };
    document.getElementById("interval").addEventListener("change", refresh);
    document.getElementById("order").addEventListener("change", refresh);
    refresh();
    """
}
