import OctavoNumerics

/// All that a tuning needs to go on where it was: numbers by the names of what they belong to.
public struct TuningState: Sendable, Equatable {
    /// Values, and what the optimizer remembers of them.
    public var floats: [String: [Float]] = [:]
    /// Codes.
    public var codes: [String: [UInt16]] = [:]

    /// An empty state.
    public init() {}
}

/// Why a state cannot be taken up.
public enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part is missing, of another length, or holds what it cannot.
    case part(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .part(let name):
            "the part \(name) of the unfinished work is missing or does not fit the model"
        }
    }
}

/// Goes through the parts of a state: to collect them, or to put others in their places.
///
/// One walk serves both, so that what is kept is what is restored.
protocol StateVisitor {
    /// What is learned.
    mutating func values(_ name: String, _ values: inout [Float]) throws(StateError)
    /// Codes that are learned.
    mutating func codes(_ name: String, _ codes: inout [UInt16], below: Int) throws(StateError)
    /// What only the next steps need, of any length.
    mutating func memory(_ name: String, _ values: inout [Float], count: Int) throws(StateError)
}

extension StateVisitor {
    /// A count of steps.
    mutating func progress(_ name: String, _ count: inout Int) throws(StateError) {
        var values = [Float(count)]
        try memory(name, &values, count: 1)
        guard let value = values.first, value >= 0, value < 16_777_216 else { throw .part(name) }
        count = Int(value)
    }
}

/// Collects a state.
///
/// Arrays are shared, so it takes no memory until they change.
struct StateCollector: StateVisitor {
    /// Whether to leave out what only the next steps need.
    var valuesOnly = false
    private(set) var state = TuningState()

    mutating func values(_ name: String, _ values: inout [Float]) { state.floats[name] = values }

    mutating func codes(_ name: String, _ codes: inout [UInt16], below: Int) {
        state.codes[name] = codes
    }

    mutating func memory(_ name: String, _ values: inout [Float], count: Int) {
        if !valuesOnly { state.floats[name] = values }
    }
}

/// Puts a state in place.
struct StateRestorer: StateVisitor {
    let state: TuningState
    /// Whether to leave alone what only the next steps need.
    var valuesOnly = false

    func values(_ name: String, _ values: inout [Float]) throws(StateError) {
        guard let found = state.floats[name], found.count == values.count,
            found.allSatisfy(\.isFinite)
        else { throw .part(name) }
        values = found
    }

    func codes(_ name: String, _ codes: inout [UInt16], below limit: Int) throws(StateError) {
        guard let found = state.codes[name], found.count == codes.count,
            found.allSatisfy({ $0 < limit })
        else { throw .part(name) }
        codes = found
    }

    func memory(_ name: String, _ values: inout [Float], count: Int) throws(StateError) {
        guard !valuesOnly else { return }
        guard let found = state.floats[name], found.isEmpty || found.count == count else {
            throw .part(name)
        }
        values = found
    }
}

extension TunableParameter {
    /// Goes through the parts of the state.
    mutating func visit(_ visitor: inout some StateVisitor, _ name: String) throws(StateError) {
        try visitor.values(name, &values)
        try visitor.memory(name + ".mean", &mean, count: values.count)
        try visitor.memory(name + ".square", &square, count: values.count)
        try visitor.memory(name + ".units", &units, count: units.count)
        guard mean.count == values.count, square.count == values.count else { throw .part(name) }
    }
}

extension Optional<StraightThroughBuffer> {
    /// Goes through the parts of the state: none where there is no buffer yet, and no weights where they
    /// are not kept from step to step.
    mutating func visit(
        _ visitor: inout some StateVisitor,
        _ name: String,
        rows: Int,
        columns: Int
    ) throws(StateError) {
        var weights = self?.weights.elements ?? []
        var squares = self?.squares ?? []
        var steps = self?.steps ?? 0
        try visitor.memory(name, &weights, count: rows * columns)
        try visitor.memory(name + ".squares", &squares, count: rows * columns)
        try visitor.progress(name + ".steps", &steps)
        guard !squares.isEmpty else { return }
        let kept = Matrix(
            rows: weights.isEmpty ? 0 : rows,
            columns: weights.isEmpty ? 0 : columns,
            elements: weights
        )
        self = StraightThroughBuffer(kept, squares: squares, steps: steps)
    }
}
