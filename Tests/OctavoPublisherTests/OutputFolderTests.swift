import OctavoBase
@testable import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("The folder that an output is written to")
struct OutputFolderTests {
    private let options = ConversionOptions(target: .safetensors, dtype: .f16)

    @Test("the folder has its name only when it is whole")
    func appearsWhole() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            let files = try convert(model, to: place.output, options) { _ in
                #expect(fileKind(place.output) == nil)
                #expect(fileKind(place.partial) == .directory)
            }
            #expect(try directoryEntries(place.output) == files.sorted())
            #expect(fileKind(place.partial) == nil)
        }
    }

    @Test("a name that ends in a slash is the same, and folders above are made")
    func acceptsSlash() async throws {
        try await withModels { place in
            let above = joined(place.path, "a/b")
            _ = try convert(OpenModel(place.model), to: above + "/out/", options)
            #expect(try directoryEntries(above) == ["out"])
        }
    }

    @Test("the rest of an interrupted conversion does not get into the next one")
    func sweepsRest() async throws {
        try await withModels { place in
            try write([".octavo-lock": [], "old.safetensors": [1]], to: place.partial)
            _ = try convert(OpenModel(place.model), to: place.output, options)
            #expect(!(try directoryEntries(place.output).contains("old.safetensors")))
            #expect(fileKind(place.partial) == nil)
        }
    }

    @Test("what stands in the way is named and left alone")
    func refusesOccupied() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            try AtomicFile.write("a file", to: place.output)
            #expect(throws: OutputError.exists(place.output)) {
                try convert(model, to: place.output, options)
            }
            #expect(try readFile(place.output) == Array("a file".utf8))
            try removeAll(place.output)
            try write([".octavo-lock": [], "journal.json": Array("{}".utf8)], to: place.partial)
            #expect(throws: OutputError.unfinished(place.partial)) {
                try convert(model, to: place.output, options)
            }
            #expect(try directoryEntries(place.partial) == [".octavo-lock", "journal.json"])
            try removeAll(place.partial)
            // Without the lock file the folder is somebody else's.
            try write(["theirs": [1]], to: place.partial)
            #expect(throws: OutputError.exists(place.partial)) {
                try convert(model, to: place.output, options)
            }
            #expect(try directoryEntries(place.partial) == ["theirs"])
        }
    }

    @Test("one process at a time works on an output")
    func refusesCompany() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            try makeDirectory(place.partial)
            let lock = try DirectoryLock(place.partial, file: ".octavo-lock")
            #expect(throws: OutputError.inUse(place.partial)) {
                try convert(model, to: place.output, options)
            }
            lock.release()
            _ = try convert(model, to: place.output, options)
        }
    }

    @Test("what was there when the work ended is not replaced either")
    func refusesLateArrival() async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            #expect(throws: OutputError.exists(place.output)) {
                try convert(model, to: place.output, options) { _ in
                    // Somebody else was faster.
                    try? write(["theirs": [1]], to: place.output)
                }
            }
            #expect(try directoryEntries(place.output) == ["theirs"])
            #expect(fileKind(place.partial) == nil)
        }
    }

    @Test("what can be no folder's name is refused", arguments: ["", "/", ".", "..", "a/..", "./"])
    func refusesNames(name: String) async throws {
        try await withModels { place in
            let model = try OpenModel(place.model)
            #expect(throws: OutputError.name(name)) { try convert(model, to: name, options) }
        }
    }
}
