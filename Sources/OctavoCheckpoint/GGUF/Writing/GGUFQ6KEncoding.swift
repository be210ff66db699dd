// Q6_K: sixteen groups of 16 elements `d·a·q` with 6 bits for q, -32…31, and 8 for each a, -128…127, which
// share the half d.
//
// As in Q4_K, each group's scale is sought by least squares over many roundings, codes are chosen with the
// levels rounded anew for each, and d follows by least squares.

/// The scale of the least error for a group; 0 if all its elements are.
@inline(__always)
private func fit(_ group: Sixteen) -> Float {
    let (least, largest) = (group.min(), group.max())
    let extreme = -least > largest ? least : largest
    guard extreme != 0 else { return 0 }
    var best = (gain: Float(0), scale: extreme / -32)
    // The extreme becomes the last level on either side, or lies somewhat beyond or before it.
    for step in -6...6 {
        for last in [Float(-32), 31] {
            let inverse = (last + (last < 0 ? -0.2 : 0.2) * Float(step)) / extreme
            let levels = levels(group, inverse: inverse, from: -32, to: 31)
            var sums = LevelSums()
            sums.add(levels, for: group)
            let gain = sums.products * sums.products / sums.squares
            if gain > best.gain { best = (gain, sums.products / sums.squares) }
        }
    }
    return best.scale
}

/// The numbers of a block.
private struct Choice {
    /// A half.
    let unit: Float
    var scales = InlineArray<16, Float>(repeating: 0)
    var error: Float = 0
    /// What least squares make of the unit with these codes.
    var better: Float

    /// The best codes for a unit, in the neighbourhood of what groups would have by themselves.
    @inline(__always)
    init(unit: Float, _ fits: InlineArray<16, Float>, _ encoder: GGUFBlockEncoder) {
        self.unit = unit
        var (squares, products): (Float, Float) = (0, 0)
        for index in 0..<16 {
            let group = encoder.sixteen(from: 16 * index)
            let middle = code(fits[index], over: unit, from: -128, to: 127)
            // Levels of 0, which every scale has.
            var best = (error: Float(0), scale: middle, sums: LevelSums())
            for step in -1...1 {
                let scale = middle + Float(step)
                let real = unit * scale
                guard scale >= -128, scale <= 127, real != 0 else { continue }
                var sums = LevelSums()
                sums.add(levels(group, inverse: 1 / real, from: -32, to: 31), for: group)
                let error = real * (real * sums.squares - 2 * sums.products)
                if error < best.error { best = (error, scale, sums) }
            }
            scales[index] = best.scale
            error += best.error
            squares += best.scale * best.scale * best.sums.squares
            products += best.scale * best.sums.products
        }
        better = squares > 0 ? products / squares : 0
    }
}

extension GGUFBlockEncoder {
    @inline(__always)
    func encodeQ6_K() {
        let fits = InlineArray<16, Float> { fit(sixteen(from: 16 * $0)) }
        var extreme: Float = 0
        for index in 0..<16 where abs(fits[index]) > abs(extreme) { extreme = fits[index] }
        var choice = Choice(unit: setHalf(208, extreme / -128), fits, self)
        for _ in 0..<2 {
            let next = Choice(unit: setHalf(208, choice.better), fits, self)
            guard next.error < choice.error else { break }
            choice = next
        }
        setHalf(208, choice.unit)
        for index in 0..<16 { set(192 + index, lowByte(choice.scales[index])) }
        for half in 0..<2 {
            for part in 0..<2 {
                let at = InlineArray<4, SIMD16<UInt8>> { plane in
                    levels(8 * half + 2 * plane + part, choice)
                }
                let four = SIMD16<UInt8>(repeating: 15)
                set(64 * half + 16 * part, at[0] & four | at[2] &<< 4)
                set(64 * half + 32 + 16 * part, at[1] & four | at[3] &<< 4)
                let upper =
                    at[0] &>> 4 | (at[1] &>> 4) &<< 2 | (at[2] &>> 4) &<< 4 | (at[3] &>> 4) &<< 6
                set(128 + 32 * half + 16 * part, upper)
            }
        }
    }

    /// The levels of a group as bytes, from 0 to 63.
    @inline(__always)
    private func levels(_ index: Int, _ choice: Choice) -> SIMD16<UInt8> {
        let real = choice.unit * choice.scales[index]
        let levels = OctavoCheckpoint.levels(
            sixteen(from: 16 * index),
            inverse: real != 0 ? 1 / real : 0,
            from: -32,
            to: 31
        )
        return lowBytes(levels + 32)
    }
}
