import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// An artifact as it is published, of two shards, with a card and signed, and who signed it.
struct Published: Sendable {
    /// Its files by path.
    let files: [String: [UInt8]]
    /// The publisher's key.
    let key: PrivateKey

    /// Made once and kept in memory.
    static let made = Task {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try TinyModel.small.write(to: model)
            let request = try smallRequest { $0.maxShardSize = 20_000 }
            _ = try quantize(OpenModel(model), to: folded, request)
            try AtomicFile.write("---\nlicense: mit\n---\n# Tiny\n", to: folded + "/README.md")
            let key = try PrivateKey(new: .p256)
            _ = try signModel(folded, with: SigningKey(key))
            return Published(files: try contents(of: folded), key: key)
        }
    }
}

/// A published artifact in a folder of a test's own, with the public key beside it.
struct PublishedPlace {
    /// The directory that all is in.
    let path: String
    /// What was published.
    let published: Published
    /// The artifact.
    var model: String { joined(path, "published") }
    /// The publisher's public key.
    var publicKey: String { joined(path, "publisher.pub.pem") }

    /// Checks the artifact.
    func verified(
        trusting keys: [String]? = nil,
        _ change: (inout VerificationRequest) -> Void = { _ in }
    ) throws -> VerificationReport {
        var request = VerificationRequest(threads: 1)
        request.trustedKeys = try (keys ?? [publicKey]).map { try TrustedKey(path: $0) }
        change(&request)
        return try verify(path: model, request)
    }
}

/// Runs a test's body with a published artifact at hand.
func withPublished<R>(_ body: (PublishedPlace) throws -> R) async throws -> R {
    let published = try await Published.made.value
    return try await withTemporaryDirectory { directory in
        let place = PublishedPlace(path: directory, published: published)
        try write(published.files, to: place.model)
        try AtomicFile.write(published.key.publicKey.pem, to: place.publicKey)
        return try body(place)
    }
}

extension VerificationReport {
    /// Whether everything was checked and holds, but for a signature that there is not.
    var passesUnsigned: Bool {
        checks.filter { $0.outcome != .passed }.map(\.name) == ["signature"]
            && checks.contains { $0.outcome == .skipped }
    }

    /// The checks that failed, as "level name: detail".
    var failures: [String] {
        checks.filter { $0.outcome == .failed }.map { "\($0.level) \($0.name): \($0.detail)" }
    }
}
