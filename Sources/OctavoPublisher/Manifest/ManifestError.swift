/// Why a manifest is not as it must be: the place, what was found there, and what was expected.
public struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, as it was named.
    public var file: String
    /// Where in it.
    public let place: YAMLPlace
    /// What is wrong, in a clause.
    public let problem: String

    /// As compilers write it: `FILE:LINE:COLUMN: …`, which editors take one to.
    public var description: String { "\(file):\(place): \(problem)" }

    init(_ place: YAMLPlace, _ problem: String) {
        file = ""
        self.place = place
        self.problem = problem
    }
}
