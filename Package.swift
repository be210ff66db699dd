// swift-tools-version: 6.2

import PackageDescription

/// Settings for every Swift target, tests included.
let common: [SwiftSetting] = [
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// Settings for shipped targets: each unsafe use must also be marked as such.
///
/// Tests go without: what `#expect` expands to is not marked.
let strict = common + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)

/// A shipped module of this package.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a module, which may also use what is given; with a folder of fixtures or without.
func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: dependencies + ["OctavoTestSupport"],
        exclude: fixtures ? ["Fixtures"] : [],
        swiftSettings: common
    )
}

let package = Package(
    name: "octavo",
    products: [
        .executable(name: "octavo", targets: ["OctavoCLI"]),
        .library(name: "OctavoPublisher", targets: ["OctavoPublisher"]),
        .library(name: "OctavoHub", targets: ["OctavoHub"]),
        // What Fuzz/ reads with.
        .library(name: "OctavoBase", targets: ["OctavoBase"]),
        .library(name: "OctavoCheckpoint", targets: ["OctavoCheckpoint"]),
        .library(name: "OctavoContainer", targets: ["OctavoContainer"]),
        .library(name: "OctavoModel", targets: ["OctavoModel"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl"])]
        ),
        .systemLibrary(
            name: "CPCRE2",
            pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]
        ),
        .systemLibrary(
            name: "COpenBLAS",
            pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]
        ),
        .systemLibrary(
            name: "CZstd",
            pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]
        ),
        .target(
            name: "CKernels",
            cSettings: [
                .treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra"),
            ]
        ),

        module("OctavoBase", ["CCrypto"]),
        module("OctavoNumerics", ["OctavoBase", "CKernels", "COpenBLAS"]),
        module("OctavoCheckpoint", ["OctavoBase", "CPCRE2"]),
        module("OctavoModel", ["OctavoBase", "OctavoNumerics"]),
        module("OctavoQuantizer", ["OctavoBase", "OctavoNumerics", "OctavoModel"]),
        module("OctavoContainer", ["OctavoBase", "CZstd"]),
        module("OctavoHub", ["OctavoBase", "CCurl"]),
        module(
            "OctavoHubServer",
            ["OctavoBase", "OctavoHub", .product(name: "FlyingFox", package: "FlyingFox")]
        ),
        module(
            "OctavoPublisher",
            [
                "OctavoBase", "OctavoNumerics", "OctavoCheckpoint", "OctavoModel",
                "OctavoQuantizer", "OctavoContainer", "OctavoHub",
                .product(name: "Yams", package: "Yams"),
                .product(name: "Mustache", package: "swift-mustache"),
            ]
        ),
        module(
            "OctavoServer",
            [
                "OctavoBase", "OctavoModel", "OctavoPublisher",
                .product(name: "FlyingFox", package: "FlyingFox"),
            ]
        ),
        .executableTarget(
            name: "OctavoCLI",
            dependencies: [
                "OctavoBase", "OctavoNumerics", "OctavoCheckpoint", "OctavoModel",
                "OctavoQuantizer", "OctavoContainer", "OctavoHub", "OctavoHubServer",
                "OctavoPublisher", "OctavoServer", argumentParser,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "OctavoTestSupport",
            dependencies: ["OctavoBase"],
            path: "Tests/OctavoTestSupport",
            swiftSettings: common
        ),
        tests("OctavoBase", ["OctavoBase"]),
        tests("OctavoNumerics", ["OctavoBase", "OctavoNumerics"]),
        tests("OctavoCheckpoint", ["OctavoBase", "OctavoCheckpoint"], fixtures: true),
        tests("OctavoModel", ["OctavoBase", "OctavoNumerics", "OctavoModel"], fixtures: true),
        tests(
            "OctavoQuantizer",
            ["OctavoBase", "OctavoNumerics", "OctavoModel", "OctavoQuantizer"]
        ),
        tests("OctavoContainer", ["OctavoBase", "OctavoContainer"]),
        tests("OctavoHub", ["OctavoBase", "OctavoHub"], fixtures: true),
        tests(
            "OctavoHubServer",
            [
                "OctavoBase", "OctavoHub", "OctavoHubServer",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        tests(
            "OctavoPublisher",
            [
                "OctavoBase", "OctavoNumerics", "OctavoCheckpoint", "OctavoModel",
                "OctavoQuantizer", "OctavoContainer", "OctavoHub", "OctavoPublisher",
                .product(name: "Yams", package: "Yams"),
            ],
            fixtures: true
        ),
        tests("OctavoServer", ["OctavoBase", "OctavoModel", "OctavoPublisher", "OctavoServer"]),
        // Depends on the executable so that it is built first: these tests run it.
        tests(
            "EndToEnd",
            [
                "OctavoBase", "OctavoHub", "OctavoCLI",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        // Looks at the report and at a hub's pages in a browser, where there is one.
        tests(
            "Report",
            [
                "OctavoBase", "OctavoPublisher", "OctavoQuantizer", "OctavoHub", "OctavoHubServer",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        tests("Layout", []),
    ],
    swiftLanguageModes: [.v6]
)
