import OctavoNumerics

/// Where a token stands.
struct TokenPlace: Sendable, Equatable {
    /// Its position in its sequence.
    var position: Int
    /// The length of the sequence as it is now: some embeddings rotate all of it otherwise when it grows.
    var length: Int
}

/// The rotations of all layers of a model, for sequences of some lengths.
public struct RotaryTables: Sendable {
    /// The tables of one embedding for several lengths, one below the other.
    private struct Stack {
        var table: RotaryTable
        /// The first row, and the number of rows, of the table for a stretch.
        var rows: [Int: (first: Int, count: Int)]
    }

    private let stacks: [RotaryEmbedding: Stack]

    /// The tables of a model.
    ///
    /// - Parameters:
    ///   - configuration: Its architecture.
    ///   - lengths: Those of the sequences; shorter ones are covered where they are rotated in the same
    ///     way.
    init(_ configuration: ModelConfiguration, lengths: [Int]) {
        self.init(configuration, lengths: lengths) { embedding, positions, length in
            embedding.table(
                headDimension: configuration.headDimension,
                positions: positions,
                length: length
            )
        }
    }

    /// The same with tables that are made elsewhere.
    init(
        _ configuration: ModelConfiguration,
        lengths: [Int],
        table: (_ embedding: RotaryEmbedding, _ positions: Int, _ length: Int) -> RotaryTable
    ) {
        var stacks: [RotaryEmbedding: Stack] = [:]
        for embedding in Set(configuration.layers.compactMap(\.rotary)) {
            var longest: [Int: Int] = [:]
            for length in lengths {
                longest[embedding.stretch(length), default: 0].raise(to: length)
            }
            var parts: [RotaryTable] = []
            var rows: [Int: (first: Int, count: Int)] = [:]
            for (stretch, length) in longest.sorted(by: { $0.key < $1.key }) {
                rows[stretch] = (parts.reduce(0) { $0 + $1.positions }, length)
                parts.append(table(embedding, length, length))
            }
            guard let stacked = RotaryTable(stacking: parts) else { continue }
            stacks[embedding] = Stack(table: stacked, rows: rows)
        }
        self.stacks = stacks
    }

    /// Whether sequences of a length can be rotated.
    public func covers(_ length: Int) -> Bool {
        stacks.allSatisfy { embedding, stack in
            stack.rows[embedding.stretch(length)].map { length <= $0.count } ?? false
        }
    }

    /// Rotates queries or keys.
    ///
    /// - Parameters:
    ///   - x: `[rows, heads · headDimension]`.
    ///   - embedding: That of the layer; nil leaves everything as it is.
    ///   - places: One for each row, in sequences whose lengths are covered.
    ///   - transposed: Whether to turn back, for the backward pass.
    ///   - execution: How the pass is carried out.
    func rotate(
        _ x: inout Matrix,
        by embedding: RotaryEmbedding?,
        at places: [TokenPlace],
        transposed: Bool = false,
        _ execution: Execution
    ) {
        guard let embedding, let stack = stacks[embedding] else { return }
        let rows = places.map { place in
            guard let rows = stack.rows[embedding.stretch(place.length)] else {
                preconditionFailure("the tables cover all lengths")
            }
            return rows.first + place.position
        }
        let table = transposed ? stack.table.transposed : stack.table
        table.rotate(&x, positions: rows, threads: execution.threads)
    }
}

extension ModelConfiguration {
    /// The rotations for sequences of the given lengths.
    public func rotaryTables(lengths: [Int]) -> RotaryTables {
        RotaryTables(self, lengths: lengths)
    }
}

extension RotaryEmbedding {
    /// What sequences have in common that are rotated in the same way: 0 for those within the limit, else
    /// the length that decides.
    func stretch(_ length: Int) -> Int {
        guard let limit, length > limit else { return 0 }
        if case .longrope = scaling { return limit + 1 }
        return length
    }
}

extension RotaryTable {
    /// Tables of one shape of head, one below the other; nil if there are none.
    fileprivate init?(stacking parts: [RotaryTable]) {
        guard let first = parts.first else { return nil }
        func stacked(_ matrix: (RotaryTable) -> Matrix) -> Matrix {
            Matrix(
                rows: parts.reduce(0) { $0 + $1.positions },
                columns: first.cosines.columns,
                elements: parts.flatMap { matrix($0).elements }
            )
        }
        self.init(
            cosines: stacked(\.cosines),
            sines: stacked(\.sines),
            headDimension: first.headDimension,
            pairing: first.pairing
        )
    }
}

extension Int {
    /// Makes the number at least another.
    fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}
