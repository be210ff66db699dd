internal import OctavoBase

// A container whose tensors are stored as they are run is loaded by mapping it: nothing of it is decoded or copied.

extension ContainedTensor {
    /// How it is stored to be run where it is mapped.
    ///
    /// Codes of at most 8 bits, `[outputs, groups, codebooks]`, are run with the outputs last: one kernel step takes
    /// neighbouring outputs. All else is run as it is.
    public var mappedEncoding: PartEncoding { dtype == .i8 && shape.count == 3 ? .columns : .raw }
}

extension ContainerHeader {
    /// Whether every tensor is stored to be run where it is mapped.
    public var isMapped: Bool {
        files.flatMap(\.parts).allSatisfy { part in
            part.tensor.map { $0.mappedEncoding == part.encoding } ?? true
        }
    }
}
