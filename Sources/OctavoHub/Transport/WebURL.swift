private import OctavoBase

/// An http or https URL taken apart as far as a hub's client needs.
public struct WebURL: Hashable, Sendable, CustomStringConvertible {
    /// Who answers: what decides whether a token may be shown.
    public struct Origin: Hashable, Sendable, CustomStringConvertible {
        /// `http` or `https`.
        public let scheme: String
        /// The host in lower case; an IPv6 address stands in brackets.
        public let host: String
        /// The port, the scheme's own if none was written.
        public let port: Int

        /// Whether what is sent there stays on this machine.
        public var isLoopback: Bool {
            if host == "localhost" || host == "[::1]" { return true }
            // 127.0.0.0/8, whole: resolvers have their own idea of shorter forms.
            let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map {
                $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8($0) : nil
            }
            return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
        }

        /// As the beginning of a URL.
        public var description: String {
            let standard = scheme == "https" ? 443 : 80
            return "\(scheme)://\(host)" + (port == standard ? "" : ":\(port)")
        }
    }

    /// Scheme, host and port.
    public let origin: Origin
    /// Path and query, as they go on the wire; begins with `/`.
    public let target: String

    /// Joins an origin and a target.
    public init(origin: Origin, target: String) {
        self.origin = origin
        self.target = target
    }

    /// Parses a URL; nil for other schemes, for user names and passwords, and for anything that is
    /// not printable ASCII.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.contains("\\") else {
            return nil
        }
        let withoutFragment = text.prefix { $0 != "#" }
        guard
            let scheme = ["http", "https"].first(where: {
                withoutFragment.lowercased().hasPrefix($0 + "://")
            })
        else { return nil }
        let rest = withoutFragment.dropFirst(scheme.count + 3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let (host, port) = Self.split(authority, standard: scheme == "https" ? 443 : 80)
        else {
            return nil
        }
        let path = rest.dropFirst(authority.count)
        origin = Origin(scheme: scheme, host: host, port: port)
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    private static func split(_ authority: Substring, standard: Int) -> (host: String, port: Int)? {
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        var host = authority
        var port = standard
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard let number = Int(digits), (1...65535).contains(number) else { return nil }
            port = number
            host = authority[..<colon]
        }
        guard !host.isEmpty, !host.contains(":") || (host.hasPrefix("[") && host.hasSuffix("]"))
        else {
            return nil
        }
        return (host.lowercased(), port)
    }

    /// Where a `Location` header leads from here: a whole URL, or a reference relative to this one
    /// (RFC 3986, section 5.2).
    public func resolving(_ location: String) -> WebURL? {
        let reference = location.prefix { $0 != "#" }
        let path = reference.prefix { $0 != "?" }
        let query = reference.dropFirst(path.count)
        // A colon in the first part can only end a scheme.
        if path.prefix(while: { $0 != "/" }).contains(":") { return WebURL(location) }
        if path.hasPrefix("//") { return WebURL("\(origin.scheme):\(location)") }
        let base = target.prefix { $0 != "?" }
        if path.isEmpty {
            return WebURL("\(origin)\(query.isEmpty ? Substring(target) : base + query)")
        }
        let folder = base[...(base.lastIndex(of: "/") ?? base.startIndex)]
        let merged = path.hasPrefix("/") ? path : folder + path
        return WebURL("\(origin)\(Self.withoutDots(merged))\(query)")
    }

    /// A path whose `.` and `..` are carried out; those that lead above the root are dropped.
    private static func withoutDots(_ path: Substring) -> String {
        var parts: [Substring] = []
        let given = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in given.enumerated() {
            let isDots = part == "." || part == ".."
            if part == ".." { _ = parts.popLast() }
            if !isDots { parts.append(part) }
            // A folder stays one: its URL ends in a slash.
            if isDots && index == given.count - 1 { parts.append("") }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The whole URL.
    public var description: String { "\(origin)\(target)" }

    /// The URL without its query, for messages: queries of presigned URLs are secrets.
    public var withoutQuery: String { Self.withoutQuery(description) }

    /// What a hub gave for a URL, without its query and without what a terminal might obey.
    static func withoutQuery(_ text: String) -> String {
        let shown = text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return String(
            decoding: shown.prefix(500).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }
}

/// Percent-encodes all but letters, digits, `-._~` and what `keeping` names.
public func percentEncoded(_ text: String, keeping: String = "") -> String {
    let kept = Set("-._~".utf8).union(keeping.utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            bytes.append(byte)
        case _ where kept.contains(byte): bytes.append(byte)
        default: bytes.append(contentsOf: "%\(hexadecimal([byte]).uppercased())".utf8)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Undoes percent-encoding; nil if a `%` is not followed by two digits or the bytes are not UTF-8.
public func percentDecoded(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard rest.count >= 2 else { return nil }
        let digits = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
        guard let decoded = bytesOfHex(digits) else { return nil }
        bytes.append(contentsOf: decoded)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
