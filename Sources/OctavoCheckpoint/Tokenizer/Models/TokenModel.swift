import OctavoBase

/// What turns words into tokens.
enum TokenModel: Sendable {
    case bytePair(BytePairModel)
    case unigram(UnigramModel)

    /// Reads the `model` of a tokenizer file, whose words are bytes or text.
    init(_ json: JSON, isByteLevel: Bool) throws(TokenizerError) {
        switch json["type"]?.string {
        case "Unigram":
            guard !isByteLevel else { throw .unsupported("model.type", "Unigram, of ByteLevel") }
            self = .unigram(try UnigramModel(json))
        default:
            self = .bytePair(try BytePairModel(json, alphabet: isByteLevel ? .bytes : .scalars))
        }
    }

    /// The tokens.
    var vocabulary: Vocabulary {
        switch self {
        case .bytePair(let model): model.vocabulary
        case .unigram(let model): model.vocabulary
        }
    }

    /// Whether words may be cut before each run of a mark, such as ▁, and come out the same.
    func mayCut(before mark: [UInt8]) -> Bool {
        switch self {
        case .bytePair(let model): model.mayCut(before: mark)
        case .unigram: false
        }
    }

    /// Appends the tokens of a word.
    func encode(_ word: ArraySlice<UInt8>, into output: inout [Int]) {
        switch self {
        case .bytePair(let model): model.encode(word, into: &output)
        case .unigram(let model): model.encode(word, into: &output)
        }
    }
}
