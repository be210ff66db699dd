import OctavoBase
import OctavoQuantizer

/// The text of a tuning as it was read.
struct TuningData {
    /// What the files held.
    enum Kind: String {
        /// Running text, all of which is learned.
        case text
        /// Conversations, whose answers are learned.
        case chat
        /// Some of both.
        case both = "text and chat"
    }

    var sequences: [TuningSequence]
    var kind: Kind
    /// What a user should know of it.
    var notes: [String] = []

    /// How many tokens there are.
    var tokens: Int { sequences.reduce(0) { $0 + $1.tokens.count } }
    /// How many of them are learned.
    var learnedTokens: Int { sequences.reduce(0) { $0 + $1.places.count } }

    /// Reads files: those of JSON lines are conversations, all others are text.
    ///
    /// Of more than the tokens asked for, those sequences of text are taken that cover most of its tokens, and
    /// conversations that are spread evenly; of both together, conversations get half of them at most.
    init(_ model: OpenModel, _ request: TuningRequest) throws {
        let chats = request.files.filter(holdsConversations)
        let texts = request.files.filter { !holdsConversations($0) }
        (sequences, kind) = ([], texts.isEmpty ? .chat : chats.isEmpty ? .text : .both)
        if !chats.isEmpty {
            let most = texts.isEmpty ? request.tokens : request.tokens / 2
            sequences = try read(chats, model, most: most, length: request.sequenceLength)
        }
        if !texts.isEmpty {
            let rest = request.tokens - tokens
            sequences += try OctavoPublisher.sequences(
                fromFiles: texts,
                count: max(1, rest / request.sequenceLength),
                length: request.sequenceLength,
                model.tokenizer()
            ).map { tokens in
                // Behind the last token of a text nothing is known but what the original says.
                request.options.objective == .divergence
                    ? TuningSequence(tokens)
                    : TuningSequence(tokens, places: Array(tokens.indices.dropLast()))
            }
        }
        guard sequences.count > 1 else { throw TuningError.tooFewSequences(sequences.count) }
    }

    private mutating func read(
        _ files: [String],
        _ model: OpenModel,
        most: Int,
        length: Int
    ) throws -> [TuningSequence] {
        var writer = try ChatWriter(model)
        var found: [TuningSequence] = []
        for file in files {
            for conversation in try conversations(inFile: file) {
                do {
                    if let sequence = try writer.sequence(conversation, length: length) {
                        found.append(sequence)
                    }
                } catch {
                    throw ChatFileError.line(lastComponent(file), conversation.line, "\(error)")
                }
            }
        }
        guard !found.isEmpty else { throw ChatFileError.nothingLearned(tokens: length) }
        let all = found.count
        found = spread(found, tokens: most)
        if found.count < all { notes.append("\(found.count) of \(all) conversations are used") }
        if writer.cut > 0 {
            notes.append(
                "\(counted(writer.cut, "conversation")) cut to \(length) tokens, of which "
                    + "\(writer.leftOut) left out because no answer begins there"
            )
        }
        if writer.answersLeftOut > 0 {
            notes.append(
                "\(counted(writer.answersLeftOut, "answer")) not learned, because the chat template "
                    + "shows them otherwise than it asks for them"
            )
        }
        return found
    }
}

/// As many sequences as have so many tokens together, at least one, spread evenly.
func spread(_ sequences: [TuningSequence], tokens: Int) -> [TuningSequence] {
    var count = sequences.count
    while true {
        let chosen = (0..<count).map { sequences[$0 * sequences.count / count] }
        let sum = chosen.reduce(0) { $0 + $1.tokens.count }
        if sum <= tokens || count == 1 { return chosen }
        count = max(1, min(count - 1, count * tokens / sum))
    }
}

/// "1 answer", "2 answers".
private func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}
