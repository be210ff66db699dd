/// Scalars that stand in, before a regular expression is run, for those that it may not know.
///
/// The `tokenizers` library knows Unicode 16; PCRE2 knows what it was built with. A scalar younger
/// than any PCRE2 in use is replaced by an older one of the same general category and width, which
/// leaves every offset as it is; what Unicode 16 does not have yet by one that no Unicode has.
enum StandIns {
    /// The newest version that every PCRE2 in use knows (10.40's).
    private static let known = 14

    /// The text with its young scalars stood in for.
    static func replacingYoung(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(where: { $0 >= 0xE0 }) else { return text }
        var result = text
        var at = text.startIndex
        while at < text.endIndex {
            let (scalar, width) = scalar(at: at, in: text)
            defer { at += width }
            guard width > 2, let age = scalar.properties.age, age.major > known else { continue }
            let standIn =
                age.major <= 16
                ? Self.standIn(scalar.properties, isWide: width == 4)
                : width == 4 ? "\u{1FFFE}" : "\u{FFFE}"
            result.replaceSubrange(at..<at + width, with: Array(String(standIn).utf8))
        }
        return result
    }

    private static func standIn(
        _ properties: Unicode.Scalar.Properties,
        isWide: Bool
    ) -> Unicode.Scalar {
        // The only script that expressions may name.
        if properties.isUnifiedIdeograph { return isWide ? "\u{20000}" : "\u{4E00}" }
        let table = isWide ? wide : narrow
        return table[properties.generalCategory] ?? (isWide ? "\u{1FFFE}" : "\u{FFFE}")
    }

    private static let narrow = firstOfEachCategory(from: 0x800, to: 0xFFFF)
    private static let wide = firstOfEachCategory(from: 0x10000, to: 0x1FFFF)

    private static func firstOfEachCategory(
        from first: UInt32,
        to last: UInt32
    ) -> [Unicode.GeneralCategory: Unicode.Scalar] {
        var table: [Unicode.GeneralCategory: Unicode.Scalar] = [:]
        for value in first...last {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let properties = scalar.properties
            let category = properties.generalCategory
            guard table[category] == nil, let age = properties.age, age.major < known else {
                continue
            }
            table[category] = scalar
        }
        return table
    }
}
