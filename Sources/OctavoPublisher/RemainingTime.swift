/// Foretells how long a stage still takes, from how fast it went lately.
///
/// Speed is work over time, both counted with weights that fade, with a time constant of half the elapsed
/// time and at least half a minute. So the estimate follows when work becomes harder, and one slow or
/// quick step does not shake it.
public struct RemainingTime: Sendable {
    private let began: Double
    private var last: (work: Double, time: Double)
    private var recent: (work: Double, time: Double) = (0, 0)

    /// Begins a stage.
    ///
    /// - Parameter time: The time in seconds, on any clock that only goes forward.
    public init(at time: Double) {
        began = time
        last = (0, time)
    }

    /// Takes note of progress.
    ///
    /// - Parameters:
    ///   - work: The share of the work that is done, 0 to 1.
    ///   - time: The time in seconds.
    ///   - isRestored: Whether an earlier run did what is new; that says nothing about speed.
    public mutating func advance(to work: Double, at time: Double, isRestored: Bool = false) {
        let (gain, passed) = (max(0, work - last.work), max(0, time - last.time))
        last = (max(work, last.work), time)
        guard !isRestored else { return }
        let memory = max(30, (time - began) / 2)
        let fading = memory / (memory + passed)
        recent = (recent.work * fading + gain, recent.time * fading + passed)
    }

    /// The seconds that are left; nil at the end, and as long as too little happened to tell.
    public var seconds: Double? {
        guard recent.work > 0, recent.time >= 2, last.work < 1 else { return nil }
        return (1 - last.work) * recent.time / recent.work
    }
}
