// swift-tools-version: 6.2

import PackageDescription

/// The readers that are fuzzed, by the names of their targets; `run.sh` links each into a fuzzer.
let readers = [
    "Safetensors", "PyTorch", "Pickle", "GGUF", "TokenizerJSON", "SentencePiece", "JSONText",
    "Config", "Container", "GGUFWriting",
]

/// Those that go through the whole of a model's reading or writing.
let wholeReaders: Set = ["Container", "GGUFWriting"]

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
                ]
                    + (wholeReaders.contains($0)
                        ? [
                            .product(name: "OctavoContainer", package: "octavo"),
                            .product(name: "OctavoPublisher", package: "octavo"),
                        ] : []),
                path: "Sources/" + $0,
                swiftSettings: settings
            )
        },
    swiftLanguageModes: [.v6]
)
