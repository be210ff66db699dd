import OctavoBase

/// The members of one mapping of a manifest, each of which may be there or not.
struct ManifestFields {
    /// What the mapping is called: `quantization`, or `outputs[2]`; empty for the manifest itself.
    let name: String
    /// Where it begins.
    let place: YAMLPlace
    private let members: [String: YAMLNode]

    /// Takes a mapping, whose keys must all be known.
    init(_ node: YAMLNode, _ name: String, keys: [String]) throws(ManifestError) {
        guard case .mapping(let pairs) = node.value else {
            let what = name.isEmpty ? "the manifest" : name
            throw ManifestError(node.place, "\(what) is \(node.kind), expected a mapping of keys")
        }
        var members: [String: YAMLNode] = [:]
        for (key, value) in pairs {
            guard keys.contains(key.text) else {
                let place = name.isEmpty ? "" : " in \(name)"
                let meant = nearestName(to: key.text, in: keys).map { "; did you mean \"\($0)\"?" }
                throw ManifestError(
                    key.place,
                    "unknown key \"\(key.text)\"\(place), expected one of \(keys.joined(separator: ", "))\(meant ?? "")"
                )
            }
            members[key.text] = value
        }
        (self.name, place, self.members) = (name, node.place, members)
    }

    /// The member of a key, as `quantization.scheme`.
    func path(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }

    /// The value of a key, or nil.
    subscript(_ key: String) -> YAMLNode? { members[key] }

    /// Complains about the value of a key.
    func wrong(_ key: String, expected: String) -> ManifestError {
        let found = members[key]?.kind ?? "missing"
        return ManifestError(
            members[key]?.place ?? place,
            "\(path(key)) is \(found), expected \(expected)"
        )
    }

    /// Text.
    func text(_ key: String, _ expected: String = "a text") throws(ManifestError) -> String? {
        guard let node = members[key] else { return nil }
        guard case .scalar(let text, _) = node.value, node.plainMeaning == .text, !text.isEmpty
        else {
            throw wrong(key, expected: expected)
        }
        return text
    }

    /// Text that must be there.
    func required(_ key: String, _ expected: String) throws(ManifestError) -> String {
        guard let text = try text(key, expected) else { throw wrong(key, expected: expected) }
        return text
    }

    /// Text that stands for something else.
    func value<T>(
        _ key: String,
        expected: String,
        _ read: (String) -> T?
    ) throws(ManifestError) -> T? {
        guard let text = try text(key, expected) else { return nil }
        guard let value = read(text) else { throw wrong(key, expected: expected) }
        return value
    }

    /// One of some words.
    func choice<T: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        of _: T.Type
    ) throws(ManifestError) -> T? {
        guard members[key] != nil else { return nil }
        let words = T.allCases.map(\.rawValue)
        let expected = "one of " + words.joined(separator: ", ")
        let text = try required(key, expected)
        if let value = T(rawValue: text) { return value }
        let meant = nearestName(to: text, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
        throw wrong(key, expected: expected + meant)
    }

    /// A whole number.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(ManifestError) -> Int? {
        guard let node = members[key] else { return nil }
        guard case .scalar(let text, _) = node.value, node.plainMeaning == .integer,
            let value = Int(text), range.contains(value)
        else {
            throw wrong(
                key,
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    /// A number above zero.
    func number(_ key: String, atMost limit: Double) throws(ManifestError) -> Double? {
        guard let node = members[key] else { return nil }
        guard case .scalar(let text, _) = node.value,
            [.integer, .number].contains(node.plainMeaning),
            let value = Double(text), value > 0, value <= limit
        else { throw wrong(key, expected: "a number above 0, at most \(limit)") }
        return value
    }

    /// A truth.
    func truth(_ key: String) throws(ManifestError) -> Bool? {
        guard let node = members[key] else { return nil }
        guard case .scalar(let text, _) = node.value, node.plainMeaning == .truth else {
            throw wrong(key, expected: "true or false")
        }
        return text.lowercased() == "true"
    }

    /// A list, each item with its place.
    func items(_ key: String) throws(ManifestError) -> [YAMLNode]? {
        guard let node = members[key] else { return nil }
        guard case .sequence(let items) = node.value else { throw wrong(key, expected: "a list") }
        return items
    }

    /// A list of texts; one text alone is a list of one.
    func texts(_ key: String, _ expected: String = "a text") throws(ManifestError) -> [String]? {
        guard let node = members[key] else { return nil }
        guard case .sequence(let items) = node.value else {
            return try text(key, expected).map { [$0] }
        }
        var texts: [String] = []
        for (index, item) in items.enumerated() {
            guard case .scalar(let text, _) = item.value, item.plainMeaning == .text, !text.isEmpty
            else {
                throw ManifestError(
                    item.place,
                    "\(path(key))[\(index + 1)] is \(item.kind), expected \(expected)"
                )
            }
            texts.append(text)
        }
        return texts
    }

    /// Another mapping within.
    func section(_ key: String, keys: [String]) throws(ManifestError) -> ManifestFields? {
        guard let node = members[key] else { return nil }
        return try ManifestFields(node, path(key), keys: keys)
    }
}
