import OctavoBase
internal import CKernels

/// Reads memory from end to end, for the sake of the time it takes.
///
/// - Parameters:
///   - words: What is read.
///   - isa: The kernels to use.
/// - Returns: The sum of the words, so that nothing of it can be left out.
public func readAll(_ words: [UInt64], on isa: InstructionSet = .best) -> UInt64 {
    unsafe octavo_read(isa.kernel, words, words.count)
}
