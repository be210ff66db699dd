internal import CKernels

extension CodeSearch {
    /// Calls `body` with what the kernels need: for pairs of codes if there are tables of their
    /// products, and for codes one after the other.
    func withKernels(_ body: (octavo_pairs?, octavo_search) -> Void) {
        let size = codebooks.size
        unsafe transposed.withUnsafeBufferPointer { books in
            unsafe codebooks.vectors.elements.withUnsafeBufferPointer { vectors in
                unsafe norms.withUnsafeBufferPointer { norms in
                    unsafe pulls.elements.withUnsafeBufferPointer { pulls in
                        unsafe products.elements.withUnsafeBufferPointer { products in
                            unsafe withCells { starts, centers, centerNorms in
                                let sequence = unsafe octavo_search(
                                    codebooks: codebooks.count,
                                    entries: codebooks.entries,
                                    size: size,
                                    beam: beam,
                                    polish: polish,
                                    books: books.baseAddress,
                                    vectors: vectors.baseAddress,
                                    norms: norms.baseAddress,
                                    pulls: pulls.baseAddress,
                                    cells: cells?.count ?? 0,
                                    probes: probes,
                                    starts: starts,
                                    centers: centers,
                                    center_norms: centerNorms
                                )
                                guard let first = products.baseAddress, !products.isEmpty else {
                                    return unsafe body(nil, sequence)
                                }
                                let pairs = unsafe octavo_pairs(
                                    entries: codebooks.entries,
                                    size: size,
                                    beam: beam,
                                    polish: polish,
                                    books: books.baseAddress,
                                    norms: norms.baseAddress,
                                    products: first,
                                    transposed: first + codebooks.entries * codebooks.entries
                                )
                                unsafe body(pairs, sequence)
                            }
                        }
                    }
                }
            }
        }
    }

    private func withCells(
        _ body: (UnsafePointer<UInt32>?, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
    ) {
        unsafe (cells?.starts ?? []).withUnsafeBufferPointer { starts in
            unsafe transposedCenters.withUnsafeBufferPointer { centers in
                unsafe centerNorms.withUnsafeBufferPointer { norms in
                    unsafe body(starts.baseAddress, centers.baseAddress, norms.baseAddress)
                }
            }
        }
    }
}
