/// What a `tokenizer.model` holds: SentencePiece's ModelProto, as far as it bears on tokens.
///
/// Field numbers are those of sentencepiece_model.proto.
struct SentencePieceModel {
    enum Algorithm: UInt64 {
        case unigram = 1
        case bytePair = 2
    }

    enum Kind: UInt64 {
        case normal = 1
        case unknown
        case control
        case userDefined
        case unused
        case byte
    }

    struct Piece {
        var text = ""
        var score: Float = 0
        var kind = Kind.normal
    }

    var pieces: [Piece] = []
    var algorithm = Algorithm.unigram
    var fallsBackToBytes = false
    var putsSpaceBehind = false
    /// What the unknown token is decoded to.
    var unknownSurface = " \u{2047} "
    var bosID = 1
    var eosID = 2
    var paddingID = -1
    var charsmap: Charsmap?
    var addsDummyPrefix = true
    var removesExtraSpaces = true
    var escapesSpaces = true

    /// Reads the bytes of a `tokenizer.model`.
    ///
    /// - Throws: The first thing that is wrong, or not implemented.
    init(_ bytes: [UInt8]) throws(SentencePieceError) {
        var fields = ProtobufReader(bytes[...])
        while let (number, value) = try fields.next() {
            switch number {
            case 1: pieces.append(try Piece(value, at: pieces.count))
            case 2: try readTrainer(value.bytes("trainer_spec"))
            case 3: try readNormalizer(value.bytes("normalizer_spec"))
            case 5: try readDenormalizer(value.bytes("denormalizer_spec"))
            // Tests of its own, and extensions that SentencePiece passes over too.
            default: break
            }
        }
        let unknowns = pieces.count { $0.kind == .unknown }
        guard unknowns == 1 else { throw .unknownPieces(unknowns) }
        guard escapesSpaces else { throw .unsupported("escape_whitespaces", "false") }
    }

    private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(SentencePieceError) {
        var fields = ProtobufReader(bytes)
        while let (number, value) = try fields.next() {
            switch number {
            case 3:
                let type = try value.integer("model_type")
                guard let algorithm = Algorithm(rawValue: type) else {
                    throw .unsupported(
                        "model_type",
                        type == 3 ? "WORD" : type == 4 ? "CHAR" : "\(type)"
                    )
                }
                self.algorithm = algorithm
            case 24: putsSpaceBehind = try value.bool("treat_whitespace_as_suffix")
            case 35: fallsBackToBytes = try value.bool("byte_fallback")
            case 41: bosID = try value.id("bos_id")
            case 42: eosID = try value.id("eos_id")
            case 43: paddingID = try value.id("pad_id")
            case 44: unknownSurface = try value.text("unk_surface")
            // How it was trained.
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(SentencePieceError) {
        var fields = ProtobufReader(bytes)
        while let (number, value) = try fields.next() {
            switch number {
            case 2:
                let bytes = try value.bytes("precompiled_charsmap")
                guard !bytes.isEmpty else { continue }
                guard let map = Charsmap(Array(bytes)) else { throw .badCharsmap }
                charsmap = map
            case 3: addsDummyPrefix = try value.bool("add_dummy_prefix")
            case 4: removesExtraSpaces = try value.bool("remove_extra_whitespaces")
            case 5: escapesSpaces = try value.bool("escape_whitespaces")
            // Its name, and the rules that the table was compiled from.
            default: break
            }
        }
    }

    private func readDenormalizer(_ bytes: ArraySlice<UInt8>) throws(SentencePieceError) {
        var fields = ProtobufReader(bytes)
        while let (number, value) = try fields.next() {
            if number == 2, try !value.bytes("precompiled_charsmap").isEmpty {
                throw .unsupported("denormalizer_spec", "not empty")
            }
        }
    }
}

extension SentencePieceModel.Piece {
    fileprivate init(_ value: ProtobufReader.Value, at index: Int) throws(SentencePieceError) {
        var fields = ProtobufReader(try value.bytes("pieces"))
        while let (number, value) = try fields.next() {
            switch number {
            case 1: text = try value.text("piece \(index)")
            case 2:
                guard case .fixed32(let bits) = value else {
                    throw .wrongType("score of piece \(index)")
                }
                score = Float(bitPattern: bits)
                guard score.isFinite else { throw .badScore(piece: index) }
            case 3:
                let number = try value.integer("type of piece \(index)")
                guard let kind = SentencePieceModel.Kind(rawValue: number) else {
                    throw .unsupported("type of piece \(index)", "\(number)")
                }
                self.kind = kind
            default: break
            }
        }
        guard !text.isEmpty else { throw .unsupported("piece \(index)", "empty") }
    }
}

extension ProtobufReader.Value {
    fileprivate func bytes(_ field: String) throws(SentencePieceError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else { throw .wrongType(field) }
        return bytes
    }

    fileprivate func text(_ field: String) throws(SentencePieceError) -> String {
        guard let text = String(validating: try bytes(field), as: UTF8.self) else {
            throw .notUTF8(field)
        }
        return text
    }

    fileprivate func integer(_ field: String) throws(SentencePieceError) -> UInt64 {
        guard case .varint(let value) = self else { throw .wrongType(field) }
        return value
    }

    fileprivate func bool(_ field: String) throws(SentencePieceError) -> Bool {
        try integer(field) != 0
    }

    /// An id; a negative one means that there is no such token.
    fileprivate func id(_ field: String) throws(SentencePieceError) -> Int {
        Int(Int32(truncatingIfNeeded: try integer(field)))
    }
}
