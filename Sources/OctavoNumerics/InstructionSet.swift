internal import CKernels

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
