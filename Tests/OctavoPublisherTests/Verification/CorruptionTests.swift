import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// One fault of a published artifact: the first level that must find it, and what that must say.
struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The first level that fails.
    let level: VerificationLevel
    /// A part of what a check of that level says.
    let words: String
    /// Whether the signature is fresh: made after the fault, by the publisher.
    let isSigned: Bool
    let spoil: @Sendable (PublishedPlace) throws -> Void

    init(
        _ description: String,
        _ level: VerificationLevel,
        _ words: String,
        signed: Bool = false,
        _ spoil: @escaping @Sendable (PublishedPlace) throws -> Void
    ) {
        testDescription = description
        self.level = level
        self.words = words
        isSigned = signed
        self.spoil = spoil
    }
}

@Suite("Single faults of a published artifact")
struct CorruptionTests {
    static let faults =
        bitFaults + fileFaults + configFaults + forgedRecords + tensorFaults + signatureFaults

    @Test("the published artifact itself holds on all levels")
    func holds() async throws {
        try await withPublished { place in
            let report = try place.verified()
            #expect(report.failures == [])
            for level in VerificationLevel.allCases {
                #expect(report.outcome(of: level) == .passed, "\(level)")
            }
            #expect(report.signer == place.published.key.publicKey.fingerprint.hex)
        }
    }

    @Test("there are at least sixty, each of its own name")
    func isMany() {
        #expect(Self.faults.count >= 60)
        #expect(Set(Self.faults.map(\.testDescription)).count == Self.faults.count)
    }

    @Test("each is caught by the right level with the right words", arguments: faults)
    func isCaught(fault: Fault) async throws {
        try await withPublished { place in
            try fault.spoil(place)
            if fault.isSigned {
                _ = try signModel(place.model, with: SigningKey(place.published.key))
            }
            let report = try place.verified()
            #expect(report.firstFailure == fault.level, "\(report.failures)")
            let found = report.checks.filter { $0.level == fault.level && $0.outcome == .failed }
            #expect(
                found.contains { check in check.problems.contains { $0.contains(fault.words) } },
                "\(report.failures)"
            )
            // Whatever the first level is: that it is not what was signed is found as well.
            if !fault.isSigned { #expect(report.outcome(of: .origin) == .failed) }
        }
    }
}

/// A bit of each file, at its beginning, in its middle and at its end.
private let bitFaults: [Fault] =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ].flatMap { file in
        [("first", 0.0), ("middle", 0.5), ("last", 1.0)].map { name, place in
            Fault("a bit in the \(name) byte of \(file)", .bytes, "\(file) has sha256") {
                try $0.change(file) { bytes in
                    bytes[Int(place * Double(bytes.count - 1))] ^= 0x01
                }
            }
        }
    } + [
        Fault("a bit in the middle of README.md", .origin, "README.md has sha256") {
            try $0.change("README.md") { $0[$0.count / 2] ^= 1 }
        },
        Fault("a bit in octavo.json's version", .origin, "octavo.json has sha256") {
            try $0.replace("octavo.json", "\"version\": \"0", with: "\"version\": \"1")
        },
        Fault("a bit in octavo.json's structure", .bytes, "octavo.json") {
            try $0.change("octavo.json") { $0[0] ^= 1 }
        },
    ]

private let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]

/// Files that are missing, exchanged, cut off, in excess or elsewhere.
private let fileFaults: [Fault] =
    ["config.json", "tokenizer.json", shards[0], "model.safetensors.index.json"].map { file in
        Fault("\(file) missing", .bytes, "\(file) is missing") { try removeAll($0(file)) }
    } + [
        Fault("README.md missing", .origin, "README.md is missing") {
            try removeAll($0("README.md"))
        },
        Fault("octavo.json missing", .origin, "octavo.json is missing") {
            try removeAll($0("octavo.json"))
        },
        Fault("shards swapped", .bytes, "\(shards[0]) has") { place in
            let (a, b) = (try readFile(place(shards[0])), try readFile(place(shards[1])))
            try AtomicFile.write(b, to: place(shards[0]))
            try AtomicFile.write(a, to: place(shards[1]))
        },
        Fault("a shard in the other's place", .bytes, "\(shards[1]) has") {
            try AtomicFile.write(readFile($0(shards[0])), to: $0(shards[1]))
        },
        Fault("a shard's last byte cut off", .bytes, "bytes, expected") {
            try $0.change(shards[1]) { $0.removeLast() }
        },
        Fault("a shard's tail cut off", .bytes, "bytes, expected") {
            try $0.change(shards[1]) { $0.removeLast($0.count / 2) }
        },
        Fault("a shard emptied", .bytes, "has 0 bytes, expected") {
            try $0.change(shards[0]) { $0 = [] }
        },
        Fault("a byte more", .bytes, "tokenizer.json has") {
            try $0.change("tokenizer.json") { $0.append(0x0A) }
        },
        Fault("code beside the model", .bytes, "modeling_llama.py is not in the record") {
            try AtomicFile.write("import os", to: $0("modeling_llama.py"))
        },
        Fault("a hidden file in a folder", .bytes, "extra/.hidden is not in the record") {
            try write(["extra/.hidden": [1]], to: $0.model)
        },
        Fault("weights of another format", .bytes, "pytorch_model.bin is not in the record") {
            try AtomicFile.write([1, 2, 3], to: $0("pytorch_model.bin"))
        },
        Fault("a link out of the model", .bytes, "config.json is a link out of the model") {
            try $0.linkElsewhere("config.json")
        },
        Fault("the card a link out of the model", .bytes, "README.md is a link out of the model") {
            try $0.linkElsewhere("README.md")
        },
        Fault("a link to nothing", .bytes, "tokenizer.json is missing") {
            try removeAll($0("tokenizer.json"))
            try link($0("tokenizer.json"), to: "nowhere")
        },
        Fault("a folder in a file's place", .bytes, "config.json is missing") {
            try removeAll($0("config.json"))
            try makeDirectory($0("config.json"))
        },
        Fault("a folder linked into the model", .bytes, "more is not in the record") {
            try makeDirectory(joined($0.path, "more"))
            try link($0("more"), to: joined($0.path, "more"))
        },
    ]

