public import OctavoBase

/// What is wrong with a safetensors file: one case for each way it can lie.
///
/// The rules are those of formats/safetensors.md.
public enum SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// S1: fewer than the eight bytes that hold the header's length.
    case tooShort(fileSize: Int)
    /// S2: the header claims more than 100,000,000 bytes.
    case headerTooLarge(UInt64)
    /// S2: the header claims more bytes than the file has.
    case headerBeyondFile(length: Int, available: Int)
    /// S3: the header is not JSON, or not of the kind Octavo accepts; offsets count from its start.
    case notJSON(JSONError)
    /// S3: the header is JSON, but no object.
    case notAnObject
    /// S4: `__metadata__` does not map strings to strings; the key at fault, if it is an object.
    case badMetadata(key: String?)
    /// S5: more tensors than Octavo accepts.
    case tooManyTensors(Int)
    /// S6: a tensor's description is no object, or lacks a field or has one too many.
    case badFields(tensor: String, found: [String])
    /// S7: no such dtype.
    case unknownDType(tensor: String, found: String)
    /// S8: the shape is not a list of whole numbers up to 2^48 with a product that can be counted.
    case badShape(tensor: String, found: String)
    /// S9: the offsets are not two whole numbers, the first no greater than the second.
    case badOffsets(tensor: String, found: String)
    /// S10: the elements do not fill whole bytes, or their count of bytes overflows.
    case uncountableBytes(tensor: String, dtype: DType, shape: [Int])
    /// S10: the offsets span another number of bytes than dtype and shape take.
    case wrongByteCount(tensor: String, found: Int, expected: Int)
    /// S11: a tensor does not begin where the one before it ends: a hole, or an overlap.
    case notContiguous(tensor: String, begin: Int, expected: Int)
    /// S12: the tensors end before or behind the end of the file.
    case wrongFileSize(found: Int, expected: Int)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .tooShort(let size): "the file has \(size) bytes, expected at least 8"
        case .headerTooLarge(let length):
            "the header claims \(length) bytes, expected at most \(SafetensorsHeader.longest)"
        case .headerBeyondFile(let length, let available):
            "the header claims \(length) bytes, but \(available) follow its length"
        case .notJSON(let error): "the header is malformed: \(error)"
        case .notAnObject: "the header is not a JSON object"
        case .badMetadata(let key?): "__metadata__ has a value under \"\(key)\" that is no string"
        case .badMetadata(nil): "__metadata__ is not an object"
        case .tooManyTensors(let count):
            "the header lists \(count) tensors, expected at most \(SafetensorsHeader.mostTensors)"
        case .badFields(let tensor, let found):
            "tensor \"\(tensor)\" has the fields [\(found.joined(separator: ", "))], "
                + "expected dtype, shape and data_offsets"
        case .unknownDType(let tensor, let found):
            "tensor \"\(tensor)\" has dtype \(found), expected one of "
                + DType.allCases.map(\.rawValue).joined(separator: ", ")
        case .badShape(let tensor, let found):
            "tensor \"\(tensor)\" has shape \(found), expected whole numbers from 0 to 2^48 "
                + "with a product below 2^63"
        case .badOffsets(let tensor, let found):
            "tensor \"\(tensor)\" has data_offsets \(found), expected [begin, end] "
                + "with 0 <= begin <= end"
        case .uncountableBytes(let tensor, let dtype, let shape):
            "tensor \"\(tensor)\" of dtype \(dtype.rawValue) and shape \(shape) "
                + "does not take a whole number of bytes below 2^63"
        case .wrongByteCount(let tensor, let found, let expected):
            "tensor \"\(tensor)\" spans \(found) bytes, expected \(expected) "
                + "from its dtype and shape"
        case .notContiguous(let tensor, let begin, let expected):
            "tensor \"\(tensor)\" begins at byte \(begin) of the data, expected \(expected)"
        case .wrongFileSize(let found, let expected):
            "the file has \(found) bytes, expected \(expected) from its header"
        }
    }
}
