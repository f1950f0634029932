import CUV
@main struct Node { static func main() { print(unsafe String(cString: uv_version_string())) } }
