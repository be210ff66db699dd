internal import OctavoBase

/// What is wrong with a GGUF file: one case for each way it can lie.
///
/// The rules are those of formats/gguf.md.
public struct GGUFError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The lie.
    public enum Reason: Hashable, Sendable {
        /// G1: the file does not begin with `GGUF`.
        case badMagic([UInt8])
        /// G2: neither version 2 nor 3.
        case unsupportedVersion(UInt32)
        /// G2: the version reads as 2 or 3 when its bytes are swapped.
        case bigEndian
        /// G3: a count is negative, or more than the file has bytes for.
        case badCount(of: String, Int64)
        /// G4: the file ends inside its header.
        case truncated(needed: Int, available: Int)
        /// G4: a string claims more bytes than 2^30 or than the file has.
        case badStringLength(UInt64)
        /// G4: a string is not UTF-8.
        case notUTF8
        /// G5: a key is empty or holds a NUL.
        case badKey(String)
        /// G5: a key appears twice.
        case duplicateKey(String)
        /// G6: no such value type, or an array of arrays.
        case badValueType(key: String, UInt32)
        /// G6: a truth value that is neither 0 nor 1.
        case badBool(key: String, UInt8)
        /// G7: an array claims more items than the file has bytes for, or than Octavo accepts.
        case badArrayCount(key: String, UInt64)
        /// G8: `general.alignment` is not a u32 that is a power of two.
        case badAlignment(String)
        /// G9: a tensor's name is empty, has 64 bytes or more, or holds a NUL.
        case badTensorName(String)
        /// G9: two tensors have one name.
        case duplicateTensor(String)
        /// G10: more than four dimensions.
        case tooManyDimensions(tensor: String, UInt32)
        /// G10: a dimension is negative, or the dimensions' product overflows.
        case badShape(tensor: String, [Int64])
        /// G11: a type number that was withdrawn or is unknown.
        case unknownType(tensor: String, UInt32)
        /// G11: the rows do not consist of whole blocks.
        case partialBlock(tensor: String, row: Int, block: Int)
        /// G12: the byte counts overflow.
        case sizeOverflow(tensor: String)
        /// G13: a tensor does not start where the one before it, padded, ends.
        case badOffset(tensor: String, found: UInt64, expected: Int)
        /// G14: the file ends before the tensor does.
        case truncatedData(tensor: String, needed: Int, available: Int)
        /// G15: the type is known, but Octavo does not decode it.
        case unsupportedType(tensor: String, GGMLType)
    }

    /// The lie.
    public let reason: Reason
    /// Where reading stood, in bytes from the start of the file.
    public let offset: Int

    /// As a clause: what was found and what was expected.
    public var description: String { "\(clause) (at byte \(offset))" }

    private var clause: String {
        switch reason {
        case .badMagic(let bytes):
            "not a GGUF file: it begins with \(hexadecimal(bytes)), expected 47475546"
        case .unsupportedVersion(let version): "GGUF version \(version), expected 2 or 3"
        case .bigEndian: "a big-endian GGUF file, expected little-endian"
        case .badCount(let what, let count):
            "a claim of \(count) \(what), expected no more than the file has room for"
        case .truncated(let needed, let available):
            "the header wants \(needed) more bytes, but \(available) are left"
        case .badStringLength(let length):
            "a string of \(length) bytes, expected no more than the file holds, and at most 2^30"
        case .notUTF8: "a string is not UTF-8"
        case .badKey(let key): "the key \(key.debugDescription), expected text without NUL"
        case .duplicateKey(let key): "the key \"\(key)\" appears twice"
        case .badValueType(let key, let type):
            "the key \"\(key)\" has value type \(type), expected 0 to 12 and no array in an array"
        case .badBool(let key, let byte):
            "the key \"\(key)\" has truth value \(byte), expected 0 or 1"
        case .badArrayCount(let key, let count):
            "the key \"\(key)\" claims \(count) items, expected no more than the file holds, "
                + "and at most \(GGUFHeader.mostArrayItems) in all arrays together"
        case .badAlignment(let found):
            "general.alignment is \(found), expected a u32 that is a power of two"
        case .badTensorName(let name):
            "the tensor name \(name.debugDescription), expected 1 to 63 bytes without NUL"
        case .duplicateTensor(let name): "the tensor \"\(name)\" appears twice"
        case .tooManyDimensions(let tensor, let count):
            "tensor \"\(tensor)\" has \(count) dimensions, expected at most 4"
        case .badShape(let tensor, let shape):
            "tensor \"\(tensor)\" has dimensions \(shape), expected none negative "
                + "and a product within 2^63"
        case .unknownType(let tensor, let type):
            "tensor \"\(tensor)\" has type number \(type), "
                + (GGMLType.withdrawnName(type).map { "\($0), which was withdrawn" }
                    ?? "which is not in use")
        case .partialBlock(let tensor, let row, let block):
            "tensor \"\(tensor)\" has rows of \(row) elements, expected a multiple of \(block)"
        case .sizeOverflow(let tensor): "the bytes up to the end of tensor \"\(tensor)\" overflow"
        case .badOffset(let tensor, let found, let expected):
            "tensor \"\(tensor)\" starts at \(found) of the data, expected \(expected)"
        case .truncatedData(let tensor, let needed, let available):
            "tensor \"\(tensor)\" needs \(needed) bytes, but the file has \(available) left"
        case .unsupportedType(let tensor, let type):
            "tensor \"\(tensor)\" is stored as \(type.name), expected one of "
                + GGMLType.decodable.map(\.name).joined(separator: ", ")
        }
    }
}
