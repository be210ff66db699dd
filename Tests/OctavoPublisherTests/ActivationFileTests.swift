import OctavoBase
import OctavoModel
import OctavoNumerics
@testable import OctavoPublisher
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("Activations on disk")
struct ActivationFileTests {
    @Test("are read back as they were kept, and leave nothing behind")
    func keeps() async throws {
        try await withTemporaryDirectory { directory in
            let file = try ActivationFile(
                in: directory,
                [.original: 3, .siteInput: 5],
                batches: [2, 700, 1]
            )
            #expect(try directoryEntries(directory) == [])
            // What is narrower than foreseen fits as well; what is kept again replaces what was there.
            let kept: [(Activation, Int, Matrix)] = [
                (.original, 1, numbers(700, 3, from: 0)), (.siteInput, 1, numbers(700, 5, from: 1)),
                (.siteInput, 0, numbers(2, 4, from: 2)), (.original, 2, numbers(1, 3, from: 3)),
                (.siteInput, 2, numbers(1, 5, from: 4)), (.original, 0, numbers(2, 3, from: 5)),
            ]
            for (activation, batch, matrix) in kept {
                file.keep(
                    numbers(matrix.rows, matrix.columns, from: 9),
                    as: activation,
                    batch: batch
                )
                file.keep(matrix, as: activation, batch: batch)
            }
            for (activation, batch, matrix) in kept {
                #expect(file.matrix(activation, batch: batch) == matrix)
            }
            #expect(file.matrix(.blockInput, batch: 0).rows == 0)
        }
    }

    @Test("a folder that cannot take them says so at once")
    func refuses() async throws {
        try await withTemporaryDirectory { directory in
            #expect(throws: FileError.self) {
                _ = try ActivationFile(in: directory + "/none", [.original: 1], batches: [1])
            }
            // More than any disk has.
            #expect(throws: FileError.self) {
                _ = try ActivationFile(in: directory, [.original: 1 << 20], batches: [1 << 36])
            }
            let left = try directoryEntries(directory)
            #expect(left == [])
        }
    }

    private func numbers(_ rows: Int, _ columns: Int, from first: Int) -> Matrix {
        let elements = (0..<rows * columns).map { Float(first * 10_000 + $0) }
        return Matrix(rows: rows, columns: columns, elements: elements)
    }
}
