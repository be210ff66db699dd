import OctavoBase
import OctavoModel
import OctavoPublisher
import OctavoTestSupport
import Testing

/// How tests fold the small model, in a fraction of a second.
func smallRequest(_ change: (inout QuantizationRequest) -> Void = { _ in }) throws
    -> QuantizationRequest
{
    var request = QuantizationRequest(
        scheme: try #require(Scheme("2x4g8")),
        tokens: 128,
        sequenceLength: 16,
        threads: 2
    )
    change(&request)
    return request
}

/// What many tests begin with, made once and kept in memory.
private let made = Task {
    try await withTemporaryDirectory { directory in
        let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
        try TinyModel.small.write(to: model)
        _ = try quantize(OpenModel(model), to: folded, smallRequest())
        return try contents(of: folded)
    }
}

/// The small model and what folding it gives, in folders of a test's own.
struct Workplace {
    /// The directory that all is in.
    let path: String
    /// The small model.
    var model: String { joined(path, "model") }
    /// The folded one.
    var folded: String { joined(path, "folded") }
    /// A folder that is not there yet.
    var output: String { joined(path, "output") }

    /// Where the files of the output are until it is complete.
    var partial: String { output + ".partial" }
}

/// Runs a test's body with both models at hand.
func withModels<R>(_ body: (Workplace) async throws -> R) async throws -> R {
    try await withTemporaryDirectory { directory in
        let place = Workplace(path: directory)
        try TinyModel.small.write(to: place.model)
        try write(try await made.value, to: place.folded)
        return try await body(place)
    }
}
