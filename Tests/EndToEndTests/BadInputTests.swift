import OctavoBase
import OctavoTestSupport
import Testing

/// An input that will not do: how it is made, what is asked of it, and what the error must say.
struct BadInput: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let command: String
    let reason: String
    let make: @Sendable (Sandbox) async throws -> Void

    init(
        _ description: String,
        _ command: String,
        says reason: String,
        make: @escaping @Sendable (Sandbox) async throws -> Void
    ) {
        testDescription = description
        self.command = command
        self.reason = reason
        self.make = make
    }
}

private let quantizeToOut = "quantize model out \(foldArguments)"
private let convertToOut = "convert model out --to safetensors --dtype f16"

/// Writes the small model with a file of it changed.
private func model(
    changing file: String,
    _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
) -> @Sendable (Sandbox) async throws -> Void {
    { box in
        try box.addModel()
        let path = box("model/" + file)
        try AtomicFile.write(change(try readFile(path)), to: path)
    }
}

/// Writes the small model without a file.
private func model(without file: String) -> @Sendable (Sandbox) async throws -> Void {
    { box in
        try box.addModel()
        try removeAll(box("model/" + file))
    }
}

/// Writes the small model with a text in its config.json replaced by another.
private func config(
    _ text: String,
    _ other: String
) -> @Sendable (Sandbox) async throws -> Void {
    model(changing: "config.json") {
        let (before, after) = (String(decoding: $0, as: UTF8.self), other)
        precondition(before.contains(text))
        return Array(before.replacing(text, with: after).utf8)
    }
}

/// Writes the small model with other numbers.
private func weights(
    _ change: @escaping @Sendable (inout [String: (shape: [Int], values: [Float])]) -> Void
) -> @Sendable (Sandbox) async throws -> Void {
    { box in
        var model = TinyModel.small
        model.change = change
        try model.write(to: box("model"))
    }
}

