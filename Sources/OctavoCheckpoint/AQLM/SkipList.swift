internal import OctavoBase

/// The list of linears that are not quantized, as the generations of the Transformers library take it
/// (A7).
struct SkipList {
    private let entries: Set<UTF8Key>
    /// The lengths of entries, so that endings of no entry's length need no look-up; none beyond a
    /// limit that no module's name comes near.
    private let lengths: [Int]
    private static let longestEnding = 128

    init(_ names: Set<String>) {
        entries = Set(names.map(UTF8Key.init))
        lengths = Set(names.map(\.utf8.count)).filter { $0 <= Self.longestEnding }.sorted()
    }

    /// Whether versions before the fifth leave a linear as it is: its weight is listed by name.
    func old(_ path: String) -> Bool { has(path + ".weight") }

    /// Whether versions from the fifth on do: its path begins with an entry that ends where a part of
    /// the path does, or ends with an entry.
    ///
    /// To these versions an entry is also a regular expression, which none is here: the full paths that
    /// are listed match themselves.
    func new(_ path: String) -> Bool {
        let bytes = path.utf8
        return has(path)
            || bytes.indices.contains {
                bytes[$0] == UInt8(ascii: ".")
                    && (has(path[..<$0]) || has(path[...$0]))
            }
            || lengths.contains { $0 > 0 && $0 <= bytes.count && has(path.utf8.suffix($0)) }
    }

    private func has(_ name: some StringProtocol) -> Bool {
        entries.contains(UTF8Key(String(name)))
    }

    private func has(_ name: Substring.UTF8View) -> Bool { has(Substring(name)) }

    /// Compares the list with what is there; the tensors are right.
    ///
    /// - Parameters:
    ///   - quantized: The paths of linears that are.
    ///   - dense: The paths of linears that are not.
    /// - Returns: Findings, one for each way in which readers go wrong.
    func findings(quantized: [String], dense: [String]) -> [ReaderFinding] {
        var findings: [ReaderFinding] = []
        func add(_ code: ReaderFinding.Code, _ readers: [ReaderFinding.Reader], _ paths: [String]) {
            if !paths.isEmpty { findings.append(ReaderFinding(code, readers, paths)) }
        }
        add(.oldSpelling, [.transformers5], dense.filter { old($0) && !new($0) })
        add(.newSpelling, [.transformers4], dense.filter { !old($0) && new($0) })
        add(.notListed, [.transformers4, .transformers5], dense.filter { !old($0) && !new($0) })
        let listed = quantized.filter { old($0) || new($0) }
        let readers: [ReaderFinding.Reader] =
            (listed.contains(where: old) ? [.transformers4] : [])
            + (listed.contains(where: new) ? [.transformers5] : [])
        add(.listedThoughQuantized, readers, listed)
        return findings
    }
}

/// Whether a matrix of this path is looked up by tokens or positions, and so is no linear.
func isEmbedding(_ path: String) -> Bool {
    let name = path.split(separator: ".").last ?? ""
    return name.contains("embed") || name == "wte" || name == "wpe"
}
