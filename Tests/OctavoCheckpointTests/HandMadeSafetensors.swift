@testable import OctavoBase
import Testing

@testable import OctavoCheckpoint

/// A file made by hand, and what reading it must give: an error, or nil for a sound file.
struct HandMade: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let error: SafetensorsError?

    /// A file of a header's text and so many data bytes; `length` overrides the header's length.
    init(
        _ name: String,
        _ header: String,
        data: Int = 0,
        length: UInt64? = nil,
        _ error: SafetensorsError? = nil
    ) {
        self.init(name, Array(header.utf8), data: data, length: length, error)
    }

    init(
        _ name: String,
        _ header: [UInt8],
        data: Int = 0,
        length: UInt64? = nil,
        _ error: SafetensorsError? = nil
    ) {
        testDescription = name
        let prefix = littleEndian(length ?? UInt64(header.count))
        bytes = prefix + header + [UInt8](repeating: 0, count: data)
        self.error = error
    }

    init(_ name: String, raw: [UInt8], _ error: SafetensorsError) {
        testDescription = name
        bytes = raw
        self.error = error
    }
}

/// A tensor's description.
func info(_ dtype: String = "I32", _ shape: String = "[2,2]", _ offsets: String = "[0,16]")
    -> String
{
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
}

/// A header with one tensor `t`.
func one(_ info: String) -> String { #"{"t":\#(info)}"# }

func notJSON(_ reason: JSONError.Reason, _ offset: Int) -> SafetensorsError {
    .notJSON(JSONError(reason: reason, offset: offset))
}
