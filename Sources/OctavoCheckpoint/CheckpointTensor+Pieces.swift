internal import OctavoBase

extension CheckpointTensor {
    /// How many bytes a piece has at most: a multiple of every element's width.
    private static let pieceSize = 1 << 24

    /// Hands its bytes to a function, a piece at a time, so that memory never holds more than a piece.
    ///
    /// What is strided comes as a whole: its rows are anywhere in its storage.
    ///
    /// - Throws: What the function throws, or why its bytes do not decode.
    public func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        if let encoded {
            defer { release() }
            return try encoded.forEachPiece(body)
        }
        guard layout == nil else {
            defer { release() }
            return try body(try withBytes { $0.array })
        }
        for start in stride(from: 0, to: byteCount, by: Self.pieceSize) {
            let piece = start..<min(start + Self.pieceSize, byteCount)
            try body(try withBytes { $0.extracting(piece).array })
            file.release(range.lowerBound + piece.lowerBound..<range.lowerBound + piece.upperBound)
        }
    }

    /// Does what decodes a tensor, and names it where that fails.
    func decoding<R>(_ body: () throws -> R) throws(CheckpointError) -> R {
        do { return try body() } catch {
            throw .encoded(tensor: name, reason: "\(error)")
        }
    }

    /// Gives back the memory that reading it took; see ``MappedFile/release(_:)``.
    public func release() { file.release(range) }
}
