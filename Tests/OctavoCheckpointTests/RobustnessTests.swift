import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Sound files, spoilt at random: reading them ends, with a model or with an error.
///
/// The generator is seeded, so that a file that crashes the reader does so every time.
@Suite
struct RobustnessTests {
    @Test
    func noChangedByteCrashesTheHeaderOfAGGUFFile() throws {
        var file = try readFile(fixture("tiny-llama.gguf"))
        let dataStart = try #require(GGUFHeader(file.span.bytes).tensors.first?.bytes.lowerBound)
        for i in 0..<dataStart {
            for bit in [UInt8(1), 0x80] {
                file[i] ^= bit
                _ = try? GGUFHeader(file.span.bytes)
                file[i] ^= bit
            }
        }
        #expect(throws: Never.self) { try GGUFHeader(file.span.bytes) }
    }

    @Test(arguments: ["tiny-llama", "gguf/mixtral", "gguf/gemma3", "gguf/phi3"])
    func spoiltGGUFFilesAreReadOrRefused(name: String) async throws {
        let whole = try readFile(fixture("\(name).gguf"))
        let header = try GGUFHeader(whole.span.bytes)
        let dataStart = try #require(header.tensors.first?.bytes.lowerBound)
        try await readSpoilt(whole, upTo: dataStart, as: "m.gguf", seed: 1, rounds: 700) { path in
            let checkpoint = try Checkpoint(path)
            let metadata = try #require(checkpoint.ggufMetadata)
            _ = try? GGUFVocabulary(metadata).tokenizer()
            for tensor in checkpoint.tensors { _ = try? tensor.floats() }
        }
    }

    @Test
    func spoiltSafetensorsFilesAreReadOrRefused() async throws {
        let (whole, dataStart) = try await withTemporaryDirectory { directory in
            let path = directory + "/model.safetensors"
            try Self.writeTensors(to: path)
            let file = try SafetensorsFile(MappedFile(path))
            return (file.file.bytes.array, try #require(file.tensors.first?.bytes.lowerBound))
        }
        try await readSpoilt(whole, upTo: dataStart, as: "m.safetensors", seed: 2) { path in
            let checkpoint = try Checkpoint(path)
            for tensor in checkpoint.tensors {
                _ = try? tensor.floats()
                _ = try? tensor.integers()
            }
        }
    }

    @Test
    func spoiltConfigurationsAreReadOrRefused() async throws {
        let config = """
            {"model_type": "llama", "rope_scaling": {"factor": 8.0, "type": "linear"},
             "quantization_config": {"quant_method": "aqlm", "num_codebooks": 1, "in_group_size": 8,
              "nbits_per_codebook": 8, "linear_weights_not_to_quantize": ["lm_head.weight"]}}
            """
        try await readSpoilt(Array(config.utf8), as: "config.json", seed: 3) { path in
            let directory = parent(of: path)
            if fileKind(directory + "/model.safetensors") == nil {
                try Self.writeTensors(to: directory + "/model.safetensors")
            }
            let checkpoint = try Checkpoint(directory)
            _ = AQLMLayout.isDeclared(by: checkpoint)
            let layout = try AQLMLayout(checkpoint)
            for module in layout.modules { _ = try layout.tensors(of: module) }
        }
    }

    @Test(arguments: ["gpt2", "llama3", "prefix", "gemma", "odd", "unigram-bytes"])
    func spoiltTokenizersAreReadOrRefused(name: String) async throws {
        let whole = try readFile(fixture("tokenizer/\(name)/tokenizer.json"))
        try await readSpoilt(whole, as: "tokenizer.json", seed: 4, rounds: 300) { path in
            let tokenizer = try Tokenizer(json: JSON(parsing: readFile(path)))
            let ids = try tokenizer.encode("Hello <s> \u{E9}\n 123", addSpecialTokens: true)
            _ = try tokenizer.decode(ids, skipSpecialTokens: false)
        }
    }

    @Test(arguments: ["bpe", "bpe-rules", "unigram"])
    func spoiltSentencePieceModelsAreReadOrRefused(name: String) async throws {
        let whole = try readFile(fixture("tokenizer/sentencepiece/\(name).model"))
        try await readSpoilt(whole, as: "tokenizer.model", seed: 5, rounds: 600) { path in
            let tokenizer = try Tokenizer(sentencePiece: readFile(path))
            let ids = try tokenizer.encode("Hello <s> \u{E9}\n 123", addSpecialTokens: true)
            _ = try tokenizer.decode(ids, skipSpecialTokens: false)
        }
    }

    /// A linear in the AQLM layout and a dense one.
    private static func writeTensors(to path: String) throws {
        let plans: [(String, DType, [Int])] = [
            ("l.codes", .i8, [2, 1, 1]), ("l.codebooks", .f16, [1, 256, 1, 8]),
            ("l.scales", .f16, [2, 1, 1, 1]), ("lm_head.weight", .bf16, [2, 4]),
        ]
        var writer = try SafetensorsWriter(
            path,
            tensors: plans.compactMap { TensorPlan(name: $0, dtype: $1, shape: $2) }
        )
        while let plan = writer.next {
            let bytes = [UInt8](repeating: 1, count: plan.byteCount)
            try writer.write(bytes)
        }
        _ = try writer.finish()
    }

    /// Spoils a file again and again within its first `end` bytes, and reads it each time.
    private func readSpoilt(
        _ whole: [UInt8],
        upTo end: Int? = nil,
        as name: String,
        seed: UInt64,
        rounds: Int = 2000,
        _ read: (String) throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/" + name
            var generator = SeededGenerator(seed: seed)
            var accepted = 0
            for _ in 0..<rounds {
                let file = spoilt(whole, upTo: end ?? whole.count, &generator)
                // Not through AtomicFile, which waits for the disk.
                let descriptor = creat(path, 0o600)
                try writeAll(file.span.bytes, to: descriptor, path: path)
                close(descriptor)
                do {
                    try read(path)
                    accepted += 1
                } catch {}
            }
            // Were all read, or none, then nothing would have been tried.
            #expect(accepted > 0 && accepted < rounds)
        }
    }
}

/// A copy of a file with one to three changes within its first `end` bytes.
private func spoilt(
    _ whole: [UInt8],
    upTo end: Int,
    _ generator: inout SeededGenerator
) -> [UInt8] {
    var file = whole
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<max(1, min(end, file.count)), using: &generator)
        guard place < file.count else { break }
        let stop = min(file.count, place + Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: file[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: file.removeSubrange(place..<stop)
        case 3: file.insert(contentsOf: file[place..<stop], at: place)
        case 4: file.removeSubrange(place...)
        case 5:
            let number = extremes[Int.random(in: 0..<extremes.count, using: &generator)]
            let bytes = littleEndian(number)
            for (at, byte) in zip(place..<file.count, bytes) { file[at] = byte }
        default:
            // The number in a text that comes next.
            guard let first = file[place...].firstIndex(where: isDigit) else { continue }
            let last = file[first...].firstIndex { !isDigit($0) } ?? file.count
            let number = spellings[Int.random(in: 0..<spellings.count, using: &generator)]
            file.replaceSubrange(first..<last, with: Array(number.utf8))
        }
    }
    return file
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Numbers at the edges of what readers count with.
private let extremes: [Int64] = [
    0, 1, -1, .max, .min, 1 << 31, 1 << 32 - 1, 1 << 48, 1 << 60, .max - 7,
]

private let spellings = [
    "0", "1", "-1", "4.0", "1e999", "9223372036854775807", "-9223372036854775808",
    "18446744073709551616", "281474976710656", "2147483648", "null", "[]", "\"x\"",
]