private let badInputs = [
    BadInput("nothing at the path", "inspect model", says: "model") { _ in },
    BadInput("an empty directory", convertToOut, says: "holds no model") {
        try makeDirectory($0("model"))
    },
    BadInput("a file that is no model", "inspect model", says: "holds no model") {
        try $0.add("model", "hello")
    },
    BadInput(
        "no config.json",
        quantizeToOut,
        says: "no config.json",
        make: model(without: "config.json")
    ),
    BadInput(
        "a config.json that is no JSON",
        quantizeToOut,
        says: "config.json is malformed",
        make: model(changing: "config.json") { $0.dropLast(8) }
    ),
    BadInput(
        "a cut safetensors file",
        convertToOut,
        says: "model.safetensors is no sound",
        make: model(changing: "model.safetensors") { $0.dropLast(1000) }
    ),
    BadInput(
        "a safetensors file cut in its header",
        quantizeToOut,
        says: "model.safetensors is no sound",
        make: model(changing: "model.safetensors") { Array($0.prefix(100)) }
    ),
    BadInput(
        "an empty safetensors file",
        quantizeToOut,
        says: "model.safetensors is no sound",
        make: model(changing: "model.safetensors") { _ in [] }
    ),
    BadInput(
        "a header length beyond all memory",
        convertToOut,
        says: "model.safetensors is no sound",
        make: model(changing: "model.safetensors") {
            [UInt8](repeating: 0xFF, count: 8) + $0.dropFirst(8)
        }
    ),
    BadInput("a shard that is missing", convertToOut, says: "is not there") { box in
        try box.addModel("whole")
        try await box.succeed("convert whole model --to safetensors --max-shard-size 20KB")
        let shard = try directoryEntries(box("model")).first { $0.hasPrefix("model-00002-of-") }
        try removeAll(box("model/" + (try #require(shard))))
    },
    BadInput(
        "an unknown family",
        quantizeToOut,
        says: "mamba",
        make: config("\"model_type\": \"llama\"", "\"model_type\": \"mamba\"")
    ),
    BadInput(
        "a configuration for other tensors",
        quantizeToOut,
        says: "expected",
        make: config("\"intermediate_size\": 64", "\"intermediate_size\": 72")
    ),
    BadInput(
        "more blocks than there are tensors for",
        quantizeToOut,
        says: "model.layers.2",
        make: config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")
    ),
    BadInput(
        "an activation that is not implemented",
        quantizeToOut,
        says: "hidden_act",
        make: config("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"")
    ),
    BadInput(
        "a weight that is no number",
        quantizeToOut,
        says: "model.layers.1.mlp.up_proj",
        make: weights { $0["model.layers.1.mlp.up_proj.weight"]?.values[7] = .nan }
    ),
    BadInput(
        "a norm that is infinite",
        quantizeToOut,
        says: "model.norm.weight",
        make: weights { $0["model.norm.weight"]?.values[0] = .infinity }
    ),
    BadInput(
        "a group size that does not divide",
        "quantize model out --scheme 2x8g24",
        says: "groups of 24"
    ) {
        try $0.addModel()
    },
    BadInput(
        "groups smaller than are searched",
        "quantize model out --scheme 1x4g2",
        says: "groups of 2; expected 4 to 32"
    ) { try $0.addModel() },
    BadInput(
        "tuning towards what is not followed",
        "quantize model out --scheme 2x4g8 --targets weights --block-tuning-epochs 1",
        says: "tuned towards the original"
    ) { try $0.addModel() },
    BadInput(
        "an exception that means nothing",
        "quantize model out --scheme 2x4g8 --except *.w_proj=dense",
        says: "matches no linear"
    ) { try $0.addModel() },
    BadInput(
        "an exception that the layout cannot hold",
        "quantize model out --scheme 2x4g8 --except *.q_proj=1x4g8",
        says: "one scheme for all layers"
    ) { try $0.addModel() },
    BadInput(
        "sequences longer than the context",
        "quantize model out --scheme 2x4g8 --sequence-length 512 --tokens 512",
        says: "context of 256"
    ) { try $0.addModel() },
    BadInput(
        "fewer tokens than a sequence",
        "quantize model out --scheme 2x4g8 --sequence-length 64 --tokens 32",
        says: "at least one"
    ) { try $0.addModel() },
    BadInput("a model that is quantized already", quantizeToOut, says: "quantized already") {
        try await $0.addFolded("model")
    },
    BadInput(
        "no tokenizer",
        quantizeToOut,
        says: "tokenizer.json",
        make: model(without: "tokenizer.json")
    ),
    BadInput(
        "a tokenizer that is no JSON",
        quantizeToOut,
        says: "tokenizer.json",
        make: model(changing: "tokenizer.json") { $0.dropLast(30) }
    ),
    BadInput(
        "a GGUF file of another kind",
        "convert model.gguf out --to safetensors",
        says: "model.gguf"
    ) {
        try $0.add("model.gguf", "GGUX" + String(repeating: "\0", count: 60))
    },
    BadInput("an empty GGUF file", "convert model.gguf out --to safetensors", says: "model.gguf") {
        try $0.add("model.gguf", "")
    },
    BadInput("tokens beyond the vocabulary", "evaluate model --tokens ids.json", says: "258") {
        try $0.addModel()
        try $0.add("ids.json", "[1, 258]")
    },
    BadInput("tokens below zero", "evaluate model --tokens ids.json --logits out", says: "-1") {
        try $0.addModel()
        try $0.add("ids.json", "[1, -1]")
    },
    BadInput("tokens that are none", "evaluate model --tokens ids.json", says: "ids.json is not") {
        try $0.addModel()
        try $0.add("ids.json", "[1, 2.5]")
    },
    BadInput(
        "a text shorter than a window",
        "evaluate model --text text.txt",
        says: "at least 2048"
    ) {
        try $0.addModel()
        try $0.add("text.txt", "short")
    },
    BadInput("a task that is none", "evaluate model --task t.jsonl", says: "t.jsonl, line 1") {
        try $0.addModel()
        try $0.add("t.jsonl", "{\"query\": \"a\"}")
    },
    BadInput("a measurement that is none", "card model --evaluation m.json", says: "m.json") {
        box in
        try await box.addFolded("model")
        try box.add("m.json", "{\"format\": \"octavo-measurements/1\"}")
    },
    BadInput("a card without a record", "card model --output out", says: "octavo.json") {
        try $0.addModel()
    },
    BadInput("a record that lies", "card model --output out", says: "octavo.json") { box in
        try await box.addFolded("model")
        try box.add("model/octavo.json", "{\"format\": \"octavo-artifact/1\"}")
    },
]

@Suite("Bad input")
struct BadInputTests {
    @Test("is named, ends with 1 and leaves nothing behind", arguments: badInputs)
    func isRefused(input: BadInput) async throws {
        try await withSandbox { box in
            try await input.make(box)
            let before = try directoryEntries(box.path)
            let notes = try await box.fail(input.command)
            #expect(notes.contains(input.reason), "\(notes)")
            // A quantization may keep its journal, to be resumed; never anything else.
            let left = try box.entries(except: Set(before))
            #expect(
                left == [] || left == ["out.partial"] && input.command.hasPrefix("quantize"),
                "\(left)"
            )
            if left != [] { #expect(fileKind(box("out.partial/journal.json")) == .file) }
        }
    }

    @Test("what is there already is never overwritten", arguments: [convertToOut, quantizeToOut])
    func refusesExisting(command: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            try write(["precious.txt": Array("mine".utf8)], to: box("out"))
            let notes = try await box.fail(command)
            #expect(notes.contains("out exists already"))
            #expect(try contents(of: box("out")) == ["precious.txt": Array("mine".utf8)])
            #expect(try box.entries(except: ["model", "out"]) == [])
            // An empty directory is nothing, and may be filled.
            try removeAll(box("out/precious.txt"))
            try await box.succeed(command)
        }
    }

    @Test("a conversion does not sweep away an unfinished quantization of the same name")
    func keepsUnfinishedWork() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.leaveUnfinished(quantizeToOut)
            let notes = try await box.fail(convertToOut)
            #expect(notes.contains("out.partial"))
            try await box.succeed(quantizeToOut + " --resume")
        }
    }
}
