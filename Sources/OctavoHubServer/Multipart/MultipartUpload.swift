internal import OctavoBase

/// An upload of one object in parts, as its URLs name it.
struct MultipartUpload: Equatable, Sendable {
    /// 32 hexadecimal digits, made up anew for each batch: also the name of the folder for its parts.
    let id: String
    /// Who sends it.
    let user: String
    /// How long each part is, but for the last.
    let partSize: Int

    /// The most parts of one object.
    static let partLimit = 10_000

    /// Takes what a URL names; nil if it cannot be.
    init?(id: String, user: String, partSize: Int) {
        guard bytesOfHex(id)?.count == 16, partSize > 0 else { return nil }
        self.id = id
        self.user = user
        self.partSize = partSize
    }

    /// Starts an upload; its parts are longer than asked for where there would be too many.
    init(of size: Int, by user: String, partSize: Int) {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        id = hexadecimal(bytes)
        self.user = user
        self.partSize = max(partSize, size / Self.partLimit + 1)
    }

    /// How many parts an object of a size has.
    func partCount(of size: Int) -> Int { size / partSize + (size % partSize == 0 ? 0 : 1) }

    /// How long a part of an object of a size is; nil if it has none of that number.
    func length(of part: Int, in size: Int) -> Int? {
        guard (1...max(1, partCount(of: size))).contains(part) else { return nil }
        return min(partSize, size - (part - 1) * partSize)
    }
}
