import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// A safetensors file with every dtype there is, against what PyPI's safetensors wrote and numpy reads.
@Suite
struct DTypeFileTests {
    private let path = fixture("dtypes/every-dtype.safetensors")

    @Test
    func floatsAreThoseOfNumpy() throws {
        let expected = try #require(
            JSON(parsing: try readFile(fixture("dtypes/floats.json"))).object
        )
        let checkpoint = try Checkpoint(path)
        #expect(checkpoint.tensors.count == 20)
        #expect(expected.count == 20)
        for tensor in checkpoint.tensors {
            guard let bytes = expected[tensor.name]?.string.flatMap(bytesOfHex) else {
                #expect(throws: CheckpointError.self) { try tensor.floats() }
                continue
            }
            let floats = try #require([Float](copying: bytes))
            let found = try tensor.floats()
            #expect(found.count == floats.count)
            for (found, expected) in zip(found, floats) {
                // One NaN is as good as another; all else must agree to the bit, -0 included.
                let isSame = found.bitPattern == expected.bitPattern
                #expect(isSame || found.isNaN && expected.isNaN, "\(tensor.name)")
            }
        }
    }

    /// Read and written, the file comes back byte for byte.
    @Test
    func everyDTypeIsCopiedBitForBit() async throws {
        try await withTemporaryDirectory { directory in
            let checkpoint = try Checkpoint(path)
            let plans = try checkpoint.tensors.map { tensor in
                guard case .dtype(let dtype) = tensor.type else { throw Unexpected() }
                return try #require(
                    TensorPlan(name: tensor.name, dtype: dtype, shape: tensor.shape)
                )
            }
            #expect(Set(plans.map(\.dtype)).count == 20)
            _ = try writeSafetensors(plans, to: directory) { plan, writer in
                let bytes = try checkpoint.tensor(named: plan.name).withBytes { $0.array }
                try writer.write(bytes)
            }
            #expect(try readFile(directory + "/model.safetensors") == readFile(path))
        }
    }

    private struct Unexpected: Error {}
}
