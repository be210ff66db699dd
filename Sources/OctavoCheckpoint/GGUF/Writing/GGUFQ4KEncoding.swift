// Q4_K: eight groups of 32 elements `d·a·q - m·b` with 4 bits for q and 6 for each a and b, which the eight
// share the halves d and m of.
//
// Of each group the scale and the offset are sought that give the least squared error: levels are rounded
// at many scales, and least squares give the best two numbers for each. Then a and b are chosen together,
// with the levels rounded anew for each choice, d and m follow by least squares, and all is chosen once more.
// llama.cpp's reference seeks the first two numbers alike, but weights errors by magnitude and rounds a and b
// by themselves.

/// A group's elements.
private struct Group {
    let low: Sixteen
    let high: Sixteen
    let sum: Float

    @inline(__always)
    init(_ encoder: GGUFBlockEncoder, _ index: Int) {
        low = encoder.sixteen(from: 32 * index)
        high = encoder.sixteen(from: 32 * index + 16)
        sum = (low + high).sum()
    }

    /// The levels at a scale and an offset, and their sums.
    @inline(__always)
    func levels(inverse: Float, offset: Float) -> (low: Sixteen, high: Sixteen, sums: LevelSums) {
        let low = OctavoCheckpoint.levels(low, offset: offset, inverse: inverse, from: 0, to: 15)
        let high = OctavoCheckpoint.levels(high, offset: offset, inverse: inverse, from: 0, to: 15)
        var sums = LevelSums()
        sums.add(low, for: self.low)
        sums.add(high, for: self.high)
        return (low, high, sums)
    }

    /// The squared error of `scale · q - offset`, less that of nothing at all.
    @inline(__always)
    func error(_ scale: Float, _ offset: Float, _ sums: LevelSums) -> Float {
        scale * (scale * sums.squares - 2 * sums.products)
            + offset * (32 * offset + 2 * sum - 2 * scale * sums.levels)
    }
}

/// The two numbers of a group.
private struct Fit {
    var scale: Float
    /// Not negative.
    var offset: Float

    /// Those of the least error.
    @inline(__always)
    init(_ group: Group) {
        let least = min(0, min(group.low.min(), group.high.min()))
        let largest = max(group.low.max(), group.high.max())
        let span = largest - least
        self.init(scale: span > 0 ? span / 15 : 0, offset: -least)
        guard span > 0 else { return }
        var best = Float.infinity
        // Beyond 15 the extremes are cut off, which pays where they are far from all others.
        for step in 0..<18 {
            let inverse = (13.6 + 0.3 * Float(step)) / span
            improve(group, inverse, -least, &best)
        }
        for _ in 0..<2 where scale > 0 { improve(group, 1 / scale, offset, &best) }
    }

    @inline(__always)
    init(scale: Float, offset: Float) {
        self.scale = scale
        self.offset = offset
    }

    /// Takes the best numbers for some levels, if they are better.
    @inline(__always)
    private mutating func improve(
        _ group: Group,
        _ inverse: Float,
        _ offset: Float,
        _ best: inout Float
    ) {
        let sums = group.levels(inverse: inverse, offset: offset).sums
        let determinant = 32 * sums.squares - sums.levels * sums.levels
        guard determinant > 0 else { return }
        var found = Fit(
            scale: (32 * sums.products - group.sum * sums.levels) / determinant,
            offset: 0
        )
        found.offset = (found.scale * sums.levels - group.sum) / 32
        if found.offset < 0 {
            found = Fit(scale: sums.products / sums.squares, offset: 0)
        }
        let error = group.error(found.scale, found.offset, sums)
        guard found.scale > 0, error < best else { return }
        best = error
        self = found
    }
}

/// The numbers of a block.
private struct Choice {
    /// Halves.
    let unit: Float
    let offsetUnit: Float
    var scales = InlineArray<8, Float>(repeating: 0)
    var offsets = InlineArray<8, Float>(repeating: 0)
    var error: Float = 0
    /// What least squares make of units with these codes.
    var better: (unit: Float, offsetUnit: Float)

