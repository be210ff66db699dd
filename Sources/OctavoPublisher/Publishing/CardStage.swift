import OctavoBase
import OctavoHub

// What stands on an output's card, and whether it may be published at all.

extension Publication {
    /// What the original's card says, if it may be published and the manifest agrees with it.
    ///
    /// - Throws: ``PublishingError/license(found:expected:)``; ``CardError`` for an original without a license,
    ///   and for a gated one whose license nobody says to have accepted.
    func checkLicense(_ source: PublishingSource) throws -> BaseModelFacts {
        var base = try BaseModelFacts(
            directory: source.folder,
            repository: manifest.source.repository.map { "\($0)" },
            revision: source.commit,
            isGated: source.isGated ? true : nil
        )
        if let expected = manifest.source.license {
            guard base.licenses.isEmpty || base.licenses == [expected] else {
                throw PublishingError.license(
                    found: base.licenses.joined(separator: ", "),
                    expected: expected
                )
            }
            base.licenses = [expected]
        }
        guard !base.licenses.isEmpty else { throw CardError.noLicense(base: base.repository) }
        guard !base.isGated || manifest.card.acceptsLicense else {
            throw CardError.gated(base: base.repository, licenses: base.licenses)
        }
        return base
    }

    /// Writes an output's card with all that is known, and puts beside it what the license wants to go along.
    func writeCard(
        _ output: ManifestOutput,
        _ base: BaseModelFacts,
        _ source: PublishingSource,
        _ owner: String?
    ) async throws -> (files: [String], facts: JSON) {
        let folder = folder(of: output)
        let place = workspace.place(folder)
        let written = try await runBlocking {
            let model = try OpenModel(place)
            guard let record = try model.record() else { throw CardError.noRecord(place) }
            var card = ModelCard(
                title: self.manifest.card.title ?? output.repository?.name ?? self.manifest.name,
                record: record,
                sizes: model.sizes,
                base: base.repository
            )
            (card.baseFacts, card.license) = (
                base, base.licenses.count == 1 ? base.licenses.first : nil
            )
            card.originalBytes = try source.open().sizes.totalBytes
            card.measurements = try self.measured(output)
            card.output = model.cardOutput
            card.repository = self.repository(of: output, owner)
            card.variants = try self.manifest.outputs.map {
                try self.variant($0, owner, isThis: $0.name == output.name)
            }
            card.signature = self.key.map { CardSignature(fingerprint: $0.fingerprint) }
            card.sections = self.manifest.card.sections
            if self.manifest.evaluation.measuresSpeed,
                let made = self.workspace.made(.init(.quantize))
            {
                card.run = CardRun(seconds: made.seconds, machine: card.measurements?.machine)
            }
            if let warning = card.nameWarning {
                self.progress(Progress("publishing", 1, of: 1, note: "note: \(warning)"))
            }
            let licenses = try copyLicenseFiles(from: source.folder, to: place)
            return try card.write(to: place, template: self.manifest.card.template) + licenses
        }
        return (Set(written).sorted().map { joined(folder, $0) }, .object([:]))
    }

    /// The repository of an output with its owner, as far as it is known.
    private func repository(of output: ManifestOutput, _ owner: String?) -> String? {
        guard let id = output.repository else { return nil }
        if id.namespace != nil { return "\(id)" }
        return owner.map { "\($0)/\(id.name)" }
    }

    /// What an output's measurement gave.
    private func measured(_ output: ManifestOutput) throws -> ArtifactMeasurements {
        let path = workspace.place(measurements(of: output))
        guard let json = try? JSON(parsing: readFile(path, limit: 100_000_000)),
            let measured = ArtifactMeasurements(json: json)
        else { throw CardError.noEvaluation(path) }
        return measured
    }

    /// An output as the cards of all show it.
    private func variant(
        _ output: ManifestOutput,
        _ owner: String?,
        isThis: Bool
    ) throws -> CardVariant {
        let model = try OpenModel(workspace.place(folder(of: output)))
        let first = try measured(output).evaluations.first
        return CardVariant(
            name: output.name,
            repository: repository(of: output, owner),
            bytes: model.sizes.totalBytes,
            bits: model.sizes.totalBits,
            perplexity: first?.perplexity,
            divergence: first?.comparison?.divergence,
            isThis: isThis
        )
    }
}
