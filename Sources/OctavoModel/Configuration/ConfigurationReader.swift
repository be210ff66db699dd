import OctavoBase

/// Typed access to the members of a `config.json`, where null means absent.
struct ConfigurationReader {
    let object: JSONObject
    /// What stands before the keys in errors: the path of a nested object.
    var prefix = ""

    subscript(key: String) -> JSON? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// An object inside this one.
    func nested(_ key: String) throws(ConfigurationError) -> ConfigurationReader? {
        guard let value = self[key] else { return nil }
        guard let object = value.object else { throw invalid(key, value, "an object") }
        return ConfigurationReader(object: object, prefix: prefix + key + ".")
    }

    /// A whole number of at least one.
    func size(
        _ key: String,
        atMost limit: Int,
        default fallback: Int? = nil
    ) throws(ConfigurationError) -> Int {
        let value = self[key]
        guard let size = value == nil ? try absent(key, fallback) : value?.integer,
            (1...limit).contains(size)
        else { throw invalid(key, value ?? .null, "a whole number in 1...\(limit)") }
        return size
    }

    /// A number above zero.
    func positive(
        _ key: String,
        default fallback: Double? = nil,
        atMost limit: Double = 1e12
    ) throws(ConfigurationError) -> Double {
        let value = self[key]
        guard let number = value == nil ? try absent(key, fallback) : value?.number, number > 0,
            number <= limit,
            Float(number).isNormal
        else { throw invalid(key, value ?? .null, "a number above 0 and at most \(limit)") }
        return number
    }

    /// A number above zero, or nil: the default where the key is absent, nothing where it is null.
    func bound(_ key: String, default fallback: Double?) throws(ConfigurationError) -> Float? {
        guard let value = object[key] else { return fallback.map { Float($0) } }
        return value == .null ? nil : Float(try positive(key))
    }

    /// Numbers above zero.
    func positives(_ key: String, count: Int) throws(ConfigurationError) -> [Double] {
        guard let value = self[key] else { throw .missing(key: prefix + key) }
        let numbers = value.array?.map(\.number) ?? []
        let valid = numbers.compactMap(\.self).filter { $0 > 0 && Float($0).isNormal }
        guard valid.count == numbers.count, valid.count == count else {
            throw invalid(key, value, "\(count) numbers above 0")
        }
        return valid
    }

    /// A truth value.
    func flag(_ key: String, default fallback: Bool) throws(ConfigurationError) -> Bool {
        guard let value = self[key] else { return fallback }
        guard let flag = value.bool else { throw invalid(key, value, "true or false") }
        return flag
    }

    /// One token or several.
    func tokens(_ key: String, below limit: Int) throws(ConfigurationError) -> [Int] {
        guard let value = self[key] else { return [] }
        let tokens = (value.array ?? [value]).map(\.integer)
        let valid = tokens.compactMap(\.self).filter { (0..<limit).contains($0) }
        guard valid.count == tokens.count else {
            throw invalid(key, value, "token ids below vocab_size (\(limit))")
        }
        return valid
    }

    /// An error that names a key with its path.
    func invalid(_ key: String, _ found: JSON, _ expected: String) -> ConfigurationError {
        .invalid(key: prefix + key, found: found.excerpt, expected: expected)
    }

    /// An error that names a key with its path.
    func unsupported(_ key: String, _ found: JSON, _ expected: String) -> ConfigurationError {
        .unsupported(key: prefix + key, found: found.excerpt, expected: expected)
    }

    /// The default of an absent key.
    private func absent<T>(_ key: String, _ fallback: T?) throws(ConfigurationError) -> T {
        guard let fallback else { throw .missing(key: prefix + key) }
        return fallback
    }
}

extension JSON {
    /// The value in an error: whole if it is a scalar, else its kind.
    fileprivate var excerpt: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value.prefix(64))\""
        case .array: "an array"
        case .object: "an object"
        }
    }
}
