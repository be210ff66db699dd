internal import CKernels
internal import COpenBLAS

/// Keeps large blocks of memory in the process once it has them.
///
/// By default each large matrix is fetched from the system, filled with zeros by it, and given back:
/// measured on a forward pass, that took as long as the arithmetic. To be called once, before the
/// first large allocation.
public func keepLargeAllocations() {
    octavo_keep_large_allocations()
}

/// The variables to start this process with so that OpenBLAS uses all of this processor, if it does
/// not already.
///
/// OpenBLAS 0.3.21 takes processors that it does not know for AVX2 ones, even if they have AVX-512; it
/// lets itself be told otherwise only before it is loaded. On such a processor its products were
/// measured to be 1.5 to 1.8 times as fast with the right kernels.
public var missingBLASEnvironment: [String: String] {
    guard InstructionSet.best == .avx512, let name = unsafe openblas_get_corename() else {
        return [:]
    }
    let isNarrow = unsafe ["Haswell", "Zen", "Sandybridge", "Nehalem"].contains(
        String(cString: name)
    )
    return isNarrow ? ["OPENBLAS_CORETYPE": "SkylakeX"] : [:]
}
