import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// The published vectors are the tables of the GGUF tests, written out for other implementations.
@Suite
struct GGUFVectorTests {
    @Test(arguments: ["gguf", "invalid/gguf/container", "invalid/gguf/model"])
    func vectorsAreCurrent(_ name: String) throws {
        let files = GGUFBatteryTests.files
        let cases: [(name: String, bytes: [UInt8], error: String?)] =
            switch name {
            case "gguf":
                files.filter { $0.error == nil }.map { ($0.testDescription, $0.bytes, nil) }
            case "invalid/gguf/container":
                files.filter { $0.error != nil }.map {
                    ($0.testDescription, $0.bytes, $0.error?.description)
                }
            default:
                HandMadeModel.all.map { ($0.testDescription, $0.bytes, $0.error.description) }
            }
        let items = cases.map { item -> JSON in
            .object([
                "name": .string(item.name), "file": .string(hexadecimal(item.bytes)),
                "error": item.error.map(JSON.string) ?? .null,
            ])
        }
        let text = JSON.array(items).text(.pretty)
        let path = packageRoot + "/formats/vectors/\(name).json"
        if ProcessInfo.processInfo.environment["OCTAVO_RECORD_VECTORS"] == "1" {
            try AtomicFile.write(text, to: path)
        }
        #expect(try readFile(path) == Array(text.utf8))
        #expect(Set(cases.map(\.name)).count == cases.count)
    }
}
