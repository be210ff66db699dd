internal import OctavoBase

/// Who a token belongs to.
public struct Identity: Sendable, Equatable {
    /// What the token may do.
    public enum Role: Sendable, Equatable {
        /// Read what its owner can read.
        case read
        /// Read and write.
        case write
        /// What was chosen when it was made.
        case fineGrained
        /// Something newer than this client.
        case other(String)
    }

    /// The name, which is also the namespace of the owner's own repositories.
    public let name: String
    /// The organizations the owner belongs to.
    public let organizations: [String]
    /// What the token may do.
    public let role: Role
}

extension HubClient {
    /// Asks the hub who the token belongs to.
    public func whoami() async throws -> Identity {
        let url = url("/api/whoami-v2")
        let json = try await carryOut(WebRequest("GET", url)).json(from: url)
        return try reading(url) {
            let role: Identity.Role =
                switch json["auth"]?["accessToken"]?["role"]?.string ?? "" {
                case "read": .read
                case "write": .write
                case "fineGrained": .fineGrained
                case let other: .other(other)
                }
            return Identity(
                name: try json.text("name"),
                organizations: (json["orgs"]?.array ?? []).compactMap { $0["name"]?.string },
                role: role
            )
        }
    }
}
