import FuzzInput
import OctavoCheckpoint

/// Reads a pickle that lies in a sound archive with two storages, and every tensor of it.
@_cdecl("LLVMFuzzerTestOneInput")
public func readPickle(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let storage = (0..<96).map(UInt8.init)
    let archive = zipArchive([
        ("m/data.pkl", inputBytes(bytes, count)), ("m/data/0", storage),
        ("m/data/1", Array(storage[..<16])),
    ])
    let path = inputFile("model.bin", archive)
    guard let checkpoint = try? Checkpoint(path) else { return 0 }
    for tensor in checkpoint.tensors {
        _ = try? tensor.floats()
        _ = try? tensor.integers()
    }
    return 0
}
