import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Synchronization
import Testing

@Suite("Models with experts")
struct ExpertTests {
    /// A Mixtral with three experts, the third of which no token passes: the first two scores are each
    /// other's opposite, and the third is zero.
    private static var model: TinyModel {
        var model = TinyModel.small
        model.experts = 3
        model.change = { tensors in
            for layer in 0..<2 {
                let name = "model.layers.\(layer).block_sparse_moe.gate.weight"
                guard let (shape, values) = tensors[name] else { continue }
                let row = values.prefix(shape[1])
                tensors[name] = (shape, row + row.map { -$0 } + row.map { _ in Float(0) })
            }
        }
        return model
    }

    @Test("routers stay as they are, and unused experts are named in notes and report")
    func quantizes() async throws {
        try await withTemporaryDirectory { directory in
            let (source, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try Self.model.write(to: source)
            let notes = Mutex<[String]>([])
            let record = try quantize(OpenModel(source), to: folded, smallRequest()) { progress in
                if let note = progress.note { notes.withLock { $0.append(note) } }
            }
            #expect(record.layers.count == 2 * (4 + 9))

            let config = try JSON(parsing: readFile(joined(folded, "config.json")))
            let kept = config["quantization_config"]?["linear_weights_not_to_quantize"]?.array
            let routers = (0..<2).map { "model.layers.\($0).block_sparse_moe.gate" }
            #expect(
                Set(kept?.compactMap(\.string) ?? [])
                    == Set((routers + ["lm_head"]).flatMap { [$0, $0 + ".weight"] })
            )
            let tensors = try storedTensors(inFile: joined(folded, "model.safetensors"))
            for router in routers {
                let original = Self.model.tensors[router + ".weight"]?.values
                #expect(
                    tensors[router + ".weight"]?.floats == original?.map { Float(Float16($0)) }
                )
            }

            let unused = "no calibration token passes expert 2 of block "
            let told = notes.withLock { $0 }
            #expect(told.filter { $0.hasPrefix(unused) }.count == 2, "\(told)")
            let page = try readFile(folded + QuantizationReport.fileSuffix)
            let text = String(decoding: page, as: UTF8.self)
            for block in 0..<2 { #expect(text.contains("experts of block \(block), fewer")) }
            #expect(text.contains("2 (none)"))
            let report = try verify(OpenModel(folded), VerificationRequest(threads: 2))
            #expect(report.passesUnsigned, "\(report.checks)")
        }
    }
}
