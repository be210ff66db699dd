import OctavoBase
public import OctavoNumerics

/// An additive layer laid out for the kernels that run it.
public enum PackedLayer: Sendable {
    /// Codes of at most 8 bits: products are looked up in tables.
    case lookup(LookupWeights)
    /// Wider codes: entries are fetched.
    case gathered(GatheredWeights)

    /// Lays out the codes of a layer.
    public init(_ layer: AdditiveLayer) {
        let (scheme, groups) = (layer.scheme, layer.groups)
        guard scheme.bits <= 8 else {
            let codes = unsafe SharedBytes(count: 2 * layer.codes.count) { bytes in
                for (index, code) in layer.codes.enumerated() {
                    unsafe bytes.storeBytes(
                        of: code.littleEndian,
                        toByteOffset: 2 * index,
                        as: UInt16.self
                    )
                }
            }
            self = .gathered(
                GatheredWeights(
                    outputs: layer.outputs,
                    inputs: layer.inputs,
                    groupSize: scheme.groupSize,
                    codebooks: scheme.codebooks,
                    entries: scheme.entries,
                    codes: codes,
                    books: layer.codebooks,
                    scales: layer.scales
                )
            )
            return
        }
        let positions = groups * scheme.codebooks
        let codes = unsafe SharedBytes(count: layer.codes.count) { bytes in
            // Some outputs at a time: what is read stays in the cache until all of it is written.
            for first in stride(from: 0, to: layer.outputs, by: 64) {
                let rows = first..<min(first + 64, layer.outputs)
                for position in 0..<positions {
                    for output in rows {
                        unsafe bytes[position * layer.outputs + output] = UInt8(
                            truncatingIfNeeded: layer.codes[output * positions + position]
                        )
                    }
                }
            }
        }
        self = .lookup(
            LookupWeights(
                outputs: layer.outputs,
                inputs: layer.inputs,
                groupSize: scheme.groupSize,
                codebooks: scheme.codebooks,
                entries: scheme.entries,
                codes: codes,
                books: layer.codebooks,
                scales: layer.scales
            )
        )
    }

    /// The number of outputs.
    public var outputs: Int {
        switch self {
        case .lookup(let weights): weights.outputs
        case .gathered(let weights): weights.outputs
        }
    }

    /// The number of inputs.
    public var inputs: Int {
        switch self {
        case .lookup(let weights): weights.inputs
        case .gathered(let weights): weights.inputs
        }
    }

    /// The weights that the layer stands for, `[outputs, inputs]`.
    public var weight: Matrix {
        switch self {
        case .lookup(let weights): weights.weights(0..<weights.outputs)
        case .gathered(let weights): weights.weights(0..<weights.outputs)
        }
    }

    /// Returns `x · weightsᵀ`, `[rows, outputs]`.
    func product(with x: Matrix, _ execution: Execution) -> Matrix {
        let threads = execution.threads
        switch self {
        case .lookup(let weights):
            guard execution.looksUp(weights, rows: x.rows) else {
                return weights.formedProduct(with: x, threads: threads)
            }
            return lookupProducts(x, [weights], threads: threads)[0]
        case .gathered(let weights):
            let gathers =
                switch execution.evaluation {
                case .lookup: true
                case .dequantized: false
                // Forming weights costs about as much as fetching their entries for four rows.
                case .automatic: x.rows <= 4
                }
            guard gathers else { return weights.formedProduct(with: x, threads: threads) }
            return weights.gatheredProduct(with: x, threads: threads)
        }
    }
}

extension Execution {
    /// Whether products with some rows are looked up.
    func looksUp(_ weights: LookupWeights, rows: Int) -> Bool {
        switch evaluation {
        case .lookup: true
        case .dequantized: false
        case .automatic: weights.lookupPays(rows: rows)
        }
    }
}
