import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("Collections of models")
struct ModelCollectionTests {
    private func collection(_ hub: LiveHub, _ slug: String, _ token: AccessToken?) async throws -> (
        Int, JSON
    ) {
        let answer = try await hub.send(
            "GET",
            "\(hub.server.endpoint)/api/collections/\(slug)",
            token: .some(token)
        )
        return (answer.status, try JSON(parsing: answer.body))
    }

    @Test(
        "a model is collected once, however often it is asked for, and only its owner changes the list"
    )
    func collects() async throws {
        try await withHub { hub in
            let client = try hub.client()
            let (open, hidden) = (RepositoryID.of("ada/tiny"), RepositoryID.of("ada/secret"))
            _ = try await client.createRepository(open)
            _ = try await client.createRepository(hidden, isPrivate: true)
            for _ in 0..<2 { try await client.collect(open, in: "Small models") }
            try await client.collect(hidden, in: "Small models")
            let made = try await hub.post("/api/collections", "{\"title\":\"Small models\"}")
            #expect(made.status == 409)
            let slug = try #require(made.json["slug"]?.string)
            #expect(slug.hasPrefix("ada/small-models-"))

            func models(_ json: JSON) -> [String] {
                (json["items"]?.array ?? []).compactMap { $0["id"]?.string }
            }
            let mine = try await collection(hub, slug, hub.token)
            #expect(
                mine.1["title"] == "Small models" && models(mine.1) == ["ada/tiny", "ada/secret"]
            )
            // Nobody learns of a private model by a list that it is on.
            #expect(models(try await collection(hub, slug, nil).1) == ["ada/tiny"])

            let eve = try hub.token(user: "eve", role: .write)
            let item = "{\"item\":{\"type\":\"model\",\"id\":\"ada/tiny\"}}"
            #expect(
                try await hub.post("/api/collections/\(slug)/items", item, token: eve).status == 403
            )
            let title = "{\"title\":\"X\",\"namespace\":\"ada\"}"
            #expect(try await hub.post("/api/collections", title, token: eve).status == 403)
        }
    }

    @Test("a list that is private is not there for others, and what is no model is not taken")
    func refuses() async throws {
        try await withHub { hub in
            let made = try await hub.post(
                "/api/collections",
                "{\"title\":\"Mine\",\"private\":true}"
            )
            let slug = try #require(made.json["slug"]?.string)
            #expect(try await collection(hub, slug, nil).0 == 404)
            #expect(try await collection(hub, slug, hub.token).0 == 200)
            for (item, status) in [
                ("{\"item\":{\"type\":\"dataset\",\"id\":\"ada/tiny\"}}", 400),
                ("{\"item\":{\"type\":\"model\",\"id\":\"../x\"}}", 400),
                ("{\"item\":{\"type\":\"model\",\"id\":\"ada/none\"}}", 404), ("{}", 400),
            ] {
                #expect(
                    try await hub.post("/api/collections/\(slug)/items", item).status == status,
                    "\(item)"
                )
            }
            let long = String(repeating: "x", count: 61)
            for body in ["{}", "{\"title\":\"\"}", "{\"title\":\"\(long)\"}"] {
                #expect(try await hub.post("/api/collections", body).status == 400, "\(body)")
            }
            #expect(try await collection(hub, "ada/none", hub.token).0 == 404)
        }
    }
}
