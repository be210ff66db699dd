/// Something about a published model that a reader elsewhere stumbles over, though Octavo reads it.
public struct ReaderFinding: Sendable, Hashable {
    /// The readers that are told apart.
    public enum Reader: String, Sendable, CaseIterable, Comparable {
        /// The Transformers library before its fifth version.
        case transformers4 = "transformers 4"
        /// The Transformers library from its fifth version on.
        case transformers5 = "transformers 5"
        /// The kernels of the aqlm package for processors.
        case aqlmCPU = "aqlm on CPU"
        /// The kernels of the aqlm package for graphics cards.
        case aqlmCUDA = "aqlm on CUDA"
        /// vLLM as long as it read AQLM: 0.10.0 was the last version.
        case vLLM = "vLLM up to 0.10.0"

        /// In the order of their declaration.
        public static func < (a: Reader, b: Reader) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// What can be found; formats/hf-aqlm.md has a table of them.
    public enum Code: String, Sendable, CaseIterable {
        // What breaks the layout; a conversion repairs it.
        case oldType = "old-type"
        case looseField = "loose-field"
        case absentField = "absent-field"
        case oldSpelling = "old-spelling"
        case newSpelling = "new-spelling"
        case notListed = "not-listed"
        case listedThoughQuantized = "listed-though-quantized"
        case transposedCodes = "transposed-codes"
        case codeType = "code-type"
        case scaleShape = "scale-shape"
        case wideFloats = "wide-floats"
        case newRotary = "new-rotary"
        case oldRotary = "old-rotary"
        // What the layout allows and a reader does not manage.
        case cpuKernel = "cpu-kernel"
        case tallGroups = "tall-groups"
        case experts
        case fusedLinears = "fused-linears"
        case denseLinears = "dense-linears"
        case bfloat16
        case narrowRows = "narrow-rows"
        case wideRows = "wide-rows"
    }

    /// What was found.
    public let code: Code
    /// Who stumbles, in the order of ``Reader``; empty if nobody is known to.
    public let readers: [Reader]
    /// What it concerns: paths of modules, or keys of config.json; empty if the model as a whole.
    public let subjects: [String]

    init(_ code: Code, _ readers: [Reader], _ subjects: [String] = []) {
        self.code = code
        self.readers = readers
        self.subjects = subjects
    }
}

extension ReaderFinding {
    /// Whether the model breaks the layout, which a conversion repairs.
    public var isFault: Bool {
        switch code {
        case .oldType, .looseField, .absentField, .oldSpelling, .newSpelling, .notListed,
            .listedThoughQuantized, .transposedCodes, .codeType, .scaleShape, .wideFloats,
            .newRotary,
            .oldRotary:
            true
        case .cpuKernel, .tallGroups, .experts, .fusedLinears, .denseLinears, .bfloat16,
            .narrowRows, .wideRows:
            false
        }
    }

    /// What is so, and what comes of it.
    public var explanation: String {
        switch code {
        case .oldType:
            "the model is of a type that needed code of its own, which is no longer published"
        case .looseField: "a number is written with a fraction, where only whole ones are read"
        case .absentField: "a number is left to its default, which not every reader has"
        case .oldSpelling:
            "listed as unquantized only with \".weight\", which transformers 5 does not recognize: "
                + "it puts random numbers there"
        case .newSpelling:
            "listed as unquantized only without \".weight\", which transformers 4 does not "
                + "recognize: it puts random numbers there"
        case .notListed:
            "not quantized, but not listed as such: readers that go by the list put random "
                + "numbers there"
        case .listedThoughQuantized:
            "quantized, but listed as not to be: readers that go by the list put random numbers there"
        case .transposedCodes:
            "codes were saved after a forward pass on a CPU, which transposes them: readers refuse "
                + "the shape, or compute nonsense where it is the same"
        case .codeType:
            "codes are not stored in the type the layout has for them, and readers do not convert them"
        case .scaleShape: "scales have not the four dimensions of the layout, and are refused"
        case .wideFloats: "codebooks or scales are stored wider than the halves of the layout"
        case .newRotary:
            "rotary positions are told only in the new spelling, which transformers 4 passes over: "
                + "it takes defaults"
        case .oldRotary: "a rotary variant has a name that readers no longer know"
        case .cpuKernel:
            "the kernel for 8-bit codes wants float32, and gives wrong sums on more than one thread"
        case .tallGroups: "groups of codes span several outputs, which only some kernels know"
        case .experts: "experts are quantized one by one, where the reader expects them fused"
        case .fusedLinears:
            "linears are fused in the file, where the reader wants to fuse them itself"
        case .denseLinears: "linears that are not quantized; the reader takes all for quantized"
        case .bfloat16: "the model is declared bfloat16; the reader computes in float16 alone"
        case .narrowRows: "rows of codes do not fill the words that the kernel reads them by"
        case .wideRows:
            "from its source, the kernel for 1x16g16 leaves out a part of rows beyond 4096 inputs"
        }
    }
}

extension ReaderFinding: CustomStringConvertible {
    /// As a sentence: the first subjects, and what is so of them.
    public var description: String {
        guard !subjects.isEmpty else { return explanation }
        let more = subjects.count > 2 ? " and \(subjects.count - 2) more" : ""
        return subjects.prefix(2).joined(separator: ", ") + more + ": " + explanation
    }
}
