import OctavoBase
internal import CKernels

/// Returns the products of one input with several layers, from tables of its products with their entries.
///
/// Tables hold whole numbers of 16 bits: measured on random layers of ten schemes and shapes, the error is
/// 1.5·10⁻⁴ to 3.5·10⁻⁴ of the output's norm. Results do not depend on `threads`.
///
/// - Parameters:
///   - x: `[rows, inputs]`, each row with tables of its own.
///   - layers: Layers that all have as many inputs.
///   - threads: The threads that share tables and outputs.
/// - Returns: For each layer `[rows, outputs]`.
public func lookupProducts(
    _ x: Matrix,
    _ layers: [LookupWeights],
    threads: Int
) -> [Matrix] {
    precondition(layers.allSatisfy { $0.inputs == x.columns })
    // All results in one piece of memory, a layer's rows behind those of the layer before it.
    let ends = layers.reduce(into: [0]) { $0.append(($0.last ?? 0) + x.rows * $1.outputs) }
    var all = [Float](repeating: 0, count: ends.last ?? 0)
    unsafe all.withUnsafeMutableBufferPointer { all in
        guard let base = all.baseAddress else { return }
        // Each output is written by one thread.
        nonisolated(unsafe) let start = unsafe base
        guard x.rows < threads else {
            // A thread takes rows as a whole, and waits for nobody.
            parallel(threads, threads: threads) { share in
                let tables = layers.map(LookupTables.init)
                for row in stride(from: share, to: x.rows, by: threads) {
                    unsafe lookUp(x, row, layers, tables, start, ends, threads: 1)
                }
            }
            return
        }
        let tables = layers.map(LookupTables.init)
        for row in 0..<x.rows {
            unsafe lookUp(x, row, layers, tables, start, ends, threads: threads)
        }
    }
    return layers.indices.map { index in
        Matrix(
            rows: x.rows,
            columns: layers[index].outputs,
            elements: layers.count == 1 ? all : Array(all[ends[index]..<ends[index + 1]])
        )
    }
}

/// Room for the tables of a layer.
@safe
private final class LookupTables: @unchecked Sendable {
    /// `[positions, 512 bytes]`.
    let bytes: UnsafeMutablePointer<UInt8>
    /// A factor for each run of groups.
    let units: UnsafeMutablePointer<Float>

    init(_ layer: LookupWeights) {
        let positions = layer.groups * layer.codebooks
        unsafe bytes = UnsafeMutableRawPointer.allocate(
            byteCount: positions * OCTAVO_LOOKUP_TABLE_BYTES,
            alignment: 64
        ).assumingMemoryBound(to: UInt8.self)
        unsafe units = .allocate(capacity: layer.unitCount(groups: layer.groups))
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe units.deallocate()
    }
}

/// Some runs of groups of a layer, or some of its outputs: what a thread takes at a time.
private struct Piece: Sendable {
    var layer: Int
    var range: Range<Int>
}

/// Cuts `0..<count` of each layer into pieces.
private func pieces(_ layers: [LookupWeights], _ cut: (LookupWeights) -> (count: Int, size: Int))
    -> [Piece]
{
    layers.indices.flatMap { index in
        let (count, size) = cut(layers[index])
        return stride(from: 0, to: count, by: size).map {
            Piece(layer: index, range: $0..<min($0 + size, count))
        }
    }
}

private func lookUp(
    _ x: Matrix,
    _ row: Int,
    _ layers: [LookupWeights],
    _ tables: [LookupTables],
    _ out: UnsafeMutablePointer<Float>,
    _ ends: [Int],
    threads: Int
) {
    let building = pieces(layers) { layer in
        let runs = (layer.groups + layer.groupsOfRun - 1) / layer.groupsOfRun
        let size = threads <= 1 ? runs : max(2, (runs + 2 * threads - 1) / (2 * threads))
        return (layer.groups, size * layer.groupsOfRun)
    }
    parallel(building.count, threads: threads) { index in
        let (layer, range) = (layers[building[index].layer], building[index].range)
        let table = tables[building[index].layer]
        var shape = layer.shape
        unsafe x.elements.withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            let position = range.lowerBound * layer.codebooks
            // Building tables leaves memory idle: codes that a cache holds are fetched meanwhile.
            let fetches = layer.codes.count <= 384 << 10
            unsafe layer.withPrepared { books in
                unsafe layer.withCodes { codes in
                    unsafe octavo_lookup_build(
                        layer.kernel.kernel,
                        &shape,
                        &books,
                        x + row * layer.inputs + range.lowerBound * layer.groupSize,
                        range.count,
                        fetches ? codes + position * layer.outputs : nil,
                        table.bytes + position * OCTAVO_LOOKUP_TABLE_BYTES,
                        table.units + layer.unitCount(groups: range.lowerBound)
                    )
                }
            }
        }
    }
    let summing = pieces(layers) { ($0.outputs, outputsAtOnce($0.outputs, threads: threads)) }
    nonisolated(unsafe) let place = unsafe out
    parallel(summing.count, threads: threads) { index in
        let (layer, range) = (layers[summing[index].layer], summing[index].range)
        let table = tables[summing[index].layer]
        let start = unsafe place + ends[summing[index].layer] + row * layer.outputs
        var shape = layer.shape
        unsafe layer.withCodes { codes in
            unsafe octavo_lookup_sum(
                layer.kernel.kernel,
                &shape,
                layer.groups,
                table.bytes,
                table.units,
                codes,
                layer.scales,
                range.lowerBound,
                range.count,
                start
            )
        }
    }
}
