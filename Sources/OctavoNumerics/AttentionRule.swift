/// How the scores of queries and keys are formed.
public struct AttentionRule: Sendable, Equatable {
    /// The width of a head.
    public var headDimension: Int
    /// What the product of a query and a key is multiplied by.
    public var scale: Float
    /// What keeps scores within its bounds, as `cap · tanh(score / cap)`; nil for nothing.
    public var cap: Float?
    /// How many keys a query sees: its own and those just before it; nil for all.
    public var window: Int?

    /// A rule; without a scale it is `1 / √headDimension`.
    public init(headDimension: Int, scale: Float? = nil, cap: Float? = nil, window: Int? = nil) {
        precondition(headDimension > 0 && (cap ?? 1) > 0 && (window ?? 1) > 0)
        self.headDimension = headDimension
        self.scale = scale ?? 1 / Float(headDimension).squareRoot()
        self.cap = cap
        self.window = window
    }
}
