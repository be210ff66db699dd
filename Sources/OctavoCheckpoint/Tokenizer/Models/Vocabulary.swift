import OctavoBase

/// The tokens of a model: their spellings, each with its id, both once.
struct Vocabulary: Sendable {
    private let ids: [[UInt8]: Int]

    /// Tokens by id, starting with 0.
    ///
    /// - Throws: When one is listed twice, or there are too many.
    init(_ tokens: some Collection<String>) throws(TokenizerError) {
        var ids: [[UInt8]: Int] = [:]
        ids.reserveCapacity(tokens.count)
        for (id, token) in tokens.enumerated() {
            guard id < Tokenizer.idLimit else { throw .idOutOfRange(token, id) }
            guard ids.updateValue(id, forKey: Array(token.utf8)) == nil else {
                throw .duplicateToken(token)
            }
        }
        self.ids = ids
    }

    /// Reads the `vocab` of a byte-pair model.
    init(_ json: JSON) throws(TokenizerError) {
        guard let object = json.object else {
            throw .wrongType("model.vocab", expected: "an object")
        }
        var ids: [[UInt8]: Int] = [:]
        ids.reserveCapacity(object.count)
        var taken: Set<Int> = []
        taken.reserveCapacity(object.count)
        for (token, value) in object {
            guard let id = value.integer else {
                throw .wrongType("model.vocab[\"\(token)\"]", expected: "a whole number")
            }
            guard 0..<Tokenizer.idLimit ~= id else { throw .idOutOfRange(token, id) }
            guard taken.insert(id).inserted else { throw .duplicateID(id) }
            ids[Array(token.utf8)] = id
        }
        self.ids = ids
    }

    /// The tokens, each once, in no order.
    var tokens: some Collection<(key: [UInt8], value: Int)> { ids }

    /// How many tokens there are.
    var count: Int { ids.count }

    /// The id of a token by its spelling.
    func id(of token: String) -> Int? { ids[Array(token.utf8)] }

    /// The id of a token by its spelling.
    func id(of token: [UInt8]) -> Int? { ids[token] }

    /// The ids of the tokens that stand for a byte each, `<0x00>` to `<0xFF>`.
    var byteIDs: [Int?] {
        let digits = Array("0123456789ABCDEF".utf8)
        return (0..<256).map { byte in
            ids[Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15]] + Array(">".utf8)]
        }
    }

    /// The ids of the tokens of one scalar, under the scalar.
    var scalarIDs: IntegerTable {
        var table = IntegerTable()
        for (token, id) in ids where !token.isEmpty && token.count <= 4 {
            let (scalar, width) = scalar(at: 0, in: token[...])
            if width == token.count { table[UInt64(scalar.value)] = UInt64(id) }
        }
        return table
    }
}
