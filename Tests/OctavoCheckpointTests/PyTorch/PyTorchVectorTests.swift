import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Files of PyTorch that lie, each with its error; the script beside them puts them together.
@Suite
struct PyTorchVectorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let error: String?
    }

    static func vectors() throws -> [Vector] {
        let path = packageRoot + "/formats/vectors/invalid/pytorch/files.json"
        return try #require(JSON(parsing: try readFile(path)).array).map { item in
            Vector(
                testDescription: try item.string("name"),
                bytes: try item.bytes("file"),
                error: item["error"]?.string
            )
        }
    }

    @Test(arguments: try vectors())
    func eachLieHasItsError(_ vector: Vector) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/m.bin"
            try AtomicFile.write(vector.bytes, to: path)
            let file = try MappedFile(path)
            var found: String?
            do throws(PyTorchError) { _ = try PyTorchFile(file) } catch {
                found = "\(error)"
            }
            #expect(found == vector.error)
        }
    }

    @Test
    func everyPrefixOfASoundFileIsRefused() async throws {
        let sound = try #require(try Self.vectors().first)
        #expect(sound.error == nil)
        try await withTemporaryDirectory { directory in
            for length in 0..<sound.bytes.count {
                let path = directory + "/\(length).bin"
                try AtomicFile.write(Array(sound.bytes[..<length]), to: path)
                #expect(throws: CheckpointError.self) { try Checkpoint(path) }
            }
        }
    }

    /// Pickles at the limits, which are too large to be written down.
    @Test
    func picklesBeyondTheLimitsAreRefused() {
        func reason(_ pickle: [UInt8]) -> PickleError.Reason? {
            do throws(PickleError) {
                var unpickler = Unpickler(pickle.span.bytes)
                _ = try unpickler.load()
                return nil
            } catch { return error.reason }
        }
        let begin: [UInt8] = [0x80, 2]
        let size = Unpickler.longest + 1
        #expect(reason([UInt8](repeating: 0x4E, count: size)) == .tooLarge(size))
        // NONE, again and again; MARK likewise.
        #expect(reason(begin + [UInt8](repeating: 0x4E, count: 100_001)) == .tooDeep)
        #expect(reason(begin + [UInt8](repeating: 0x28, count: 100_001)) == .tooDeep)
        // A tuple of a tuple of a tuple: as deep as it gets, and taken apart without recursion.
        let nested = begin + [0x4E] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E]
        #expect(reason(nested) == nil)
        let endless = begin + [0x4E] + [UInt8](repeating: 0x85, count: 8_000_000)
        #expect(reason(endless) == .tooManyInstructions)
    }
}
