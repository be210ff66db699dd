import OctavoBase

/// An object of a tokenizer file, read field by field, with errors that name the field.
///
/// `finish` refuses whatever was never asked for: a field that is not understood might change results.
struct TokenizerFields {
    let path: String
    private let object: JSONObject
    private var asked: Set<String> = []

    /// Takes an object found at `path` (empty at the top of the file).
    init(_ json: JSON?, _ path: String) throws(TokenizerError) {
        guard let json else { throw .missing(path) }
        guard let object = json.object else { throw .wrongType(path, expected: "an object") }
        self.object = object
        self.path = path
    }

    /// The full name of a field.
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// A field's value, or nil if it is absent or null.
    mutating func optional(_ key: String) -> JSON? {
        asked.insert(key)
        return object[key] == .null ? nil : object[key]
    }

    /// A field's value, which must be there.
    mutating func required(_ key: String) throws(TokenizerError) -> JSON {
        guard let value = optional(key) else { throw .missing(name(key)) }
        return value
    }

    mutating func string(_ key: String) throws(TokenizerError) -> String {
        guard let value = try required(key).string else {
            throw .wrongType(name(key), expected: "a string")
        }
        return value
    }

    mutating func integer(_ key: String) throws(TokenizerError) -> Int {
        guard let value = try required(key).integer else {
            throw .wrongType(name(key), expected: "a whole number")
        }
        return value
    }

    mutating func array(_ key: String) throws(TokenizerError) -> [JSON] {
        guard let value = try required(key).array else {
            throw .wrongType(name(key), expected: "an array")
        }
        return value
    }

    /// A truth value; without a default it must be there.
    mutating func bool(_ key: String, default fallback: Bool? = nil) throws(TokenizerError) -> Bool
    {
        guard let value = optional(key) else {
            guard let fallback else { throw .missing(name(key)) }
            return fallback
        }
        guard let bool = value.bool else { throw .wrongType(name(key), expected: "true or false") }
        return bool
    }

    /// Accepts a field only while it is absent, null or one of the values that change nothing.
    mutating func refuse(_ key: String, unless harmless: JSON...) throws(TokenizerError) {
        guard let value = optional(key), !harmless.contains(value) else { return }
        throw .unsupported(name(key), value.string ?? value.text(.compact))
    }

    /// Passes over a field that cannot change results.
    mutating func ignore(_ keys: String...) { asked.formUnion(keys) }

    /// Refuses the fields that nobody asked for.
    func finish() throws(TokenizerError) {
        for key in object.keys where !asked.contains(key) { throw .unknownField(name(key)) }
    }
}
