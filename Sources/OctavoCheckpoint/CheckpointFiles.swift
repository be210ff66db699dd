import Glibc
public import OctavoBase

/// A file that belongs to a model but holds no tensors.
public struct SideFile: Sendable, Hashable {
    /// Where what it says is.
    public enum Content: Sendable, Hashable {
        /// On disk.
        case file(path: String)
        /// Made up from what a GGUF file says.
        case text(String)
        /// In a container.
        case encoded(EncodedFile)
    }

    /// Its name in a directory of Hugging Face layout.
    public let name: String
    /// Where what it says is.
    public let content: Content

    /// Names a file.
    public init(name: String, content: Content) {
        self.name = name
        self.content = content
    }

    private var limit: Int {
        let vocabularies = ["tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt"]
        return vocabularies.contains(name) ? 256_000_000 : 16_000_000
    }

    /// Reads it whole.
    ///
    /// - Throws: When it cannot be read, or is larger than such files are: 256 MB for a tokenizer's
    ///   vocabulary, 16 MB for anything else.
    public func bytes() throws(FileError) -> [UInt8] {
        switch content {
        case .file(let path): return try readFile(path, limit: limit)
        case .text(let text): return Array(text.utf8)
        case .encoded(let file):
            // Few bytes may stand for very many: asked before they are decoded.
            guard file.size <= limit else { throw FileError(tooLarge: name) }
            do { return try file.bytes() } catch {
                throw FileError("decode", name, code: EBADMSG)
            }
        }
    }
}

/// A file that a model was read from.
public struct SourceFile: Sendable, Hashable {
    /// Its name, without directory.
    public let name: String
    /// Where it is.
    public let path: String
    /// Its length in bytes.
    public let size: Int

    init(mapped file: MappedFile) { self.init(path: file.path, size: file.count) }

    init(path: String, size: Int) {
        name = lastComponent(path)
        self.path = path
        self.size = size
    }

    /// The SHA-256 of what it holds now.
    public func digest() throws(FileError) -> Digest { try MappedFile(path).digest() }
}

/// Whether a file beside the weights is part of the model: what tokenizers, generation and licences
/// need, and neither weights of another format nor code.
///
/// docs/side-files.md has the table. The name is that of a file in the model's own directory.
public func isSideFile(_ name: String) -> Bool {
    let exact: Set = [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "chat_template.jinja", "chat_template.json", "preprocessor_config.json",
        "processor_config.json",
    ]
    return exact.contains(name) || isLegalText(name)
}

/// Whether a file's name says that it holds a licence or what a licence wants to go along: so called in
/// any case, as in `LICENSE-MODEL.txt`, and by its ending a text.
public func isLegalText(_ name: String) -> Bool {
    let upper = name.uppercased()
    let kinds = ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY", "COPYING"]
    guard kinds.contains(where: upper.hasPrefix) else { return false }
    guard let dot = upper.lastIndex(of: ".") else { return true }
    return [".TXT", ".MD", ".RST", ".PDF", ".HTML"].contains(String(upper[dot...]))
}
