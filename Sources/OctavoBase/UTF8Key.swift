/// A text as a key: two are the same only if all their bytes are.
///
/// Swift holds "é" and "e\u{301}" equal. Names in files are told apart by their bytes everywhere
/// else, and two tensors, keys or files may well be called so.
public struct UTF8Key: Hashable, Sendable {
    /// The text.
    public let text: String

    /// Takes a text as a key.
    public init(_ text: String) { self.text = text }

    /// Compares bytes.
    public static func == (a: UTF8Key, b: UTF8Key) -> Bool {
        a.text.utf8.elementsEqual(b.text.utf8)
    }

    /// Hashes bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Whether a text comes first in the order of UTF-8, which is that of scalars.
///
/// The order that Swift gives texts holds some of different bytes for equal, so that a sorted list
/// could come out in two ways.
public func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
}

extension String {
    /// The text before an ending, or nil if its bytes do not end so.
    public func removingSuffix(_ suffix: String) -> String? {
        guard utf8.count >= suffix.utf8.count else { return nil }
        let cut = utf8.index(endIndex, offsetBy: -suffix.utf8.count)
        return utf8[cut...].elementsEqual(suffix.utf8) ? String(self[..<cut]) : nil
    }
}
