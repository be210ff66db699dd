/// What GGUF does to a tensor's values, and what must be undone to have them as Hugging Face has them
/// (M4).
public enum GGUFTransform: Sendable, Hashable {
    /// The rows of so many heads are interleaved, the way llama.cpp rotates them.
    case interleavedHeads(Int)
    /// Values are one higher: of norms that multiply by one plus their weight.
    case raisedByOne

    /// The values as they were before.
    ///
    /// - Parameters:
    ///   - values: Row by row.
    ///   - rows: How many there are: a multiple of twice the heads, of interleaved ones.
    ///   - heads: How many heads these rows are of; nil for all.
    /// - Returns: As many.
    func undone(_ values: [Float], rows: Int, heads: Int? = nil) -> [Float] {
        switch self {
        case .interleavedHeads(let all): deinterleaved(values, rows: rows, heads: heads ?? all)
        case .raisedByOne: values.map { $0 - 1 }
        }
    }

    /// The values as GGUF has them, of those that Hugging Face has; the inverse of undoing it.
    public func applied(to values: [Float], rows: Int, heads: Int? = nil) -> [Float] {
        switch self {
        case .interleavedHeads(let all): interleaved(values, rows: rows, heads: heads ?? all)
        case .raisedByOne: values.map { $0 + 1 }
        }
    }

    /// How many rows, of all, belong together: those of a head.
    public func rowsTogether(of rows: Int) -> Int {
        switch self {
        case .interleavedHeads(let heads): max(1, rows / heads)
        case .raisedByOne: 1
        }
    }
}

/// Puts the rows of queries or keys back into the order of Hugging Face.
///
/// GGUF holds each head's rows as pairs `[half, 2]`, the way llama.cpp rotates them; Hugging Face
/// rotates the first half of a head against the second and holds `[2, half]`.
///
/// - Parameters:
///   - values: All elements, or a bias, which counts as a matrix with one column.
///   - rows: A multiple of twice `heads`.
///   - heads: The heads that the rows divide into.
/// - Returns: The elements, whole rows moved.
func deinterleaved(_ values: [Float], rows: Int, heads: Int) -> [Float] {
    // Of the place in a head, where its row was.
    rearranged(values, rows: rows, heads: heads) { place, half in
        place % half * 2 + place / half
    }
}

/// The inverse of ``deinterleaved(_:rows:heads:)``: from `[2, half]` for each head to `[half, 2]`.
func interleaved(_ values: [Float], rows: Int, heads: Int) -> [Float] {
    rearranged(values, rows: rows, heads: heads) { place, half in
        place % 2 * half + place / 2
    }
}

/// Moves whole rows within each head: to each place the row that was at another.
private func rearranged(
    _ values: [Float],
    rows: Int,
    heads: Int,
    _ origin: (_ place: Int, _ half: Int) -> Int
) -> [Float] {
    // Without columns there may be more rows than anyone can count.
    guard !values.isEmpty else { return [] }
    let columns = values.count / max(rows, 1)
    let half = rows / heads / 2
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for head in 0..<heads {
        for place in 0..<2 * half {
            let row = head * 2 * half + origin(place, half)
            result.append(contentsOf: values[row * columns..<(row + 1) * columns])
        }
    }
    return result
}
