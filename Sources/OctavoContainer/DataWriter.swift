import OctavoBase

/// Writes the data of a container: encodes parts, places them, and takes the digests of their MiBs.
final class DataWriter {
    private let output: any ContainerOutput
    private let threads: Int
    /// The bytes that have not gone out; they begin at a leaf.
    private var pending: [UInt8] = []
    /// Where they will go.
    private var flushed: Int
    private var placement: PartPlacement
    /// The digests of all leaves that are full.
    private(set) var leaves: [UInt8] = []
    private static let flushSize = 8 * MerkleTree.leafSize

    init(_ output: any ContainerOutput, start: Int, threads: Int) {
        self.output = output
        self.threads = threads
        flushed = start
        placement = PartPlacement(dataStart: start)
    }

    /// Writes parts one after the other; small ones are encoded several at a time.
    func append(_ plans: [PartPlan], progress: (Int) -> Void) throws -> [PartEntry] {
        var entries: [PartEntry] = []
        var next = 0
        while next < plans.count {
            let small = plans[next...].prefix { $0.source.count <= PartEncoding.pieceSize }
                .prefix(8 * threads)
            guard !small.isEmpty else {
                entries.append(try append(large: PartEncoder(plans[next])))
                progress(plans[next].source.count)
                next += 1
                continue
            }
            let first = next
            let encoded = parallelMap(small.count, threads: threads) { index in
                SmallPart(PartEncoder(plans[first + index]))
            }
            for part in encoded {
                begin(size: part.entry.size)
                try add(part.stored)
                end(size: part.entry.size, length: part.stored.count)
                entries.append(part.entry)
                progress(part.entry.size)
            }
            next += small.count
            for plan in small { plan.source.release() }
        }
        return entries
    }

    /// Writes what is left.
    ///
    /// - Returns: The length of the container.
    func finish() throws -> Int {
        try flush(all: true)
        return flushed
    }

    /// Writes a part of several pieces.
    private func append(large encoder: PartEncoder) throws -> PartEntry {
        defer { encoder.plan.source.release() }
        let size = encoder.size
        begin(size: size)
        if let matrix = encoder.matrix { return try append(matrix, of: encoder.plan, size: size) }
        // What has gone out since is written over if the part turns out to be better as it is.
        let start = Mark(flushed: flushed, leaves: leaves.count, pending: pending)
        let raw = PartEncoding.raw
        for encoding in [encoder.choice(threads: threads), raw] {
            let digest = ContentHasher(.sha256)
            if let length = try write(encoder, as: encoding, digest) {
                let limit = size / 100 * (100 - PartEncoder.leastSaving)
                if encoding == raw || encoding == encoder.ready || length <= limit {
                    end(size: size, length: length)
                    return PartEntry(
                        encoding: encoding,
                        size: size,
                        length: length,
                        digest: Digest(finishing: digest),
                        tensor: encoder.plan.tensor
                    )
                }
            }
            (flushed, pending) = (start.flushed, start.pending)
            leaves.removeLast(leaves.count - start.leaves)
        }
        preconditionFailure("every part can be stored as it is")
    }

    /// Writes what is encoded already, and takes the digest of what it decodes to.
    private func append(_ matrix: LossyMatrix, of plan: PartPlan, size: Int) throws -> PartEntry {
        try add(matrix.stored)
        let digest = ContentHasher(.sha256)
        let piece = PartReader.range(0, size: .max, matrix.encoding).count
        let count = (size + piece - 1) / piece
        for first in stride(from: 0, to: count, by: 4 * threads) {
            let pieces = parallelMap(min(4 * threads, count - first), threads: threads) { index in
                matrix.piece(
                    PartReader.range(first + index, size: size, matrix.encoding),
                    plan.tensor?.dtype ?? .f16
                )
            }
            for piece in pieces { digest.update(piece) }
        }
        end(size: size, length: matrix.storedSize)
        return PartEntry(
            encoding: matrix.encoding,
            size: size,
            length: matrix.storedSize,
            digest: Digest(finishing: digest),
            tensor: plan.tensor
        )
    }

    private struct Mark {
        let flushed: Int
        let leaves: Int
        let pending: [UInt8]
    }

    /// Writes the bytes of a part in an encoding, and takes the digest of what they decode to.
    ///
    /// - Returns: How many were written, or nil if the encoding cannot stand for the part.
    private func write(
        _ encoder: PartEncoder,
        as encoding: PartEncoding,
        _ digest: ContentHasher
    ) throws -> Int? {
        var length = 0
        var table: [UInt32] = []
        let count = encoder.pieceCount(encoding)
        for first in stride(from: 0, to: count, by: 4 * threads) {
            let pieces = parallelMap(min(4 * threads, count - first), threads: threads) { index in
                encoder.stored(first + index, as: encoding)
            }
            for piece in pieces {
                guard let piece else { return nil }
                digest.update(piece.decoded)
                try add(piece.encoded.bytes)
                length += piece.encoded.bytes.count
                table += piece.encoded.table
            }
            // Every piece of columns takes something of all pages.
            guard encoding != .columns else { continue }
            // An embedding alone may be larger than what memory is meant to hold.
            let last = min(first + 4 * threads, count) - 1
            let end = PartReader.range(last, size: encoder.size, encoding).upperBound
            let start = PartReader.range(first, size: encoder.size, encoding).lowerBound
            encoder.plan.source.release(start..<end)
        }
        let bytes = table.map(\.littleEndian).byteArray
        try add(bytes)
        return length + bytes.count
    }

    /// Fills up to where a part begins.
    private func begin(size: Int) {
        let start = placement.start(size: size)
        pending += [UInt8](repeating: 0, count: start - flushed - pending.count)
    }

    private func end(size: Int, length: Int) { _ = placement.place(size: size, length: length) }

    private func add(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= Self.flushSize { try flush(all: false) }
    }

    /// Writes pending bytes and takes the digests of their leaves at the same time; all of them, or those
    /// of full leaves.
    private func flush(all: Bool) throws {
        let size = MerkleTree.leafSize
        let full = pending.count / size
        let count = all ? MerkleTree.leafCount(pending.count) : full
        let length = all ? pending.count : full * size
        let bytes = pending
        let digests = parallelMap(count, threads: threads) { index in
            bytes.withRawBytes {
                MerkleTree.leaf(
                    $0.extracting(index * size..<min(length, (index + 1) * size))
                )
            }
        }
        let offset = flushed
        try bytes.withRawBytes { (bytes) throws(FileError) in
            try output.write(bytes.extracting(0..<length), at: offset)
        }
        for digest in digests { leaves += digest }
        flushed += length
        pending = Array(bytes[length...])
    }
}
