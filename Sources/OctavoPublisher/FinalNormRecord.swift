import OctavoBase
public import OctavoQuantizer

/// What fitting the final norm to the original's predictions gained, by KL(original ‖ model) on calibration tokens
/// that it was not fitted to, in nats.
public struct FinalNormRecord: Sendable, Equatable {
    /// The mean with the original's norm.
    public var divergenceBefore: Float
    /// The mean with the fitted one.
    public var divergenceAfter: Float

    /// Records a norm.
    public init(_ norm: FinalNorm) {
        divergenceBefore = norm.divergenceBefore
        divergenceAfter = norm.divergenceAfter
    }

    init(_ reader: RecordReader) throws(RecordError) {
        divergenceBefore = Float(try reader.number("kl_before"))
        divergenceAfter = Float(try reader.number("kl_after"))
    }

    /// As the report tells it.
    var text: String {
        guard divergenceAfter < divergenceBefore else {
            return "the original's: fitting it to the predictions found nothing better"
        }
        let before = decimal(Double(divergenceBefore), digits: 4)
        let after = decimal(Double(divergenceAfter), digits: 4)
        return "fitted to the original's predictions: KL \(before) -> \(after) on tokens held out"
    }

    var json: JSON {
        .object(["kl_before": .shortest(divergenceBefore), "kl_after": .shortest(divergenceAfter)])
    }
}
