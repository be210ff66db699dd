/// How tasks are submitted to Slurm.
public struct SlurmOptions: Sendable {
    /// How many tasks of a phase run at a time; nil for as many as there is room for.
    public var arraySize: Int?
    /// Further words for `sbatch`, as in `--partition=long`.
    public var words: [String] = []

    /// The usual ones.
    public init() {}

    /// Takes words apart as a POSIX shell does: at white space that no quote or backslash covers.
    ///
    /// Nothing is replaced in them: no variable, no pattern, no command.
    ///
    /// - Returns: Nil if a quote is not closed.
    public static func words(of text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                (word, isEscaped) = (word ?? "", true)
            } else if let open = quote {
                if character == open {
                    quote = nil
                } else {
                    word = (word ?? "") + String(character)
                }
            } else if character == "'" || character == "\"" {
                (word, quote) = (word ?? "", character)
            } else if character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}
