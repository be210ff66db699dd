import FuzzInput
import OctavoBase

/// Parses a JSON text; what it gives must be the same when it is written and parsed again.
@_cdecl("LLVMFuzzerTestOneInput")
public func parseJSON(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let json = try? JSON(parsing: inputBytes(bytes, count)) else { return 0 }
    for layout in [JSON.Layout.compact, .pretty] {
        let again = try? JSON(parsing: json.text(layout))
        precondition(again == json, "a text that was written does not give back its value")
    }
    return 0
}
