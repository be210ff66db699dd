internal import Glibc
internal import OctavoBase
internal import OctavoHub

/// Which paths a repository's `.gitattributes` stores by LFS.
struct GitAttributes {
    /// What a new repository begins with.
    static let standard =
        [
            "*.7z", "*.aqlm", "*.arrow", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gguf", "*.gz",
            "*.h5",
            "*.joblib", "*.lfs.*", "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx",
            "*.ot",
            "*.parquet", "*.pb", "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors",
            "saved_model/**/*", "*.tar.*", "*.tar", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip",
            "*.zst",
            "*tfevents*",
        ].map { "\($0) filter=lfs diff=lfs merge=lfs -text\n" }.joined()

    /// From this size on a file is stored by LFS whatever its name.
    static let largestRegular = 10_000_000

    private let rules: [(pattern: String, isLFS: Bool)]

    /// Reads the lines; the last that matches a path decides.
    init(_ text: String) {
        // By bytes: "\r\n" is one Character, and not "\n".
        rules = text.utf8.split(separator: 0x0A).compactMap { line in
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let pattern = words.first, !pattern.hasPrefix("#") else { return nil }
            if words.contains("filter=lfs") { return (pattern, true) }
            return words.contains("-filter") || words.contains("!filter")
                ? (pattern, false) : nil
        }
    }

    /// Whether a file is to be stored by LFS: by its size, by its path, or because its first bytes
    /// are no text.
    func isLFS(_ path: String, size: Int, sample: [UInt8]) -> Bool {
        if size > Self.largestRegular { return true }
        let name = path.slashParts.last ?? path
        for rule in rules.reversed() {
            // A pattern without a slash is about names in any folder.
            let subject = rule.pattern.contains("/") ? path : name
            if unsafe fnmatch(rule.pattern, subject, 0) == 0 { return rule.isLFS }
        }
        return sample.contains(0)
    }
}

extension HubStore {
    /// The rules that a client is about to commit, else those of a commit.
    func attributes(_ given: String?, of commit: StoredCommit) throws -> GitAttributes {
        if let given { return GitAttributes(given) }
        guard let file = commit.files[.gitAttributes], case .gitBlob = file.content else {
            return GitAttributes("")
        }
        let bytes = try readFile(contents.path(file.content), limit: 1 << 20)
        return GitAttributes(String(decoding: bytes, as: UTF8.self))
    }
}
