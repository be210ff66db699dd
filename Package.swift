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
        .library(name: "OctavoHub", targets: ["OctavoHub"])
    ],
    dependencies: [
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1")
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
            name: "COpenBLAS",
            pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]
        ),
        .target(
            name: "CKernels",
            cSettings: [
                .treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra"),
            ]
        ),

        module("OctavoBase", ["CCrypto"]),
        module("OctavoNumerics", ["OctavoBase", "CKernels", "COpenBLAS"]),
        module("OctavoCheckpoint", ["OctavoBase"]),
        module("OctavoModel", ["OctavoBase", "OctavoNumerics"]),
        module("OctavoQuantizer", ["OctavoBase", "OctavoNumerics", "OctavoModel"]),
        module("OctavoHub", ["OctavoBase", "CCurl"]),
        module(
            "OctavoHubServer",
            ["OctavoBase", "OctavoHub", .product(name: "FlyingFox", package: "FlyingFox")]
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
        tests("OctavoHub", ["OctavoBase", "OctavoHub"], fixtures: true),
        tests("OctavoHubServer", ["OctavoBase", "OctavoHub", "OctavoHubServer"]),
    ],
    swiftLanguageModes: [.v6]
)
