public import OctavoBase

/// What a verification is asked to do.
public struct VerificationRequest: Sendable {
    /// What to check.
    public var levels: Set<VerificationLevel>
    /// The original, to measure the distance to.
    public var teacher: OpenModel?
    /// The threads that take part.
    public var threads: Int
    /// The keys of which one must have signed the model; empty if it need not be signed.
    public var trustedKeys: [TrustedKey] = []
    /// What a hub lists, to compare with.
    public var listing: RemoteListing?

    /// Asks.
    public init(runsInference: Bool = true, teacher: OpenModel? = nil, threads: Int) {
        levels = Set(VerificationLevel.allCases)
        if !runsInference { levels.remove(.behaviour) }
        self.teacher = teacher
        self.threads = threads
    }
}

/// The files that a hub lists at a commit.
public struct RemoteListing: Sendable {
    /// A file as the hub lists it.
    public struct File: Sendable {
        /// Its path.
        public let path: String
        /// Its length in bytes.
        public let size: Int
        /// What its contents hash to.
        public let content: Content

        /// Takes what a hub lists.
        public init(path: String, size: Int, content: Content) {
            self.path = path
            self.size = size
            self.content = content
        }
    }

    /// What contents hash to.
    public enum Content: Sendable, Equatable, CustomStringConvertible {
        /// The SHA-1 that git gives to a blob, in hexadecimal.
        case gitBlob(String)
        /// The SHA-256 of a file stored by LFS.
        case sha256(Digest)

        /// As in "sha256 01ab…".
        public var description: String {
            switch self {
            case .gitBlob(let name): "git blob \(name)"
            case .sha256(let digest): "sha256 \(digest)"
            }
        }
    }

    /// Where they are listed, as in "ada/folded at commit 01ab…".
    public let place: String
    /// The files.
    public let files: [File]

    /// Takes what a hub lists.
    public init(place: String, files: [File]) {
        self.place = place
        self.files = files
    }
}
