import FuzzInput
import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// A safetensors file with no tensors, for the configuration to lie beside.
private let noTensors: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)

/// Reads a config.json in a model's directory: the architecture, and the AQLM layout it may declare.
@_cdecl("LLVMFuzzerTestOneInput")
public func readConfig(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    _ = inputFile("model.safetensors", noTensors)
    _ = inputFile("config.json", inputBytes(bytes, count))
    guard let checkpoint = try? Checkpoint(inputFolder) else { return 0 }
    _ = try? ModelConfiguration(json: checkpoint.config)
    _ = try? AQLMLayout(checkpoint)
    return 0
}
