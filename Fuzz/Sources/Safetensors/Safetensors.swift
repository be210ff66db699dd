import FuzzInput
import OctavoCheckpoint

/// Reads a safetensors file, and every tensor of it.
@_cdecl("LLVMFuzzerTestOneInput")
public func readSafetensors(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let path = inputFile("model.safetensors", inputBytes(bytes, count))
    guard let checkpoint = try? Checkpoint(path) else { return 0 }
    for tensor in checkpoint.tensors {
        _ = try? tensor.floats()
        _ = try? tensor.integers()
    }
    return 0
}
