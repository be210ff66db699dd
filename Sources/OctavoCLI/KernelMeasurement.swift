import OctavoBase
import OctavoModel
import OctavoNumerics

/// What a product with a made-up coded layer takes.
struct KernelMeasurement: Sendable {
    let scheme: Scheme
    let outputs: Int
    let inputs: Int
    /// Seconds of a product, of processor time on one thread, else of the clock: the least of many, as memory's rate is
    /// its best.
    let seconds: Double
    /// Those of the dense one.
    let denseSeconds: Double
    /// Codes, codebooks and scales over the seconds.
    let bytesPerSecond: Double
    /// That over what memory gives.
    let shareOfMemory: Double
    /// The norm of the difference to the product with formed weights, over that product's norm.
    let error: Double

    /// Measures.
    init(
        _ scheme: Scheme,
        outputs: Int,
        inputs: Int,
        rows: Int,
        threads: Int,
        denseSeconds: Double,
        memoryRate: Double
    ) throws {
        (self.scheme, self.outputs, self.inputs) = (scheme, outputs, inputs)
        self.denseSeconds = denseSeconds
        let layer = try Self.layer(scheme, outputs: outputs, inputs: inputs)
        let codeBytes = layer.codes.count * (scheme.bits <= 8 ? 1 : 2)
        let bytes = codeBytes + 2 * (layer.codebooks.count + outputs)
        // More than caches hold, and no more than that.
        let copies = max(1, min(64, (96 << 20) / max(1, bytes)))
        let linears = (0..<copies).map { _ in Linear(.packed(PackedLayer(layer))) }
        let x = Self.inputs(rows: rows, columns: inputs)
        let execution = Execution(threads: threads)
        seconds = Self.time(threads, copies) { _ = linears[$0](x, execution) }
        bytesPerSecond = Double(bytes) / seconds
        shareOfMemory = bytesPerSecond / memoryRate
        let exact = linears[0](x, Execution(threads: threads, evaluation: .dequantized))
        let found = linears[0](x, execution)
        let difference = zip(exact.elements, found.elements).reduce(0.0) {
            $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
        }
        error = (difference / max(dot(exact, exact), 1e-30)).squareRoot()
    }

    /// Seconds of the dense product.
    static func denseTime(outputs: Int, inputs: Int, rows: Int, threads: Int) -> Double {
        setBLASThreads(threads)
        let weights = Self.inputs(rows: outputs, columns: inputs)
        let copies = max(1, min(64, (96 << 20) / max(1, 4 * outputs * inputs)))
        let all = (0..<copies).map { index in
            var copy = weights
            copy[0, 0] = Float(index)
            return copy
        }
        let x = Self.inputs(rows: rows, columns: inputs)
        return time(threads, copies) {
            _ =
                rows == 1
                ? vectorProduct(all[$0], x)
                : product(x, transposed: false, all[$0], transposed: true)
        }
    }

    /// The least of at least 9 times, and of as many as a fifth of a second holds: what others on the machine take away
    /// is left out.
    private static func time(_ threads: Int, _ copies: Int, _ body: (Int) -> Void) -> Double {
        for index in 0..<copies { body(index) }
        var times: [Double] = []
        while times.count < 9 || times.count < 4000 && times.reduce(0, +) < 0.2 {
            let start = ProcessTime()
            body(times.count % copies)
            let end = ProcessTime()
            times.append(threads > 1 ? end.wall - start.wall : end.cpu - start.cpu)
        }
        return times.min() ?? 0
    }

    private static func inputs(rows: Int, columns: Int) -> Matrix {
        var generator = SeededGenerator(seed: 1)
        return Matrix(
            rows: rows,
            columns: columns,
            elements: (0..<rows * columns).map { _ in Float(generator.nextUnit() * 2 - 1) }
        )
    }

    private static func layer(_ scheme: Scheme, outputs: Int, inputs: Int) throws -> AdditiveLayer {
        var generator = SeededGenerator(seed: 2)
        let codes = outputs * (inputs / scheme.groupSize) * scheme.codebooks
        let entries = scheme.codebooks * scheme.entries * scheme.groupSize
        return try AdditiveLayer(
            scheme: scheme,
            outputs: outputs,
            inputs: inputs,
            codes: (0..<codes).map { _ in
                UInt16(truncatingIfNeeded: generator.next()) & UInt16(scheme.entries - 1)
            },
            codebooks: (0..<entries).map { _ in
                Half.widen(Half.narrow(Float(generator.nextUnit() - 0.5)))
            },
            scales: [Float](repeating: 0.125, count: outputs)
        )
    }

    var json: JSON {
        .object([
            "scheme": .string("\(scheme)"), "outputs": .integer(outputs),
            "inputs": .integer(inputs),
            "seconds": .number(seconds), "dense_seconds": .number(denseSeconds),
            "times_dense": .number(denseSeconds / seconds),
            "bytes_per_second": .number(bytesPerSecond),
            "share_of_memory": .number(shareOfMemory), "relative_error": .number(error),
        ])
    }
}
