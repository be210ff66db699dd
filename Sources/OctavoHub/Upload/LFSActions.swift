internal import OctavoBase

/// What a hub asks for before it has an object.
struct LFSActions: Sendable {
    struct Action: Sendable {
        let url: WebURL
        let headers: [(name: String, value: String)]
        /// How long the URL is good for, in seconds, if the hub tells.
        let lifetime: Int?

        /// A header's value, by its name in lower case.
        func value(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name }?.value
        }
    }

    /// Where to put the bytes; nil if the hub has them.
    let upload: Action?
    /// Where to ask whether they arrived.
    let verify: Action?

    /// Reads the `actions` of an object in the answer to a batch request at `url`.
    init(_ json: JSON?, from url: WebURL) throws {
        upload = try json?["upload"].flatMap { try Action($0, from: url) }
        verify = try json?["verify"].flatMap { try Action($0, from: url) }
    }
}

extension LFSActions.Action {
    fileprivate init?(_ json: JSON, from batch: WebURL) throws {
        if json == .null { return nil }
        url = try batch.following(try json.text("href"))
        lifetime = json["expires_in"]?.integer
        headers = try (json["header"]?.object ?? JSONObject()).compactMap { name, value in
            guard let text = value.string ?? value.integer.map(String.init), isField(name, text)
            else { throw WireError(key: "header", expected: "a set of fields a request may carry") }
            // The URL is signed, or the client has the token that is asked for.
            return name.lowercased() == "authorization" ? nil : (name, text)
        }
    }
}

/// Whether a hub may add a field to a request: a name and a value that HTTP knows (RFC 9110, section
/// 5), and none that says where the request goes or where it ends.
private func isField(_ name: String, _ value: String) -> Bool {
    let reserved = ["host", "content-length", "transfer-encoding", "connection", "expect"]
    return !name.isEmpty && !reserved.contains(name.lowercased())
        && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        && value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
}
