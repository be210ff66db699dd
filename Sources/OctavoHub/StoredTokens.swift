private import OctavoBase

/// The tokens that `hf auth login` keeps, each under a name: sections of an INI file with a key `hf_token`
/// (hub-protocol 1).
struct StoredTokens {
    /// The tokens by their names.
    private(set) var tokens: [String: String] = [:]

    /// Reads the file; what is in it and is no token of these is passed over.
    init(parsing text: String) {
        var name: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingWhitespace()
            if line.hasPrefix("["), line.hasSuffix("]") {
                name = String(line.dropFirst().dropLast())
            } else if let name, let sign = line.firstIndex(where: { $0 == "=" || $0 == ":" }),
                line[..<sign].trimmingWhitespace().lowercased() == "hf_token"
            {
                tokens[name] = line[line.index(after: sign)...].trimmingWhitespace()
            }
        }
    }
}

extension AccessToken {
    /// The token of a name in a file of stored ones.
    ///
    /// - Throws: `HubError.noStoredToken` if it is not there, `.malformedToken` if it cannot be sent.
    init(named name: String, in file: String) throws {
        let text = try? String(decoding: readFile(file, limit: 1 << 20), as: UTF8.self)
        let tokens = StoredTokens(parsing: text ?? "").tokens
        guard let stored = tokens[name] else {
            throw HubError.noStoredToken(name: name, known: tokens.keys.sorted(), file: file)
        }
        guard let token = AccessToken(stored) else {
            throw HubError.malformedToken("\(file), section \(name)")
        }
        self = token
    }
}
