import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// The published vectors are the tables of these tests, written out for other implementations.
@Suite
struct VectorTests {
    @Test
    func safetensorsVectorsAreCurrent() throws {
        let files = SafetensorsBatteryTests.files.map {
            (name: $0.testDescription, bytes: $0.bytes, error: $0.error?.description)
        }
        try compare("safetensors", files.filter { $0.error == nil })
        try compare("invalid/safetensors/files", files.filter { $0.error != nil })
    }

    private func compare(
        _ format: String,
        _ cases: [(name: String, bytes: [UInt8], error: String?)]
    ) throws {
        let items = cases.map { item -> JSON in
            .object([
                "name": .string(item.name), "file": .string(hexadecimal(item.bytes)),
                "error": item.error.map(JSON.string) ?? .null,
            ])
        }
        let text = JSON.array(items).text(.pretty)
        let path = packageRoot + "/formats/vectors/\(format).json"
        if ProcessInfo.processInfo.environment["OCTAVO_RECORD_VECTORS"] == "1" {
            try AtomicFile.write(text, to: path)
        }
        #expect(try readFile(path) == Array(text.utf8))
        #expect(Set(cases.map(\.name)).count == cases.count)
    }
}
