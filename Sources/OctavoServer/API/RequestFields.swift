internal import OctavoBase

/// The members of a request's object, each asked for once; what nobody asks for is refused.
///
/// Null counts as not given.
struct RequestFields {
    private let object: JSONObject
    private var known: Set<String> = []

    init(_ json: JSON) throws(APIError) {
        guard let object = json.object else {
            throw .invalid(nil, "The body is not a JSON object.")
        }
        self.object = object
    }

    mutating func value(_ name: String) -> JSON? {
        known.insert(name)
        return object[name].flatMap { $0 == .null ? nil : $0 }
    }

    mutating func text(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw .invalid(name, "\(name) must be a string.") }
        return text
    }

    mutating func flag(_ name: String) throws(APIError) -> Bool {
        guard let value = value(name) else { return false }
        guard let flag = value.bool else { throw .invalid(name, "\(name) must be true or false.") }
        return flag
    }

    mutating func number(_ name: String) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number else { throw .invalid(name, "\(name) must be a number.") }
        return number
    }

    mutating func integer(_ name: String, atLeast least: Int = .min) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer, number >= least else {
            let more = least > .min ? " of at least \(least)" : ""
            throw .invalid(name, "\(name) must be a whole number\(more).")
        }
        return number
    }

    /// One text or several.
    mutating func texts(_ name: String, atMost most: Int) throws(APIError) -> [String] {
        guard let value = value(name) else { return [] }
        if let text = value.string { return [text] }
        guard let items = value.array, items.count <= most else {
            throw .invalid(name, "\(name) must be a string or a list of up to \(most).")
        }
        var texts: [String] = []
        for item in items {
            guard let text = item.string else {
                throw .invalid(name, "\(name) must hold strings only.")
            }
            texts.append(text)
        }
        return texts
    }

    /// Refuses a parameter that is not supported, unless its value asks for nothing.
    mutating func refuse(_ name: String, unless neutral: JSON...) throws(APIError) {
        guard let value = value(name), !neutral.contains(where: { $0.equals(value) }) else {
            return
        }
        throw .unsupported(name, "\(name) is not supported by this server.")
    }

    /// Leaves parameters alone that change nothing in an answer.
    mutating func ignore(_ names: String...) { known.formUnion(names) }

    /// Refuses what has not been asked for.
    func finish() throws(APIError) {
        guard let name = object.keys.first(where: { !known.contains($0) }) else { return }
        let shown = String(name.prefix(100))
        throw .invalid(
            shown,
            "Unrecognized request argument supplied: \(shown)",
            code: "unknown_parameter"
        )
    }
}

extension JSON {
    /// Whether two values say the same: 0 and 0.0 do.
    fileprivate func equals(_ other: JSON) -> Bool {
        if let a = number, let b = other.number { return a == b }
        return self == other
    }
}
