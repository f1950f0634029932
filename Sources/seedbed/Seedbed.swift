@main struct Seedbed { static func main() { print("seedbed") } }
