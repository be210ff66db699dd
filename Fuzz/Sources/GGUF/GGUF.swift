import FuzzInput
import OctavoBase
import OctavoCheckpoint

/// Reads a GGUF file, then the model in it: tensors, configuration, tokenizer.
@_cdecl("LLVMFuzzerTestOneInput")
public func readGGUF(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let path = inputFile("model.gguf", inputBytes(bytes, count))
    guard let mapped = try? MappedFile(path), let file = try? GGUFFile(mapped) else { return 0 }
    _ = try? GGUFVocabulary(file.metadata).tokenizer()
    guard let checkpoint = try? Checkpoint(path) else { return 0 }
    for tensor in checkpoint.tensors { _ = try? tensor.floats() }
    return 0
}
