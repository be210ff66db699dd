internal import CKernels
internal import COpenBLAS

/// An instruction set that the kernels are compiled for, in increasing order.
public enum InstructionSet: UInt32, CaseIterable, Sendable {
    case scalar = 0
    case avx2 = 1
    case avx512 = 2

    /// The best instruction set that this processor runs.
    public static let best = InstructionSet(rawValue: octavo_isa_best().rawValue) ?? .scalar

    /// Those that this processor runs, for tests that compare them.
    public static let available = allCases.filter { $0.rawValue <= best.rawValue }

    /// As the kernels take it.
    var kernel: octavo_isa { octavo_isa(rawValue: rawValue) }
}

/// The kernels that this process computes with, own and BLAS's, as in `avx512, bfloat16, OpenBLAS 0.3.21 SkylakeX`:
/// with others sums are rounded in another order.
public var kernelNames: String {
    let blas = unsafe openblas_get_config().map { unsafe String(cString: $0) } ?? "BLAS"
    let version = blas.split(separator: " ").prefix(2).joined(separator: " ")
    let core = unsafe openblas_get_corename().map { unsafe String(cString: $0) } ?? ""
    let products = hasBfloatProducts ? ", bfloat16" : ""
    return "\(InstructionSet.best)\(products), \(version) \(core)"
}
