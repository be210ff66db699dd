public import OctavoModel

extension AdditiveLayer {
    /// The same layer with the entries of each codebook in ascending order, and codes that follow them.
    ///
    /// It stands for the same weights to the last bit, since nothing is added in another order. Layers that differ
    /// in the order of entries alone become the same one, and codebooks in order take fewer bytes when they are
    /// packed. (specs: formats, F.3.)
    public var canonical: AdditiveLayer {
        let (entries, size) = (scheme.entries, scheme.groupSize)
        var sorted = codebooks
        var places = [UInt16](repeating: 0, count: scheme.codebooks * entries)
        for book in 0..<scheme.codebooks {
            let first = book * entries
            let order = (first..<first + entries).sorted { a, b in
                let (a, b) = (
                    codebooks[a * size..<(a + 1) * size], codebooks[b * size..<(b + 1) * size]
                )
                if let (x, y) = zip(a, b).first(where: { $0 != $1 }) { return x < y }
                // Zeros of different sign are equal, but not the same bytes.
                let signs = zip(a, b).first { $0.sign != $1.sign }
                return signs.map { $0.0.sign == .minus } ?? (a.startIndex < b.startIndex)
            }
            for (place, entry) in order.enumerated() {
                var isRepeated = place > 0
                for i in 0..<size {
                    let value = codebooks[entry * size + i]
                    let before = (first + place - 1) * size + i
                    isRepeated = isRepeated && sorted[before].bitPattern == value.bitPattern
                    sorted[(first + place) * size + i] = value
                }
                // Of equal entries the first serves for all.
                places[entry] =
                    isRepeated ? places[order[place - 1]] : UInt16(truncatingIfNeeded: place)
            }
        }
        var codes = codes
        for i in codes.indices {
            codes[i] = places[i % scheme.codebooks * entries + Int(codes[i])]
        }
        do {
            return try AdditiveLayer(
                scheme: scheme,
                outputs: outputs,
                inputs: inputs,
                codes: codes,
                codebooks: sorted,
                scales: scales
            )
        } catch {
            preconditionFailure("the parts are as long as they were: \(error)")
        }
    }
}
