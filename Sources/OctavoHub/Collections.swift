internal import OctavoBase

extension HubClient {
    /// Puts a model into a collection of its owner, which is made if there is none of the title.
    ///
    /// A hub that knows the title already answers with the collection that has it, one that holds the model already
    /// says so; both are as good. (specs: hub protocol, section 8.5.)
    ///
    /// - Parameters:
    ///   - id: The model's repository, with its owner.
    ///   - title: The collection's title, 60 characters at most.
    /// - Throws: `HubError`.
    public func collect(_ id: RepositoryID, in title: String) async throws {
        let url = url("/api/collections")
        let creation = WebRequest(
            "POST",
            url,
            json: .object([
                "title": .string(title), "namespace": id.namespace.map { .string($0) } ?? .null,
            ])
        )
        let made = try await exchange(creation).response
        guard 200..<300 ~= made.status || made.status == 409 else {
            throw HubError(made, about: nil)
        }
        let json = try made.json(from: url)
        let slug = try reading(url) { try json.text("slug") }
        // The slug is a name of the hub's choosing, and becomes part of an address.
        let isName = { (byte: UInt8) in byte > 0x20 && byte < 0x7F && !"?#%\\".utf8.contains(byte) }
        let parts = slug.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, slug.utf8.allSatisfy(isName),
            parts.allSatisfy({ !["", ".", ".."].contains($0) })
        else {
            throw try reading(url) { throw WireError(key: "slug", expected: "a collection's name") }
        }
        let place = self.url("/api/collections/\(slug)/items")
        let item = WebRequest(
            "POST",
            place,
            json: .object(["item": .object(["type": "model", "id": .string("\(id)")])])
        )
        let added = try await exchange(item).response
        guard 200..<300 ~= added.status || added.status == 409 else {
            throw HubError(added, about: nil)
        }
    }
}