/// Settings that are edited: the record tells by the digest; with the digest exchanged too, the signature does.
private let configFaults: [Fault] = [
    ("rms_norm_eps", "1e-05", "1e-06"), ("rope_theta", "10000.0", "20000.0"),
    ("num_hidden_layers", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
    ("hidden_act", "silu", "gelu"), ("eos_token_id", "\"eos_token_id\": 1", "\"eos_token_id\": 2"),
    ("nbits_per_codebook", "\"nbits_per_codebook\": 4", "\"nbits_per_codebook\": 5"),
].flatMap { key, old, new in
    [
        Fault("config.json's \(key) edited", .bytes, "config.json has sha256") {
            try $0.replace("config.json", old, with: new)
        }
    ]
}

/// Changes that whoever made them wrote into the record too, so that all digests are right.
private let forgedRecords: [Fault] = [
    Fault("a norm's epsilon, record edited to match", .origin, "config.json has sha256") {
        try $0.replace("config.json", "1e-05", with: "1e-06")
        try $0.recordAnew("config.json")
    },
    Fault("a file more, record edited to match", .origin, "notes.txt is not signed") {
        try AtomicFile.write("x", to: $0("notes.txt"))
        try $0.recordAnew("notes.txt")
    },
    Fault("a rotary base, signed anew by the publisher", .behaviour, "logits' spread", signed: true)
    {
        try $0.replace("config.json", "10000.0", with: "20.0")
        try $0.recordAnew("config.json")
    },
    Fault(
        "a layer fewer, signed anew",
        .structure,
        "none that the configuration knows",
        signed: true
    ) {
        try $0.replace(
            "config.json",
            "\"num_hidden_layers\": 2",
            with: "\"num_hidden_layers\": 1"
        )
        try $0.recordAnew("config.json")
    },
    Fault("another width, signed anew", .structure, "expected", signed: true) {
        try $0.replace(
            "config.json",
            "\"intermediate_size\": 64",
            with: "\"intermediate_size\": 32"
        )
        try $0.recordAnew("config.json")
    },
    Fault("a configuration that is no JSON, signed anew", .structure, "config.json", signed: true) {
        try $0.change("config.json") { $0.removeLast($0.count / 2) }
        try $0.recordAnew("config.json")
    },
    Fault("a stale probe, signed anew", .behaviour, "recorded answers", signed: true) {
        try $0.editRecord { $0.probe[0].logits[0] += 1 }
    },
    Fault("a probe of other tokens, signed anew", .behaviour, "recorded answers", signed: true) {
        try $0.editRecord { $0.probe[0].tokens[0] += 1 }
    },
    Fault("a probe of tokens that there are not, signed anew", .behaviour, "inf", signed: true) {
        try $0.editRecord { $0.probe[1].tokens = [1 << 40] }
    },
    Fault("another digest in the record, signed anew", .bytes, "has sha256", signed: true) {
        try $0.editRecord { $0.files[0].digest = Digest(of: "") }
    },
    Fault("a path out of the model in the record, signed anew", .bytes, "leads out", signed: true) {
        try $0.editRecord {
            $0.files.append(FileRecord(path: "../x", size: 0, digest: Digest(of: "")))
        }
    },
]

/// Tensors that are other than they were, with every digest right and signed anew: the fault is the publisher's.
private let tensorFaults: [Fault] = [
    Fault("a code out of its range", .structure, "none of 4 bits", signed: true) {
        try $0.forge("model.layers.0.mlp.up_proj.codes") { $0[0] = 0x7F }
    },
    Fault("an infinite scale", .structure, "not finite", signed: true) {
        try $0.forge("model.layers.0.mlp.up_proj.scales") {
            $0.replaceSubrange(0..<2, with: [0x00, 0x7C])
        }
    },
    Fault("a codebook entry that is no number", .structure, "not finite", signed: true) {
        try $0.forge("model.layers.1.mlp.down_proj.codebooks") { $0[1] = 0x7E }
    },
    Fault("doubled scales", .behaviour, "logits' spread", signed: true) {
        try $0.forge("model.layers.0.self_attn.v_proj.scales") { bytes in
            for index in stride(from: 1, to: bytes.count, by: 2) { bytes[index] += 4 }
        }
    },
    Fault("exchanged codes", .behaviour, "logits' spread", signed: true) {
        try $0.forge("model.layers.0.self_attn.q_proj.codes") { $0.reverse() }
    },
    Fault("a norm of zeros", .behaviour, "logits' spread", signed: true) {
        try $0.forge("model.norm.weight") { $0 = [UInt8](repeating: 0, count: $0.count) }
    },
    Fault("a tensor renamed", .structure, "model.layers.0.input_layernorm.weighs", signed: true) {
        let (old, new) = (
            "model.layers.0.input_layernorm.weight", "model.layers.0.input_layernorm.weighs"
        )
        for file in shards + ["model.safetensors.index.json"] {
            try $0.replace(file, old, with: new)
            try $0.recordAnew(file)
        }
        try $0.editRecord { record in
            for index in record.tensors.indices where record.tensors[index].name == old {
                record.tensors[index].name = new
            }
        }
    },
]
