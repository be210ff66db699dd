internal import OctavoBase

/// Where the elements of a tensor lie in a storage that it may share with others.
///
/// Element (i, j, …) is that at `offset + i * strides[0] + j * strides[1] + …`, counted in elements.
struct StridedLayout: Sendable, Hashable {
    let offset: Int
    let strides: [Int]

    /// The elements, counted from the storage's begin, among which those of a tensor of this shape are,
    /// or nil if that cannot be counted.
    func extent(of shape: [Int]) -> Range<Int>? {
        guard !shape.contains(0) else { return offset..<offset }
        var last = offset
        for (dimension, stride) in zip(shape, strides) {
            let (reach, isTooFar) = stride.multipliedReportingOverflow(by: dimension - 1)
            let (next, isBeyond) = last.addingReportingOverflow(reach)
            guard !isTooFar, !isBeyond else { return nil }
            last = next
        }
        return last < Int.max ? offset..<last + 1 : nil
    }

    /// Whether the elements of a tensor of this shape, which has some, follow one another in its order.
    func isContiguous(_ shape: [Int]) -> Bool {
        var expected = 1
        for (dimension, stride) in zip(shape, strides).reversed() where dimension != 1 {
            guard stride == expected else { return false }
            expected *= dimension
        }
        return true
    }

    /// Gathers the elements of a tensor, in its order.
    ///
    /// - Parameters:
    ///   - storage: The whole storage, which ``extent(of:)`` must not exceed.
    ///   - shape: The tensor's dimensions; none is zero.
    ///   - width: The bytes of an element: 1, 2, 4 or 8.
    /// - Returns: Their bytes, one element after the other.
    func gather(_ storage: RawSpan, shape: [Int], width: Int) -> [UInt8] {
        switch width {
        case 1: gather(storage, shape: shape, of: UInt8.self)
        case 2: gather(storage, shape: shape, of: UInt16.self)
        case 4: gather(storage, shape: shape, of: UInt32.self)
        default: gather(storage, shape: shape, of: UInt64.self)
        }
    }

    private func gather<Element: BitwiseCopyable>(
        _ storage: RawSpan,
        shape: [Int],
        of _: Element.Type
    ) -> [UInt8] {
        let width = MemoryLayout<Element>.size
        guard let extent = extent(of: shape), extent.upperBound <= storage.byteCount / width else {
            preconditionFailure("the tensor reaches beyond its storage")
        }
        let byteCount = shape.reduce(width, *)
        return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, filled in
            let bytes = UnsafeMutableRawBufferPointer(bytes)
            unsafe storage.withUnsafeBytes { elements in
                forEachElement(of: shape) { element in
                    unsafe bytes.storeBytes(
                        of: elements.loadUnaligned(
                            fromByteOffset: element &* width,
                            as: Element.self
                        ),
                        toByteOffset: filled,
                        as: Element.self
                    )
                    filled &+= width
                }
            }
        }
    }

    /// Calls a function with the place of each element, in the tensor's order.
    @inline(__always)
    private func forEachElement(of shape: [Int], _ body: (Int) -> Void) {
        let innerCount = shape.last ?? 1
        let innerStride = strides.last ?? 1
        let outer = shape.dropLast()
        var index = [Int](repeating: 0, count: outer.count)
        var row = offset
        for _ in 0..<outer.reduce(1, *) {
            for place in 0..<innerCount { body(row &+ place &* innerStride) }
            // To the next row, as an odometer counts. A dimension of one may have any stride: what is
            // added is taken back, though it may wrap around in between.
            for dimension in index.indices.reversed() {
                index[dimension] += 1
                row &+= strides[dimension]
                guard index[dimension] == outer[dimension] else { break }
                row &-= strides[dimension] &* outer[dimension]
                index[dimension] = 0
            }
        }
    }
}
