internal import CKernels

/// What looks up products in tables, in increasing order of speed.
///
/// All sum up whole numbers exactly; only the tables of those numbers differ, by rounding.
public enum LookupKernel: UInt32, CaseIterable, Sendable {
    case scalar = 0
    /// The scalar loops compiled for AVX2.
    case avx2 = 1
    /// Permutations of words.
    case avx512 = 2
    /// Permutations of bytes, and tables from products of whole numbers.
    case vbmi = 3

    /// The best one that this processor runs.
    public static let best = LookupKernel(rawValue: octavo_lookup_best().rawValue) ?? .scalar

    /// Those that this processor runs.
    public static let available = allCases.filter { $0.rawValue <= best.rawValue }

    /// As the kernels take it.
    var kernel: octavo_lookup_kernel { octavo_lookup_kernel(rawValue: rawValue) }

    /// Nanoseconds for a number of a table and for a lookup, measured on one core of a Zen 4 at 3.5 GHz.
    ///
    /// Only their ratio to those of forming weights counts, which is about the same elsewhere.
    var cost: (entry: Double, lookup: Double) {
        switch self {
        case .scalar: (0.6, 0.37)
        case .avx2: (0.27, 0.37)
        case .avx512: (0.27, 0.073)
        case .vbmi: (0.13, 0.047)
        }
    }
}
