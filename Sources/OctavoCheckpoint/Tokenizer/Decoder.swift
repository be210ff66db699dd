import OctavoBase

/// Puts the spellings of tokens together to text: steps, one after the other.
struct Decoder: Sendable {
    enum Step: Sendable {
        /// Each character of GPT-2's alphabet is its byte; all become one text.
        case byteLevel
        /// Runs of `<0x0A>` and the like become the bytes.
        case byteFallback
        /// All become one text.
        case fuse
        /// Takes a text off each spelling's ends, at most so many times.
        case strip(content: [UInt8], start: Int, stop: Int)
        case replace(Replacement)
        /// Marks become spaces; the first spelling may lose its own.
        case metaspace(Metaspace)
        /// As SentencePiece does.
        case sentencePiece(SentencePieceDecoder)
    }

    /// Without a decoder, spellings are joined by spaces.
    private let steps: [Step]?

    init(steps: [Step]) { self.steps = steps }

    /// Reads the `decoder` of a tokenizer file.
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        steps = try json.map { (json) throws(TokenizerError) in try Self.steps(json, path) }
    }

    private static func steps(_ json: JSON, _ path: String) throws(TokenizerError) -> [Step] {
        var fields = try TokenizerFields(json, path)
        let type = try fields.string("type")
        var steps: [Step] = []
        switch type {
        case "Sequence":
            for (index, item) in try fields.array("decoders").enumerated() {
                steps += try Self.steps(item, "\(path).decoders[\(index)]")
            }
        case "ByteLevel":
            fields.ignore("add_prefix_space", "trim_offsets", "use_regex")
            steps = [.byteLevel]
        case "ByteFallback": steps = [.byteFallback]
        case "Fuse": steps = [.fuse]
        case "Replace": steps = [.replace(try Replacement(&fields))]
        case "Metaspace": steps = [.metaspace(try Metaspace(&fields))]
        case "Strip":
            let content = try fields.string("content")
            guard content.unicodeScalars.count == 1 else {
                throw .unsupported(fields.name("content"), content)
            }
            let start = try fields.integer("start")
            let stop = try fields.integer("stop")
            steps = [.strip(content: Array(content.utf8), start: start, stop: stop)]
        default: throw .unsupported(fields.name("type"), type)
        }
        try fields.finish()
        return steps
    }

    /// The bytes of a text, of the spellings of its tokens.
    func decode(_ spellings: [[UInt8]]) throws(TokenizerError) -> [UInt8] {
        guard let steps else { return Array(spellings.joined(separator: [0x20])) }
        var parts = spellings
        for step in steps {
            switch step {
            case .byteLevel:
                // What is not UTF-8 is replaced here: a step that follows sees text.
                let bytes = parts.flatMap(bytesOfSpelling)
                parts = [Array(String(decoding: bytes, as: UTF8.self).utf8)]
            case .byteFallback: parts = joinedBytes(parts)
            case .fuse: parts = [parts.flatMap { $0 }]
            case .strip(let content, let start, let stop):
                parts = parts.map { stripped($0, content, start, stop) }
            case .replace(let replacement): try Self.replace(replacement, in: &parts)
            case .metaspace(let metaspace):
                for index in parts.indices {
                    let drops = index == 0 && metaspace.prepending != .never
                    let replacement = Replacement(
                        pattern: .text(metaspace.replacement),
                        content: drops ? [] : [0x20]
                    )
                    parts[index] = Array(try replacement.apply(parts[index][...]))
                }
            case .sentencePiece(let decoder): parts = [decoder.decode(parts)]
            }
        }
        return parts.flatMap { $0 }
    }

    private static func replace(
        _ replacement: Replacement,
        in parts: inout [[UInt8]]
    ) throws(TokenizerError) {
        for index in parts.indices {
            parts[index] = Array(try replacement.apply(parts[index][...]))
        }
    }

    /// The bytes of one token in the middle of a text, where nothing is taken off.
    func bytes(of spelling: [UInt8]) throws(TokenizerError) -> [UInt8] {
        var bytes = spelling
        for step in steps ?? [] {
            switch step {
            case .byteLevel: bytes = bytesOfSpelling(bytes)
            case .byteFallback: if let byte = byteOfSpelling(spelling) { return [byte] }
            case .fuse, .strip: break
            case .replace(let replacement): bytes = Array(try replacement.apply(bytes[...]))
            case .metaspace(let metaspace):
                let spaced = Replacement(pattern: .text(metaspace.replacement), content: [0x20])
                bytes = Array(try spaced.apply(bytes[...]))
            case .sentencePiece(let decoder): bytes = decoder.bytes(of: bytes)
            }
        }
        return bytes
    }
}

/// A token that is not all of the byte alphabet stands for its own characters.
private func bytesOfSpelling(_ spelling: [UInt8]) -> [UInt8] {
    ByteAlphabet.bytes(of: String(decoding: spelling, as: UTF8.self)) ?? spelling
}

/// The byte that `<0x0A>` and the like stand for.
func byteOfSpelling(_ spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8),
        spelling.last == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
}

/// Puts the bytes of each run together; if that is no UTF-8, each becomes U+FFFD.
func joinedBytes(_ parts: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    func endRun() {
        guard !run.isEmpty else { return }
        if String(validating: run, as: UTF8.self) != nil {
            result.append(run)
        } else {
            result += Array(repeating: Array("\u{FFFD}".utf8), count: run.count)
        }
        run = []
    }
    for part in parts {
        if let byte = byteOfSpelling(part) {
            run.append(byte)
        } else {
            endRun()
            result.append(part)
        }
    }
    endRun()
    return result
}

private func stripped(_ part: [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
    var part = part[...]
    for _ in 0..<max(0, min(start, part.count)) where part.starts(with: content) {
        part = part.dropFirst(content.count)
    }
    for _ in 0..<max(0, min(stop, part.count)) where part.suffix(content.count) == content[...] {
        part = part.dropLast(content.count)
    }
    return Array(part)
}
