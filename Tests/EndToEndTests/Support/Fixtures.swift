import OctavoBase
import OctavoTestSupport
import Testing

/// The arguments with which tests fold a model, in little time.
let foldArguments = "--scheme 2x4g8 --tokens 512 --sequence-length 32 --threads 2"

/// What many tests begin with, made once by the binary and kept in memory: `model`, small, and
/// `folded`, made of it.
private let made = Task {
    try await withTemporaryDirectory { directory in
        let box = Sandbox(path: directory)
        try TinyModel.small.write(to: box("model"))
        try await box.succeed("quantize model folded \(foldArguments)")
        return (model: try contents(of: box("model")), folded: try contents(of: box("folded")))
    }
}

extension Sandbox {
    /// Writes a small model.
    func addModel(_ name: String = "model") throws { try TinyModel.small.write(to: self(name)) }

    /// Writes what folding the small model gives.
    func addFolded(_ name: String = "folded") async throws {
        try write(try await made.value.folded, to: self(name))
    }

    /// Writes a text.
    func add(_ name: String, _ text: String) throws { try AtomicFile.write(text, to: self(name)) }

    /// Everything in the sandbox but what belongs to the input.
    func entries(except names: Set<String>) throws -> [String] {
        try directoryEntries(path).filter { !names.contains($0) }
    }
}
