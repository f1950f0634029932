/// The metrics server's page.
enum TorrentDashboard {
  static let page = """
    <!doctype html><title>Torrent</title>
    """
}