    /// The best codes for two units, in the neighbourhood of what groups would have by themselves.
    @inline(__always)
    init(
        unit: Float,
        offsetUnit: Float,
        _ fits: InlineArray<8, Fit>,
        _ encoder: GGUFBlockEncoder
    ) {
        self.unit = unit
        self.offsetUnit = offsetUnit
        var (aa, ab, bb): (Float, Float, Float) = (0, 0, 0)
        var (ax, bx): (Float, Float) = (0, 0)
        for index in 0..<8 {
            let group = Group(encoder, index)
            let middle = code(fits[index].scale, over: unit, from: 0, to: 63)
            var best = (error: Float.infinity, scale: Float(0), offset: Float(0), sums: LevelSums())
            for step in -1...1 {
                let scale = middle + Float(step)
                guard scale >= 0, scale <= 63 else { continue }
                let real = unit * scale
                let inverse = real > 0 ? 1 / real : 0
                var offset = code(fits[index].offset, over: offsetUnit, from: 0, to: 63)
                for _ in 0..<2 {
                    let sums = group.levels(inverse: inverse, offset: offsetUnit * offset).sums
                    // The levels may do better with another offset.
                    let wanted = (real * sums.levels - group.sum) / 32
                    let next = code(wanted, over: offsetUnit, from: 0, to: 63)
                    let error = group.error(real, offsetUnit * next, sums)
                    if error < best.error { best = (error, scale, next, sums) }
                    guard next != offset else { break }
                    offset = next
                }
            }
            scales[index] = best.scale
            offsets[index] = best.offset
            error += best.error
            let (a, b, sums) = (best.scale, best.offset, best.sums)
            aa += a * a * sums.squares
            ab += a * b * sums.levels
            bb += 32 * b * b
            ax += a * sums.products
            bx += b * group.sum
        }
        let determinant = aa * bb - ab * ab
        better =
            determinant > 0
            ? ((ax * bb - ab * bx) / determinant, (ab * ax - aa * bx) / determinant)
            : (aa > 0 ? ax / aa : 0, 0)
    }
}

extension GGUFBlockEncoder {
    @inline(__always)
    func encodeQ4_K() {
        let fits = InlineArray<8, Fit> { Fit(Group(self, $0)) }
        var (largest, largestOffset): (Float, Float) = (0, 0)
        for index in 0..<8 {
            largest = max(largest, fits[index].scale)
            largestOffset = max(largestOffset, fits[index].offset)
        }
        var choice = Choice(
            unit: setHalf(0, largest / 63),
            offsetUnit: setHalf(2, largestOffset / 63),
            fits,
            self
        )
        for _ in 0..<2 {
            let next = Choice(
                unit: setHalf(0, max(0, choice.better.unit)),
                offsetUnit: setHalf(2, max(0, choice.better.offsetUnit)),
                fits,
                self
            )
            guard next.error < choice.error else { break }
            choice = next
        }
        store(choice)
    }

    @inline(__always)
    private func store(_ choice: Choice) {
        setHalf(0, choice.unit)
        setHalf(2, choice.offsetUnit)
        func bits(_ number: Float) -> UInt8 { lowByte(number) }
        for i in 0..<4 {
            let (a, b) = (bits(choice.scales[i]), bits(choice.offsets[i]))
            let (c, d) = (bits(choice.scales[4 + i]), bits(choice.offsets[4 + i]))
            set(4 + i, a | (c >> 4) << 6)
            set(8 + i, b | (d >> 4) << 6)
            set(12 + i, c & 15 | d << 4)
        }
        for pair in 0..<4 {
            let (even, odd) = (levels(2 * pair, choice), levels(2 * pair + 1, choice))
            set(16 + 32 * pair, even.low | odd.low &<< 4)
            set(32 + 32 * pair, even.high | odd.high &<< 4)
        }
    }

    /// The levels of a group as bytes.
    @inline(__always)
    private func levels(_ index: Int, _ choice: Choice) -> (
        low: SIMD16<UInt8>, high: SIMD16<UInt8>
    ) {
        let real = choice.unit * choice.scales[index]
        let levels = Group(self, index).levels(
            inverse: real > 0 ? 1 / real : 0,
            offset: choice.offsetUnit * choice.offsets[index]
        )
        return (lowBytes(levels.low), lowBytes(levels.high))
    }
}
