import OctavoBase

// Groups of floats as integers of 8 bits with one scale: a half, then the integers, group after group.
// A float is the product of both, rounded to its type. GGUF's Q8_0 is such groups of 32, so that halves
// which come of it are stored exactly.

/// The halves or brain floats that groups stand for.
func scaledFloats(_ stored: RawSpan, group: Int, dtype: DType) -> [UInt8] {
    var reader = ByteReader(stored)
    var floats: [UInt16] = []
    floats.reserveCapacity(stored.byteCount)
    while let scale = try? reader.read(UInt16.self), let numbers = try? reader.read(count: group) {
        let scale = Half.widen(scale)
        for number in numbers {
            let value = scale * Float(Int8(bitPattern: number))
            floats.append(
                (dtype == .bf16 ? Half.narrowBrain(value) : Half.narrow(value)).littleEndian
            )
        }
    }
    return floats.byteArray
}

/// Groups of integers that stand for halves exactly; nil if there are none.
///
/// - Parameters:
///   - bytes: Halves.
///   - group: How many have a scale; it divides their number.
/// - Returns: The groups.
func exactIntegers(_ bytes: RawSpan, group: Int) -> [UInt8]? {
    guard let halves = [UInt16](copying: bytes) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(halves.count + halves.count / group * 2)
    for start in stride(from: 0, to: halves.count, by: group) {
        let values = halves[start..<start + group]
        guard let (scale, numbers) = exactGroup(values) else { return nil }
        result.append(UInt8(truncatingIfNeeded: scale))
        result.append(UInt8(truncatingIfNeeded: scale >> 8))
        result += numbers
    }
    return result
}

/// The scale and integers of a group, if it has any: its largest magnitude is 127 scales.
private func exactGroup(_ values: ArraySlice<UInt16>) -> (UInt16, [UInt8])? {
    let largest = values.reduce(0) { max($0, $1 & 0x7FFF) }
    guard largest < 0x7C00 else { return nil }
    let near = Int(Half.narrow(Half.widen(largest) / 127))
    // Of a few neighbours one may be the scale, as both it and the product are rounded. A scale may also be
    // negative where zeros are.
    for sign in [UInt16(0), 0x8000] {
        for offset in [0, -1, 1, -2, 2] where 0...0x7BFF ~= near + offset {
            let scale = UInt16(near + offset) | sign
            let factor = Half.widen(scale)
            guard Half.narrow(abs(factor) * 127) == largest else { continue }
            var numbers: [UInt8] = []
            numbers.reserveCapacity(values.count)
            for value in values {
                let wanted = factor == 0 ? 0 : (Half.widen(value) / factor).rounded()
                guard abs(wanted) <= 127, Half.narrow(factor * wanted) == value else { break }
                numbers.append(UInt8(bitPattern: Int8(wanted)))
            }
            if numbers.count == values.count { return (scale, numbers) }
        }
    }
    return nil
}

/// Groups of integers that are as near to some floats as such groups are.
///
/// - Parameters:
///   - values: Finite floats.
///   - group: How many have a scale; it divides their number.
/// - Returns: The groups; nil if a float is not finite or too large for a scale.
func nearestIntegers(_ values: [Float], group: Int) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(values.count + values.count / group * 2)
    for start in stride(from: 0, to: values.count, by: group) {
        let values = values[start..<start + group]
        let largest = values.reduce(0) { max($0, abs($1)) }
        guard largest.isFinite, largest < 127 * 65504, values.allSatisfy(\.isFinite) else {
            return nil
        }
        var scale = Half.narrow(largest / 127)
        // Of small scales a half has few bits: too small a one would clip; and a product may be beyond halves.
        while Half.widen(scale) * 127.5 < largest { scale += 1 }
        while scale > 0, !Half.widen(Half.narrow(Half.widen(scale) * 127)).isFinite { scale -= 1 }
        let factor = Half.widen(scale)
        result.append(UInt8(truncatingIfNeeded: scale))
        result.append(UInt8(truncatingIfNeeded: scale >> 8))
        for value in values {
            let number = factor == 0 ? 0 : (value / factor).rounded()
            result.append(UInt8(bitPattern: Int8(max(-127, min(127, number)))))
        }
    }
    return result
}
