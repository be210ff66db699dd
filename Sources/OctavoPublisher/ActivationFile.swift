import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Keeps activations on disk, where memory has no room for those of all calibration tokens.
final class ActivationFile: ActivationStorage {
    private let file: ScratchFile
    /// For each activation where each batch begins.
    private let starts: [Activation: [Int]]
    /// For each activation how many floats a token has, as it was kept last.
    private var widths: [Activation: [Int]]
    private let batches: [Int]

    /// Makes a file with room for activations.
    ///
    /// - Parameters:
    ///   - directory: Where the file is; it has no name there.
    ///   - activations: What is going to be kept, with the most floats a token has of it.
    ///   - batches: How many tokens each batch has.
    /// - Throws: When there is no room on the disk.
    init(in directory: String, _ activations: [Activation: Int], batches: [Int]) throws(FileError) {
        var starts: [Activation: [Int]] = [:]
        var end = 0
        for (activation, width) in activations.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            starts[activation] = batches.map { tokens in
                defer { end += tokens * width }
                return end
            }
        }
        self.starts = starts
        self.batches = batches
        widths = starts.mapValues { $0.map { _ in 0 } }
        file = try ScratchFile(in: directory, count: max(1, end))
    }

    func matrix(_ activation: Activation, batch: Int) -> Matrix {
        guard let start = starts[activation]?[batch], let width = widths[activation]?[batch] else {
            return Matrix(rows: 0, columns: 0)
        }
        let count = batches[batch] * width
        let elements = file.read(start..<start + count)
        return Matrix(rows: batches[batch], columns: width, elements: elements)
    }

    func keep(_ matrix: Matrix, as activation: Activation, batch: Int) {
        guard let start = starts[activation]?[batch] else { return }
        precondition(matrix.rows == batches[batch])
        widths[activation]?[batch] = matrix.columns
        file.write(matrix.elements, at: start)
    }
}
