// swift-tools-version: 6.2

import PackageDescription

/// The readers that are fuzzed, by the names of their targets; `run.sh` links each into a fuzzer.
let readers = ["Safetensors", "PyTorch", "Pickle", "GGUF", "TokenizerJSON", "JSONText", "Config"]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "octavo-fuzz",
    // Static, and not executable: the fuzzer brings the `main`.
    products: readers.map { .library(name: "Fuzz" + $0, type: .static, targets: ["Fuzz" + $0]) },
    dependencies: [.package(name: "octavo", path: "..")],
    targets: [
        .target(name: "FuzzInput", path: "Sources/FuzzInput", swiftSettings: settings)
    ]
        + readers.map {
            .target(
                name: "Fuzz" + $0,
                dependencies: [
                    "FuzzInput",
                    .product(name: "OctavoBase", package: "octavo"),
                    .product(name: "OctavoCheckpoint", package: "octavo"),
                    .product(name: "OctavoModel", package: "octavo"),
                ],
                path: "Sources/" + $0,
                swiftSettings: settings
            )
        },
    swiftLanguageModes: [.v6]
)
