import OctavoBase
import OctavoCheckpoint
import OctavoHub

/// The stages of a manifest and what each is made from.
///
/// A stage's inputs are the digest of what the manifest says of it and of the inputs of the stages before it. All of
/// them are known before anything is made, since every stage gives the same for the same inputs; so a
/// change in the manifest reaches what depends on it, and nothing else.
struct StageGraph: Sendable {
    /// The stages in the order in which they are carried out.
    private(set) var stages: [PublishingStage] = []
    private var digests: [PublishingStage: String] = [:]
    private var needs: [PublishingStage: [PublishingStage]] = [:]

    /// The digest of all that a stage is made from.
    func inputs(of stage: PublishingStage) -> String { digests[stage] ?? "" }

    /// The stages whose results it works on.
    func needs(of stage: PublishingStage) -> [PublishingStage] { needs[stage] ?? [] }

    /// The stage whose model outputs are made of.
    var master: PublishingStage {
        PublishingStage(stages.contains(.init(.tune)) ? .tune : .quantize)
    }

    private mutating func add(
        _ stage: PublishingStage,
        needs: [PublishingStage],
        _ parameters: JSON
    ) {
        let all = JSON.object([
            "stage": .string("\(stage)"), "octavo": .string(octavoVersion),
            "parameters": parameters,
            "needs": .array(needs.map { .string(inputs(of: $0)) }),
        ])
        digests[stage] = Digest(of: all.text(.sorted)).hex
        self.needs[stage] = needs
        stages.append(stage)
    }

    /// Lays out the stages of a manifest.
    ///
    /// - Parameters:
    ///   - manifest: The manifest.
    ///   - source: The original's files.
    ///   - commit: The commit that they are of, if they are from a hub.
    ///   - owner: The user, as far as the hub was asked: cards name repositories with their owners.
    ///   - signer: The fingerprint of the key that outputs are signed with, if they are.
    ///   - endpoint: The hub.
    /// - Throws: `FileError` for a file that the manifest names and that is not there.
    init(
        _ manifest: Manifest,
        source: [FileRecord],
        commit: String?,
        owner: String?,
        signer: String?,
        endpoint: String
    ) throws {
        let start = PublishingStage(.source)
        add(
            start,
            needs: [],
            .array(source.map { .array([.string($0.path), .string($0.digest.hex)]) })
        )
        let quantize = PublishingStage(.quantize)
        add(
            quantize,
            needs: [start],
            .array([
                try identity(of: manifest.quantization, source, .null),
                .integer(manifest.quantization.maxShardSize),
            ])
        )
        if let tuning = manifest.tuning {
            add(
                PublishingStage(.tune),
                needs: [start, quantize],
                try identity(of: tuning, [], source)
            )
        }
        for output in manifest.outputs {
            add(PublishingStage(.output, of: output.name), needs: [master], output.parameters)
        }
        for output in manifest.outputs {
            add(
                PublishingStage(.evaluate, of: output.name),
                needs: [start, PublishingStage(.output, of: output.name)],
                try manifest.evaluation.parameters(threads: manifest.quantization.threads)
            )
        }
        let measured = manifest.outputs.map { PublishingStage(.evaluate, of: $0.name) }
        for output in manifest.outputs {
            // Each card shows all outputs beside each other.
            add(
                PublishingStage(.card, of: output.name),
                needs: [PublishingStage(.output, of: output.name)] + measured,
                try manifest.cardParameters(output, commit, owner, signer)
            )
        }
        for output in manifest.outputs {
            guard let signer else { continue }
            add(
                PublishingStage(.sign, of: output.name),
                needs: [.output, .card].map { PublishingStage($0, of: output.name) },
                .string(signer)
            )
        }
        for output in manifest.outputs {
            let proven: [PublishingStage.Kind] =
                signer == nil ? [.output, .card] : [.output, .card, .sign]
            add(
                PublishingStage(.verify, of: output.name),
                needs: proven.map { PublishingStage($0, of: output.name) },
                .null
            )
        }
        for output in manifest.outputs {
            guard let repository = output.repository else { continue }
            add(
                PublishingStage(.push, of: output.name),
                needs: [PublishingStage(.verify, of: output.name)],
                manifest.hub.parameters(repository, endpoint)
            )
        }
    }
}

extension ManifestOutput {
    fileprivate var parameters: JSON {
        var members = JSONObject()
        members["kind"] = .string(kind.rawValue)
        members["type"] = type.map { .string($0.rawValue) } ?? .null
        members["max_shard_size"] = .integer(maxShardSize)
        // Named where it is asked for alone: what was made before it could be is what it was.
        if isMapped { members["mapped"] = true }
        return .object(members)
    }
}

extension ManifestEvaluation {
    fileprivate func parameters(threads: Int) throws -> JSON {
        func digests(_ paths: [String]) throws -> JSON {
            .array(
                try paths.map { path in
                    guard path != Self.selfWritten else { return .string(path) }
                    let digest = try MappedFile(path).digest()
                    return .array([.string(lastComponent(path)), .string(digest.hex)])
                }
            )
        }
        return .object([
            "texts": try digests(texts), "tasks": try digests(tasks),
            "sequence_length": .integer(sequenceLength), "windows": .integer(windows),
            "prompts": prompts.map { .array($0.map(JSON.string)) } ?? .null,
            "max_tokens": .integer(maxTokens), "speed": .bool(measuresSpeed),
            "threads": .integer(threads),
        ])
    }
}

extension Manifest {
    fileprivate func cardParameters(
        _ output: ManifestOutput,
        _ commit: String?,
        _ owner: String?,
        _ signer: String?
    ) throws -> JSON {
        let sections = card.sections.map { JSON.array([.string($0.title), .string($0.text)]) }
        let places = outputs.map { output in
            JSON.array([
                .string(output.name), output.repository.map { .string("\($0)") } ?? .null,
            ])
        }
        let template = try card.template.map { JSON.string(try MappedFile($0).digest().hex) }
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        let base = source.repository.map { "\($0)" }
        let tag = hub.tag.map { "\($0)" }
        return .object([
            "title": text(card.title), "sections": .array(sections),
            "template": template ?? .null, "base": text(base), "commit": text(commit),
            "license": text(source.license), "outputs": .array(places), "owner": text(owner),
            "output": .string(output.name), "tag": text(tag), "signer": text(signer),
        ])
    }
}

extension ManifestHub {
    fileprivate func parameters(_ repository: RepositoryID, _ endpoint: String) -> JSON {
        .object([
            "endpoint": .string(endpoint), "repository": .string("\(repository)"),
            "revision": .string("\(revision)"), "private": .bool(isPrivate),
            "tag": tag.map { .string("\($0)") } ?? .null, "pull_request": .bool(asPullRequest),
            "delete": .array(deletions.map(JSON.string)),
            "message": message.map(JSON.string) ?? .null,
            "collection": collection.map(JSON.string) ?? .null,
        ])
    }
}
