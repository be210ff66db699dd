/// A number of bytes, written as in `5GB` or `500MB`, in powers of 1000 as hubs count.
public struct ByteCount: Sendable, Hashable, CustomStringConvertible {
    /// The number.
    public let bytes: Int

    /// As large as hubs like their files.
    public static let fiveGigabytes = ByteCount(bytes: 5_000_000_000)

    /// For people, as in "5.0 GB".
    public var description: String { byteText(bytes) }

    /// So many.
    public init(bytes: Int) { self.bytes = bytes }

    /// Reads a whole number with or without a unit; nil for anything else, and for none.
    public init?(_ description: String) {
        let units = [
            ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
            ("B", 1),
        ]
        let text = description.uppercased()
        for (unit, size) in units where text.hasSuffix(unit) {
            guard let count = Int(text.dropLast(unit.count)), count > 0 else { return nil }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            self.bytes = bytes
            return
        }
        guard let bytes = Int(text), bytes > 0 else { return nil }
        self.bytes = bytes
    }
}
