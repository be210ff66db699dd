/// What is wrong with a zip file: one case for each way it can lie, or differ from what PyTorch writes.
///
/// The rules are those of formats/pytorch.md. An entry is named as the directory names it.
public enum ZipError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Z1: the file does not end with the record that ends a zip file's directory.
    case noEnd
    /// Z1: the records at the end disagree with each other or with the file; which number is said.
    case badEnd(String)
    /// Z2: more entries than Octavo accepts.
    case tooManyEntries(Int)
    /// Z2: the directory does not hold the entries it claims, at the place and in the bytes it claims.
    case badDirectory(at: Int)
    /// Z3: the entry's name is not UTF-8, or empty, or could lead out of a folder.
    case badName(String)
    /// Z3: two entries have one name.
    case duplicateEntry(String)
    /// Z4: the entry is compressed, by the method of this number.
    case compressed(String, method: UInt16)
    /// Z4: the entry is encrypted, or has other flags that nobody sets for stored bytes.
    case badFlags(String, UInt16)
    /// Z4: a stored entry whose two sizes differ, or whose fields of 64 bits are malformed.
    case badSize(String)
    /// Z5: what precedes the entry's bytes is not where the directory says, or reaches beyond it.
    case misplaced(String)
    /// Z5: the entry's own header contradicts the directory; the field at fault is said.
    case contradicts(String, field: String)
    /// Z6: bytes before the entry, or before the directory, belong to nothing.
    case strayBytes(before: String)
    /// Z7: the entry's bytes do not have the checksum that the directory says.
    case badChecksum(String)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .noEnd: "no zip directory ends with the file's end"
        case .badEnd(let number):
            "the records at the end of the zip file contradict each other: \(number)"
        case .tooManyEntries(let count):
            "the zip file has \(count) entries, expected at most \(ZipArchive.mostEntries)"
        case .badDirectory(let offset): "the zip directory is malformed at byte \(offset)"
        case .badName(let name):
            "the zip file has an entry \(name.debugDescription), expected a path without "
                + "empty parts, . and .."
        case .duplicateEntry(let name): "the zip file has two entries \"\(name)\""
        case .compressed(let name, let method):
            "\"\(name)\" is compressed by method \(method), expected stored bytes"
        case .badFlags(let name, let flags):
            "\"\(name)\" has the flags 0x\(String(flags, radix: 16)), expected none but "
                + "those of descriptors and UTF-8"
        case .badSize(let name): "the sizes of \"\(name)\" contradict each other"
        case .misplaced(let name): "\"\(name)\" is not where the zip directory says"
        case .contradicts(let name, let field):
            "\"\(name)\" and the zip directory differ in the entry's \(field)"
        case .strayBytes(let name): "bytes before \(name) belong to no entry of the zip file"
        case .badChecksum(let name):
            "\"\(name)\" does not have the CRC-32 that the zip directory says"
        }
    }
}
