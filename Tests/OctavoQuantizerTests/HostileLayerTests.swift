import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

/// Layers of every kind that is unpleasant, at every effort and in schemes for every kind of search:
/// the result must be finite and what is said of it true.
@Suite
struct HostileLayerTests {
    /// An unpleasant layer of 24 outputs and 32 inputs.
    enum Layer: String, CaseIterable {
        case zeros, constant, equalRows, zeroRows, oneWeight, huge, tiny, unequalRows
        case deadInputs, fewTokens, oneToken, equalInputs, oneHugeInput, tinyHessian, hugeHessian

        func make() -> (weight: Matrix, hessian: Matrix) {
            var generator = SeededGenerator(seed: 30)
            var weight = randomMatrix(24, 32, deviation: 0.05, &generator)
            var x = randomMatrix(128, 32, &generator)
            switch self {
            case .zeros: weight = Matrix(rows: 24, columns: 32)
            case .constant:
                for i in weight.elements.indices { weight.elements[i] = 0.25 }
            case .equalRows: weight = weight.gathered(rows: .init(repeating: 3, count: 24))
            case .zeroRows: weight.scaleRows(by: (0..<24).map { $0 % 3 == 0 ? 0 : 1 })
            case .oneWeight:
                weight = Matrix(rows: 24, columns: 32)
                weight[7, 9] = 1
            case .huge: weight.scaleRows(by: .init(repeating: 1e6, count: 24))
            case .tiny: weight.scaleRows(by: .init(repeating: 1e-3, count: 24))
            case .unequalRows: weight.scaleRows(by: (0..<24).map { $0 == 5 ? 1000 : 1 })
            case .deadInputs:
                for token in 0..<128 { for input in 0..<20 { x[token, input] = 0 } }
            case .fewTokens: x = x.gathered(rows: Array(0..<10))
            case .oneToken: x = x.gathered(rows: [0])
            case .equalInputs: x = x.gathered(columns: .init(repeating: 0, count: 32))
            case .oneHugeInput: for token in 0..<128 { x[token, 11] *= 10000 }
            case .tinyHessian: x.scaleRows(by: .init(repeating: 0x1p-50, count: 128))
            case .hugeHessian: x.scaleRows(by: .init(repeating: 0x1p50, count: 128))
            }
            return (weight, product(x, transposed: true, x))
        }
    }

    @Test(
        arguments: Layer.allCases,
        ["1x8g8", "2x8g8", "3x4g4", "1x12g8", "4x8g16"]
    )
    func resultIsSound(kind: Layer, text: String) throws {
        let scheme = try #require(Scheme(text))
        let (weight, hessian) = kind.make()
        let metric = try InputMetric(hessian: hessian, groupSize: scheme.groupSize)
        for effort in Effort.allCases {
            let (layer, report) = try quantize(
                weight: weight,
                metric: metric,
                scheme: scheme,
                options: LayerQuantizerOptions(effort: effort)
            )
            let found = layer.dequantized()
            #expect(found.elements.allSatisfy { $0.isFinite })
            // All have fewer groups than entries, or weights that few bits hold.
            #expect(report.relativeLoss < 0.1)
            if kind == .zeros {
                #expect(found.elements.allSatisfy { $0 == 0 })
            } else if kind == .deadInputs {
                // The report counts dead inputs a little, the Hessian does not.
                #expect(relativeLoss(layer, weight, hessian) < report.relativeLoss + 1e-5)
            } else {
                let loss = relativeLoss(layer, weight, hessian)
                // Where next to nothing is lost, both are sums of rounding errors.
                #expect(abs(loss - report.relativeLoss) < 1e-3 * loss + 1e-5)
            }
        }
    }

    @Test(arguments: Effort.allCases, ["1x8g8", "2x8g8", "3x4g4", "1x12g8", "4x8g16"])
    func namedErrors(effort: Effort, text: String) throws {
        let scheme = try #require(Scheme(text))
        let (weight, hessian) = Layer.constant.make()
        var broken = hessian
        broken[3, 3] = .nan
        #expect(throws: QuantizationError.notFinite(.hessian)) {
            try InputMetric(hessian: broken, groupSize: scheme.groupSize)
        }
        let metric = try InputMetric(hessian: hessian, groupSize: scheme.groupSize)
        for (value, error) in [
            (Float.nan, QuantizationError.notFinite(.weights)),
            (.infinity, .notFinite(.weights)), (1e30, .outOfRange),
        ] {
            var weight = weight
            weight[2, 5] = value
            #expect(throws: error) {
                try quantize(
                    weight: weight,
                    metric: metric,
                    scheme: scheme,
                    options: LayerQuantizerOptions(effort: effort)
                )
            }
        }
    }
}
