import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoContainer

/// The containers under formats/vectors, which a script of its own puts together.
@Suite
struct VectorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        /// The rule that refuses it, as in `C6`.
        let error: String?
        /// Whether it is refused on opening; otherwise on verifying.
        let isRefusedAtOnce: Bool
        let id: String?
        let files: [String: String]
    }

    static func vectors(_ name: String) throws -> [Vector] {
        let path = packageRoot + "/formats/vectors/\(name).json"
        return try #require(JSON(parsing: readFile(path)).array).map { item in
            Vector(
                testDescription: try #require(item["name"]?.string),
                bytes: try #require(item["file"]?.string.flatMap(bytesOfHex)),
                error: item["error"]?.string,
                isRefusedAtOnce: item["stage"] == "open",
                id: item["id"]?.string,
                files: Dictionary(
                    uniqueKeysWithValues: (item["files"]?.object ?? JSONObject()).map {
                        ($0.key, $0.value.string ?? "")
                    }
                )
            )
        }
    }

    static let invalid = "invalid/aqlm-container/files"

    @Test(arguments: try vectors("aqlm-container"))
    func soundOnesHoldTheirFiles(_ vector: Vector) async throws {
        try await withContainer(vector.bytes) { file in
            let container = try ContainerFile(file)
            #expect(container.id.hex == vector.id)
            var found: [String: String] = [:]
            for contained in container.header.files {
                found[contained.path] =
                    Digest(of: try container.bytes(of: contained, limit: 1 << 20)).hex
            }
            #expect(found == vector.files)
            try container.verifyBytes(threads: 2)
            try container.verifyParts(threads: 2)
        }
    }

    @Test(arguments: try vectors(invalid))
    func eachLieHasItsError(_ vector: Vector) async throws {
        let error = try await firstError(vector.bytes)
        #expect(error.map { "C\($0.error.rule.rawValue)" } == vector.error, "\(error as Any)")
        #expect(error?.isOnOpening == vector.isRefusedAtOnce)
    }

    @Test("page, rules, vectors and their names agree")
    func everyRuleIsEverywhere() throws {
        let page = try String(
            contentsOfFile: packageRoot + "/formats/aqlm-container.md",
            encoding: .utf8
        )
        let onPage = page.matches(of: /- \*\*C([0-9]+)\*\*/).compactMap { Int($0.1) }
        let vectors = try Self.vectors(Self.invalid)
        let broken = Set(vectors.compactMap { $0.error.flatMap { Int($0.dropFirst()) } })
        let rules = ContainerRule.allCases.map(\.rawValue)
        #expect(onPage == rules)
        #expect(broken.sorted() == rules)
        let names = vectors.map(\.testDescription)
        #expect(Set(names).count == names.count)
        for vector in vectors {
            #expect(vector.testDescription.hasPrefix(try #require(vector.error) + " "))
        }
    }

    @Test("the header's schema names the members that are read")
    func schemaIsJSON() throws {
        let path = packageRoot + "/formats/aqlm-container.schema.json"
        let schema = try JSON(parsing: readFile(path))
        let required = schema["required"]?.array?.compactMap(\.string)
        #expect(required == ["files", "leaves", "requires"])
    }
}
