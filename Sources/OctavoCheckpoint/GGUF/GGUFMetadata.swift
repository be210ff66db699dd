internal import OctavoBase

/// The metadata of a GGUF file: typed values by key, in the order of the file.
///
/// Every accessor returns nil when the key is absent and when its value is of another type, so that
/// a caller names once what it needed.
public struct GGUFMetadata: Sendable, Equatable {
    /// The keys, in the order of the file, each once.
    public private(set) var keys: [String] = []
    private var values: [UTF8Key: GGUFValue] = [:]

    /// No metadata.
    public init() {}

    /// The value of a key.
    public subscript(key: String) -> GGUFValue? { values[UTF8Key(key)] }

    /// Appends a value.
    ///
    /// - Returns: False, and changes nothing, if the key is already there.
    mutating func append(_ key: String, _ value: GGUFValue) -> Bool {
        guard self[key] == nil else { return false }
        keys.append(key)
        values[UTF8Key(key)] = value
        return true
    }

    /// A text.
    public func string(_ key: String) -> String? { self[key]?.string }

    /// A whole number of any width that fits Int.
    public func integer(_ key: String) -> Int? { self[key]?.integer }

    /// A number, whole or not.
    public func number(_ key: String) -> Double? { self[key]?.number }

    /// A truth value.
    public func bool(_ key: String) -> Bool? { self[key]?.bool }

    /// An array of texts.
    public func strings(_ key: String) -> [String]? { items(key, \.string) }

    /// An array of whole numbers that fit Int.
    public func integers(_ key: String) -> [Int]? { items(key, \.integer) }

    /// An array of numbers, whole or not.
    public func numbers(_ key: String) -> [Double]? { items(key, \.number) }

    private func items<T>(_ key: String, _ part: (GGUFValue) -> T?) -> [T]? {
        guard let array = self[key]?.array else { return nil }
        let items = array.compactMap(part)
        return items.count == array.count ? items : nil
    }
}
