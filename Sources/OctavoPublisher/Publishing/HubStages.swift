import OctavoBase
import OctavoHub
import Synchronization

// What is asked of the hub before anything is made, and what is sent to it in the end.

extension Publication {
    /// Looks whether the hub would take what is to be made: a token that may write, repositories of one's own.
    ///
    /// - Returns: The name of the user, whose repositories are those without an owner; nil where nothing is sent.
    func checkHub() async throws -> String? {
        let targets = manifest.outputs.compactMap(\.repository)
        guard request.pushes, !targets.isEmpty, request.only ?? .push == .push else { return nil }
        let client = try hub()
        guard client.configuration.token != nil else {
            throw HubError.tokenNeeded(message: "publishing to \(targets[0]) needs one")
        }
        let user = try await client.whoami()
        guard user.role != .read else { throw PublishingError.readOnlyToken(user: user.name) }
        for id in targets {
            // Anybody may propose a change to what is somebody else's.
            guard let owner = id.namespace, owner != user.name, !manifest.hub.asPullRequest else {
                continue
            }
            guard user.organizations.contains(owner) else {
                throw PublishingError.foreignRepository("\(id)", user: user.name)
            }
        }
        return user.name
    }

    /// The repository that an output goes to.
    func place(of output: ManifestOutput, _ owner: String?) throws -> RepositoryID {
        guard let id = output.repository else {
            throw PublishingError.noRepository(output: output.name)
        }
        guard id.namespace == nil, let owner else { return id }
        return try RepositoryID("\(owner)/\(id.name)")
    }

    /// What happened to the repository since an output was pushed; nil if nothing did.
    func whatMoved(_ output: ManifestOutput, _ id: RepositoryID) async throws -> String? {
        guard let made = workspace.made(.init(.push, of: output.name)),
            let commit = made.facts["commit"]?.string, made.facts["pull_request"] == nil
        else { return nil }
        do {
            let head = try await hub().information(id, at: manifest.hub.revision).commit
            return head == commit ? nil : "\(id) is at \(head) now"
        } catch HubError.repositoryNotFound {
            return "\(id) is gone"
        } catch HubError.revisionNotFound {
            return "\(manifest.hub.revision) is gone from \(id)"
        }
    }

    /// Sends an output to its repository, and compares what is there with what is here.
    func push(
        _ output: ManifestOutput,
        to id: RepositoryID
    ) async throws -> (files: [String], facts: JSON) {
        let (client, plan) = (try hub(), manifest.hub)
        let creation = try await client.createRepository(id, isPrivate: plan.isPrivate)
        if creation.existed, plan.isPrivate, !(try await client.information(id).isPrivate) {
            throw PublishingError.isPublic("\(id)")
        }
        let folder = workspace.place(folder(of: output))
        let (isPullRequest, deletions, transfers) = (plan.asPullRequest, plan.deletions, transfers)
        if creation.existed, let tag = plan.tag {
            try await client.checkTag(tag, of: id) {
                try await client.planUpload(
                    folder: folder,
                    to: id,
                    revision: plan.revision,
                    asPullRequest: isPullRequest,
                    deleting: deletions,
                    progress: transfers
                )
            }
        }
        let report = try await client.upload(
            folder: folder,
            to: id,
            revision: plan.revision,
            message: plan.message
                ?? "Publish \(manifest.name) (\(output.name)) with octavo \(octavoVersion)",
            asPullRequest: isPullRequest,
            deleting: deletions,
            progress: transfers
        )
        let checked = try await client.check(report, of: id)
        if let tag = plan.tag { try await client.tag(report.commit, as: tag, of: id) }
        if let title = plan.collection { try await client.collect(id, in: title) }
        progress(
            Progress(
                "publishing",
                1,
                of: 1,
                note:
                    "\(id) is at \(report.commit); \(checked) files there are as here, by their digests"
            )
        )
        return (
            [],
            .object([
                "repository": .string("\(id)"), "commit": .string(report.commit),
                "pull_request": report.pullRequestURL.map(JSON.string),
                "sent_bytes": .integer(report.sentBytes), "checked_files": .integer(checked),
            ])
        )
    }

    /// Gathers what came of everything.
    func report(_ stages: [StageReport], _ source: PublishingSource) -> PublishingReport {
        let outputs = manifest.outputs.map { output in
            let facts = workspace.made(.init(.push, of: output.name))?.facts
            return PublishingReport.Output(
                name: output.name,
                path: workspace.place(folder(of: output)),
                repository: facts?["repository"]?.string,
                commit: facts?["commit"]?.string,
                pullRequest: facts?["pull_request"]?.string
            )
        }
        return PublishingReport(stages: stages, outputs: outputs, sourceCommit: source.commit)
    }
}
