import FuzzInput
import Glibc
import OctavoBase
import OctavoCheckpoint
import OctavoPublisher

/// Reads a GGUF file, writes the model in it as one again, and reads that: it must have the same tensors, and
/// written once more, by the same name, it must be the same file.
@_cdecl("LLVMFuzzerTestOneInput")
public func writeGGUF(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    // A model is called as its file is: all three are called the same.
    let path = inputFile("again.gguf", inputBytes(bytes, count))
    let (one, two) = (inputFolder + "/1", inputFolder + "/2")
    for folder in [one, two] {
        mkdir(folder, 0o700)
        unlink(folder + "/again.gguf")
    }
    let options = ConversionOptions(target: .gguf)
    guard let model = try? OpenModel(path),
        (try? convert(model, to: one + "/again.gguf", options)) != nil
    else { return 0 }
    guard let again = try? OpenModel(one + "/again.gguf") else {
        preconditionFailure("a file that was written is not read")
    }
    func shapes(_ model: OpenModel) -> [String: [Int]] {
        Dictionary(
            model.checkpoint.tensors.map { ($0.name, $0.shape) },
            uniquingKeysWith: { first, _ in first }
        )
    }
    precondition(shapes(again) == shapes(model), "a file that was written has other tensors")
    for tensor in again.checkpoint.tensors { _ = try? tensor.floats() }
    _ = try? again.tokenizer()
    guard (try? convert(again, to: two + "/again.gguf", options)) != nil else {
        preconditionFailure("a file that was written is not written again")
    }
    let (first, second) = (try? readFile(one + "/again.gguf"), try? readFile(two + "/again.gguf"))
    precondition(first == second, "a file that was written is another when it is written again")
    return 0
}
