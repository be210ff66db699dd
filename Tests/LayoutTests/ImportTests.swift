import Foundation
import OctavoTestSupport
import Testing

/// The design's import table: for each module, what it may import beside the standard library.
///
/// A module that is not in the table fails: adding one is a decision to write down here. Numerics and
/// Model have Glibc for its mathematics alone; `HabitTests` sees to that.
private let allowed: [String: Set<String>] = [
    "OctavoBase": ["Glibc", "CCrypto", "Dispatch", "Synchronization"],
    "OctavoNumerics": [
        "OctavoBase", "CKernels", "COpenBLAS", "Glibc", "Synchronization",
    ],
    "OctavoContainer": ["OctavoBase", "CZstd"],
    "OctavoCheckpoint": ["OctavoBase", "CPCRE2", "Foundation", "Glibc"],
    "OctavoModel": ["OctavoBase", "OctavoNumerics", "Glibc", "Synchronization"],
    "OctavoQuantizer": ["OctavoBase", "OctavoNumerics", "OctavoModel", "Synchronization"],
    "OctavoHub": ["OctavoBase", "CCurl", "Foundation", "Glibc", "Synchronization"],
    "OctavoHubServer": [
        "OctavoBase", "OctavoHub", "FlyingFox", "FlyingSocks", "Foundation", "Glibc",
        "Synchronization",
    ],
    "OctavoPublisher": [
        "OctavoBase", "OctavoNumerics", "OctavoCheckpoint", "OctavoModel", "OctavoQuantizer",
        "OctavoContainer", "OctavoHub", "Yams", "Mustache", "Foundation", "Synchronization",
    ],
    // The interface of OpenAI over what Publisher generates; FlyingFox is here and in HubServer only.
    "OctavoServer": [
        "OctavoBase", "OctavoModel", "OctavoPublisher", "FlyingFox", "FlyingSocks", "Foundation",
        "Glibc", "Synchronization",
    ],
    "OctavoCLI": [
        "OctavoBase", "OctavoNumerics", "OctavoCheckpoint", "OctavoModel", "OctavoQuantizer",
        "OctavoContainer", "OctavoHub", "OctavoHubServer", "OctavoPublisher", "OctavoServer",
        "ArgumentParser",
        "Foundation", "Glibc",
        "Dispatch", "Synchronization",
    ],
]

/// Modules written in C or only mapped from the system.
private let foreign: Set<String> = ["CKernels", "CCurl", "CCrypto", "COpenBLAS", "CPCRE2", "CZstd"]

@Suite("Layout of the sources")
struct ImportTests {
    @Test("every module stands in the import table")
    func modulesAreKnown() throws {
        let modules = try FileManager.default.contentsOfDirectory(atPath: packageRoot + "/Sources")
        #expect(Set(modules) == Set(allowed.keys).union(foreign))
    }

    @Test("a module imports only what the design allows", arguments: allowed.keys.sorted())
    func importsAreAllowed(module: String) throws {
        let permitted = try #require(allowed[module])
        for file in try sourceFiles(below: "Sources/" + module) {
            for name in importedModules(in: file.text) {
                #expect(permitted.contains(name), "\(file.path) imports \(name)")
            }
        }
    }

    @Test(
        "what reads an import line reads every spelling of it",
        arguments: [
            ("import Glibc", "Glibc"), ("public import OctavoBase", "OctavoBase"),
            ("@testable import OctavoHub", "OctavoHub"),
            ("import struct Foundation.Data", "Foundation"),
            ("@preconcurrency private import CCurl", "CCurl"),
            ("    import Yams  // why", "Yams"),
        ]
    )
    func readsImports(line: String, module: String) {
        #expect(importedModules(in: line) == [module])
    }
}

/// The modules that a file's import lines name.
private func importedModules(in text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
        let code = line.split(separator: "//", omittingEmptySubsequences: false).first ?? ""
        let words = code.split(separator: " ").map(String.init)
        guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
        let modifiers: Set = ["public", "package", "internal", "private", "fileprivate"]
        guard words[..<at].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else {
            return nil
        }
        let kinds: Set = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
        let named =
            kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
        return named.split(separator: ".").first.map(String.init)
    }
}
