// swift-tools-version: 6.2

import PackageDescription

/// Every Swift target is built the same way: Swift 6 mode, the upcoming features that remove
/// surprises, strict memory safety, and warnings that stop the build.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "seedbed",
  products: [
    .executable(name: "seedbed", targets: ["seedbed"]),
    .executable(name: "seedbed-node", targets: ["seedbed-node"]),
    .library(name: "SeedbedTesting", targets: ["SeedbedTesting"]),
  ],
  targets: [
    // C: system libraries and small shims.
    .systemLibrary(name: "CUV", pkgConfig: "libuv-static", providers: [.apt(["libuv1-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),
    .systemLibrary(name: "CPCRE", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .target(name: "CProcess"),

    // What a node is made of. No Foundation and no SQLite below this line…
    .target(name: "Messages"),
    .target(name: "Arguments", dependencies: ["Messages"]),
    .target(name: "JSONReading"),
    .target(
      name: "Participants", dependencies: ["JSONReading"], path: "Sources/Participants/Contract"),
    .target(name: "Hashing", dependencies: ["CCrypto"]),
    .target(name: "HTTP", dependencies: ["CHTTPParser", "Participants"]),
    .target(name: "Wire"),
    .target(name: "Gossip", dependencies: ["Participants"], path: "Sources/Participants/Gossip"),
    .target(
      name: "Kademlia", dependencies: ["Hashing", "Participants", "Wire"],
      path: "Sources/Participants/Kademlia"),
    .target(
      name: "HyperDHT", dependencies: ["Hashing", "Participants", "Wire"],
      path: "Sources/Participants/HyperDHT"),
    .target(
      name: "KPTP", dependencies: ["Hashing", "Participants"], path: "Sources/Participants/KPTP"),
    .target(
      name: "PeerExchange", dependencies: ["Hashing", "Participants", "Wire"],
      path: "Sources/Participants/PeerExchange"),
    .target(
      name: "HTTPTorrent",
      dependencies: ["HTTP", "Hashing", "JSONReading", "Kademlia", "Participants", "Wire"],
      path: "Sources/Participants/HTTPTorrent"),
    .target(
      name: "Networks",
      dependencies: [
        "Gossip", "HTTPTorrent", "HyperDHT", "KPTP", "Kademlia", "Participants", "PeerExchange",
      ]),
    .target(name: "Clock", dependencies: ["Participants"]),
    .target(name: "Faults", dependencies: ["Participants"]),
    .target(name: "Sockets", dependencies: ["CUV", "Clock", "Faults", "Participants"]),
    .target(name: "LiveDriver", dependencies: ["CUV", "Faults", "Participants", "Sockets"]),
    .target(name: "Relay", dependencies: ["CUV", "Faults", "Participants", "Sockets"]),
    .executableTarget(
      name: "seedbed-node",
      dependencies: [
        "Arguments", "CProcess", "LiveDriver", "Messages", "Networks", "Participants", "Relay",
        "Sockets",
      ]),

    // …and what runs, records and judges networks.
    .target(name: "Patterns", dependencies: ["CPCRE"]),
    .target(name: "NetworkFolders", dependencies: ["Messages"]),
    .target(
      name: "Topology",
      dependencies: [
        "CYAML", "Faults", "Messages", "NetworkFolders", "Participants", "Patterns", "Wire",
      ]),
    .target(
      name: "Supervisor",
      dependencies: [
        "CProcess", "Clock", "Faults", "JSONReading", "Messages", "Participants", "Patterns",
        "Topology",
      ]),
    .target(
      name: "History",
      dependencies: [
        "CSQLite", "JSONReading", "Messages", "NetworkFolders", "Participants", "Patterns",
        "Topology",
      ]),
    .target(
      name: "Simulator",
      dependencies: [
        "Faults", "Hashing", "Messages", "Participants", "Supervisor", "Topology",
      ]),
    .target(name: "Archives", dependencies: ["CArchive", "Messages"]),
    .target(
      name: "Checks", dependencies: ["History", "Messages", "NetworkFolders", "Participants"]),
    .target(
      name: "Exploration",
      dependencies: [
        "Checks", "Faults", "History", "Messages", "NetworkFolders", "Participants", "Simulator",
        "Supervisor", "Topology",
      ]),
    .target(
      name: "Session",
      dependencies: [
        "Checks", "Clock", "Exploration", "History", "Messages", "NetworkFolders", "Networks",
        "Participants", "Simulator", "Supervisor", "Topology",
      ]),
    .executableTarget(
      name: "seedbed",
      dependencies: [
        "Archives", "Arguments", "CProcess", "Checks", "Clock", "Exploration", "Faults",
        "HTTPTorrent", "History", "Messages", "NetworkFolders", "Networks", "Participants",
        "Session", "Supervisor", "Topology",
      ]),

    // Networks in tests, anybody's: by the executable, so that nothing else need be built.
    .target(name: "SeedbedTesting"),

    // Benchmarks, with the plain C they are measured against.
    .target(
      name: "BenchmarkReferences", dependencies: ["CCrypto", "CSQLite", "CUV"],
      path: "Benchmarks/References"),
    .executableTarget(
      name: "seedbed-benchmarks",
      dependencies: [
        "Arguments", "BenchmarkReferences", "History", "HyperDHT", "LiveDriver", "Messages",
        "Networks", "Participants", "Simulator", "Topology",
      ], path: "Benchmarks/Runner"),

    // Random inputs for everything that takes bytes from outside.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Faults", "History", "JSONReading", "Networks", "Participants", "Topology",
      ], path: "Fuzz/Targets"),
    .executableTarget(
      name: "seedbed-fuzz", dependencies: ["Arguments", "FuzzTargets", "Messages", "Participants"],
      path: "Fuzz/Runner"),

    // Bugs planted in the participants, to see which of them the checks find.
    .target(name: "MutationPoints", path: "Mutants/Points"),
    .executableTarget(
      name: "seedbed-mutants", dependencies: ["Arguments", "Messages", "MutationPoints"],
      path: "Mutants/Runner"),

    // Tests.
    .testTarget(name: "MutantTests", dependencies: ["MutationPoints"]),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments", "Messages"]),
    .testTarget(name: "MessagesTests", dependencies: ["Messages"]),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "Networks", "Participants"]),
    .testTarget(name: "HashingTests", dependencies: ["Hashing"]),
    .testTarget(
      name: "LiveDriverTests", dependencies: ["Faults", "LiveDriver", "Participants"]),
    .testTarget(name: "FaultsTests", dependencies: ["Faults", "Participants"]),
    .testTarget(
      name: "RepositoryTests",
      dependencies: ["Networks", "Participants", "Topology"]),
    .testTarget(
      name: "SimulatorTests",
      dependencies: ["Faults", "Participants", "Simulator", "Supervisor", "Topology"]),
    .testTarget(
      name: "NodeTests",
      dependencies: [
        "Faults", "Kademlia", "Participants", "Wire", "seedbed", "seedbed-node",
      ]),
    .target(
      name: "ParticipantTesting",
      dependencies: ["Faults", "Participants", "Simulator", "Topology"],
      path: "Tests/ParticipantTesting"),
    .testTarget(
      name: "GossipTests",
      dependencies: ["Faults", "Gossip", "ParticipantTesting", "Participants", "Topology"]),
    .testTarget(name: "PatternsTests", dependencies: ["Patterns"]),
    .testTarget(name: "WireTests", dependencies: ["Participants", "Wire"]),
    .testTarget(
      name: "KademliaTests",
      dependencies: [
        "Faults", "Hashing", "Kademlia", "ParticipantTesting", "Participants", "Topology", "Wire",
      ]),
    .testTarget(
      name: "KPTPTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "Hashing", "KPTP", "Networks", "ParticipantTesting",
        "Participants", "Simulator", "Supervisor", "Topology",
      ]),
    .testTarget(
      name: "PeerExchangeTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "Hashing", "Networks", "ParticipantTesting",
        "Participants", "PeerExchange", "Simulator", "Supervisor", "Topology", "Wire",
      ]),
    .testTarget(
      name: "HTTPTorrentTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "HTTP", "HTTPTorrent", "Hashing", "JSONReading",
        "Networks", "ParticipantTesting", "Participants", "Simulator", "Supervisor", "Topology",
        "Wire",
      ]),
    .testTarget(
      name: "HyperDHTTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "Hashing", "HyperDHT", "Networks", "ParticipantTesting",
        "Participants", "Topology", "Wire",
      ]),
    .testTarget(
      name: "TopologyTests",
      dependencies: [
        "Faults", "Messages", "NetworkFolders", "Networks", "Participants", "Patterns", "Topology",
      ]),
    .testTarget(name: "SupervisorTests", dependencies: ["Faults", "Supervisor", "Topology"]),
    .testTarget(
      name: "HistoryTests",
      dependencies: [
        "Faults", "History", "JSONReading", "Messages", "NetworkFolders", "Participants",
        "Topology", "seedbed",
      ]),
    .testTarget(
      name: "SessionTests",
      dependencies: ["Checks", "History", "Messages", "Participants", "Session"]),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Participants"]),
    .testTarget(name: "JSONReadingTests", dependencies: ["JSONReading", "Participants"]),
    .testTarget(
      name: "RunTests",
      dependencies: [
        "Archives", "CSQLite", "History", "SeedbedTesting", "Supervisor", "seedbed", "seedbed-node",
      ]),
    .testTarget(
      name: "ExplorationTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "History", "Messages", "NetworkFolders", "Networks",
        "Participants", "Simulator", "Supervisor", "Topology",
      ]),
    .testTarget(
      name: "ChecksTests",
      dependencies: [
        "Checks", "Exploration", "Faults", "History", "Messages", "NetworkFolders", "Networks",
        "Participants", "Simulator", "Supervisor", "Topology",
      ]),
  ]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = settings
}
