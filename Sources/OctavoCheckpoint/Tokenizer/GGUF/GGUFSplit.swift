import OctavoBase

/// How text is split under one of the names that GGUF's `tokenizer.ggml.pre` takes.
///
/// The names were chosen by llama.cpp one by one, by hashing what a tokenizer makes of a fixed text,
/// so nothing but a table tells what a name means. Only names whose tokenizers agree are here.
struct GGUFSplit {
    /// Whether text is first composed, as the originals do (llama.cpp does not).
    var isComposed = false
    /// Whether a word that is a token is taken whole, merges or no merges.
    var ignoresMerges = false
    /// Whether a text begins with a token for that, where the file does not say.
    var addsBOS = false
    let preTokenizer: JSON

    init?(named name: String) {
        switch name {
        case "gpt-2", "phi-2", "olmo", "mpt", "jais":
            preTokenizer = .byteLevel(prefixSpace: false, splits: true)
        case "smollm", "starcoder", "refact", "codeshell", "command-r":
            isComposed = name == "command-r"
            preTokenizer = .sequence(
                .object(["type": "Digits", "individual_digits": true]),
                .byteLevel(prefixSpace: false, splits: true)
            )
        case "llama-bpe", "llama3", "llama-v3":
            ignoresMerges = true
            addsBOS = true
            preTokenizer = .split(SplitPattern.llama3(numerals: 3).regex)
        case "dbrx", "smaug-bpe":
            preTokenizer = .split(SplitPattern.llama3(numerals: 3).regex)
        case "qwen2", "deepseek-r1-qwen":
            isComposed = true
            preTokenizer = .split(SplitPattern.llama3(numerals: 1).regex)
        case "tekken":
            ignoresMerges = true
            addsBOS = true
            preTokenizer = .split(
                Self.words(behind: "") + #"|\p{N}"# + Self.marksAndSpace
            )
        case "gpt-4o":
            let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
            preTokenizer = .split(
                Self.words(behind: contraction) + #"|\p{N}{1,3}"# + Self.marksAndSpace
            )
        default: return nil
        }
    }

    /// The alternatives of GPT-4o's expression for words: small letters after capital ones, or capital
    /// ones alone, with any one mark before them.
    private static func words(behind ending: String) -> String {
        let capital = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let small = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        let mark = #"[^\r\n\p{L}\p{N}]?"#
        return mark + capital + "*" + small + "+" + ending + "|" + mark + capital + "+" + small
            + "*"
            + ending
    }

    private static let marksAndSpace = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
}

extension JSON {
    /// A `ByteLevel` component; as a pre-tokenizer, `splits` says whether it also splits like GPT-2.
    static func byteLevel(prefixSpace: Bool, splits: Bool) -> JSON {
        .object([
            "type": "ByteLevel", "add_prefix_space": .bool(prefixSpace), "trim_offsets": true,
            "use_regex": .bool(splits),
        ])
    }

    fileprivate static func sequence(_ items: JSON...) -> JSON {
        .object(["type": "Sequence", "pretokenizers": .array(items)])
    }

    fileprivate static func split(_ regex: String) -> JSON {
        .sequence(
            .object([
                "type": "Split", "pattern": .object(["Regex": .string(regex)]),
                "behavior": "Isolated", "invert": false,
            ]),
            .byteLevel(prefixSpace: false, splits: false)
        )
    }
}
