import OctavoBase
import OctavoContainer

/// A container taken apart, to be put together with digests that fit: written from formats/aqlm-container.md, not from
/// the reader that is fuzzed.
struct Seal {
    private var header: JSONObject
    private var data: [UInt8]
    private var length: Int

    /// Takes a container apart; nil where the header is no JSON object.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 64 else { return nil }
        let claimed = bytes[16..<20].reversed().reduce(0) { $0 << 8 | Int($1) }
        length = max(64, min(claimed, bytes.count - 64) / 64 * 64)
        let text = bytes[64...].prefix(length)
        let end = text.lastIndex { $0 != UInt8(ascii: " ") } ?? 63
        guard let header = try? JSON(parsing: Array(bytes[64..<end + 1])).object else { return nil }
        self.header = header
        data = Array(bytes[64...].dropFirst(length))
        // The header grows by digests, but data must lie as it did: large parts begin at multiples of this.
        while text.count + 64 * (data.count / leafSize + 3) > length { length += 1 << 14 }
        if header["requires"] == nil { self.header["requires"] = [] }
        place()
    }

    /// Gives plain parts their digests, and the data the length that the parts take.
    private mutating func place() {
        var end = 64 + length
        var plain: [(file: Int, part: Int, range: Range<Int>)] = []
        let files = header["files"]?.array ?? []
        for (file, item) in files.enumerated() {
            for (part, json) in (item["parts"]?.array ?? []).enumerated() {
                guard let size = json["size"]?.integer, let stored = json["length"]?.integer,
                    0...1 << 48 ~= size, 0...1 << 20 ~= stored, end < 1 << 21
                else { return }
                let step = size >= 1 << 20 ? 1 << 14 : 64
                let start = size > 0 ? (end + step - 1) / step * step : end
                end = start + stored
                if json["encoding"] == "raw" { plain.append((file, part, start..<end)) }
            }
        }
        let missing = end - 64 - length - data.count
        if missing > 0 {
            data += [UInt8](repeating: 0, count: missing)
        } else {
            data.removeLast(-missing)
        }
        for place in plain {
            let range = place.range.lowerBound - 64 - length..<place.range.upperBound - 64 - length
            setDigest(Digest(of: Array(data[range])), place.file, place.part)
        }
    }

    private mutating func setDigest(_ digest: Digest, _ file: Int, _ part: Int) {
        guard var files = header["files"]?.array, var item = files[file].object,
            var parts = item["parts"]?.array, var members = parts[part].object
        else { return }
        members["sha256"] = .string(digest.hex)
        parts[part] = .object(members)
        item["parts"] = .array(parts)
        files[file] = .object(item)
        header["files"] = .array(files)
    }

    /// Gives every part the digest of what it decodes to.
    mutating func takeDigests(_ container: ContainerFile) {
        // Files that are left out have no place among those that are read.
        guard container.header.skipped.isEmpty else { return }
        for (file, contained) in container.header.files.enumerated() {
            for (part, entry) in contained.parts.enumerated()
            where entry.encoding != .raw && entry.size < 1 << 24 {
                let hasher = ContentHasher(.sha256)
                var count = 0
                // That the digest is wrong is said last, after all bytes.
                try? container.forEachPiece(of: entry) {
                    hasher.update($0)
                    count += $0.count
                }
                if count == entry.size { setDigest(Digest(finishing: hasher), file, part) }
            }
        }
    }

    private var leafSize: Int { 1 << 20 }

    /// The container, with leaves and content id.
    var container: [UInt8] {
        let leaves = stride(from: 0, to: data.count, by: leafSize).map {
            hash([0] + data[$0..<min(data.count, $0 + leafSize)])
        }
        var header = header
        header["leaves"] = .string(leaves.map { hexadecimal($0) }.joined())
        var text = Array(JSON.object(header).text(.canonical).utf8)
        let length = max(length, (text.count + 63) / 64 * 64)
        text += [UInt8](repeating: UInt8(ascii: " "), count: length - text.count)
        var start: [UInt8] = [
            0x89, 0x41, 0x51, 0x4C, 0x0D, 0x0A, 0x1A, 0x0A, 1, 0, 0, 0, 0, 0, 0, 0,
        ]
        start += [UInt64(length), UInt64(64 + length + data.count)].byteArray
        let id = hash([2] + start + root([hash([0] + text)] + leaves))
        return start + id + text + data
    }

    private func hash(_ bytes: [UInt8]) -> [UInt8] { Digest(of: bytes).bytes }

    private func root(_ leaves: [[UInt8]]) -> [UInt8] {
        guard leaves.count > 1 else { return leaves[0] }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        return hash([1] + root(Array(leaves[..<split])) + root(Array(leaves[split...])))
    }
}
