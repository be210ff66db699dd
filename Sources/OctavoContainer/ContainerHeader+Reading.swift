internal import OctavoBase

extension ContainerHeader {
    private static let mostFiles = 100_000
    private static let mostParts = 1_000_000
    /// More than 64 MiB hold of parts, and few enough for memory: each takes some 60 bytes there.
    private static let mostValues = 4_000_000
    private static let largestPart = 1 << 48
    private static let largestDimension = 1 << 48

    /// Reads and checks a header (C7 to C21).
    ///
    /// - Parameters:
    ///   - text: The header with its padding.
    ///   - preamble: What precedes it.
    /// - Throws: The first rule that is broken.
    init(_ text: RawSpan, _ preamble: ContainerPreamble) throws(ContainerError) {
        let json = try Self.canonical(text.array)
        guard let members = json.object, let files = members["files"]?.array,
            let leaves = members["leaves"]?.string, let requires = members["requires"]?.array,
            files.count <= Self.mostFiles
        else {
            throw ContainerError(
                .headerMember,
                "the header has not the lists \"files\" and \"requires\" and the text \"leaves\""
            )
        }
        let dataLength = preamble.fileLength - preamble.dataStart
        guard let digests = bytesOfHex(leaves),
            digests.count == 32 * MerkleTree.leafCount(dataLength)
        else {
            throw ContainerError(
                .leafCount,
                "\(leaves.utf8.count) digits are given for the digests of \(dataLength) bytes, expected "
                    + "\(64 * MerkleTree.leafCount(dataLength)) lowercase ones"
            )
        }
        self.leaves = digests
        let id = MerkleTree.contentID(
            preamble: preamble.unsignedBytes,
            header: text,
            leaves: digests
        )
        guard id == preamble.id else {
            throw ContainerError(
                .contentID,
                "preamble and header give the content id \(id), expected \(preamble.id)"
            )
        }
        let requirements = try ContainerRequirement.all(requires)
        var known: [ContainedFile] = []
        var skipped: [String] = []
        var placement = PartPlacement(dataStart: preamble.dataStart)
        var partCount = 0
        for item in files {
            let reader = try FileReader(item, requirements)
            partCount += reader.parts.count
            guard partCount <= Self.mostParts else {
                throw ContainerError(.partMember, "there are more than \(Self.mostParts) parts")
            }
            if let file = try reader.file(&placement) {
                known.append(file)
            } else {
                skipped.append(reader.path)
            }
        }
        try Self.checkPaths(known.map(\.path) + skipped)
        try Self.checkNames(known)
        guard placement.end == preamble.fileLength else {
            throw ContainerError(
                .tiling,
                "the parts end at byte \(placement.end), expected \(preamble.fileLength)"
            )
        }
        self.files = known
        self.skipped = skipped
        gaps = placement.gaps
    }

    /// Parses a text that must be in canonical form, followed by spaces (C7, C8).
    private static func canonical(_ text: [UInt8]) throws(ContainerError) -> JSON {
        let end = text.lastIndex { $0 != UInt8(ascii: " ") } ?? -1
        let bytes = Array(text[...end])
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes, mostValues: mostValues)
        } catch { throw ContainerError(.headerText, "the header is malformed: \(error)") }
        guard Array(json.text(.canonical).utf8) == bytes else {
            throw ContainerError(.canonicalHeader, "the header is not in canonical form")
        }
        return json
    }

    /// Refuses files that one folder cannot hold (C14).
    private static func checkPaths(_ paths: [String]) throws(ContainerError) {
        var seen: Set<UTF8Key> = []
        for path in paths {
            guard seen.insert(UTF8Key(path)).inserted else {
                throw ContainerError(.samePath, "two files have the path \"\(path)\"")
            }
        }
        for path in paths {
            var folder = parent(of: path)
            while folder != "." {
                guard !seen.contains(UTF8Key(folder)) else {
                    throw ContainerError(
                        .samePath,
                        "\"\(folder)\" is a file and the folder of \"\(path)\""
                    )
                }
                folder = parent(of: folder)
            }
        }
    }

    /// Refuses two tensors of one name (C18).
    private static func checkNames(_ files: [ContainedFile]) throws(ContainerError) {
        var seen: Set<UTF8Key> = []
        for file in files {
            for part in file.parts {
                guard let name = part.tensor?.name else { continue }
                guard seen.insert(UTF8Key(name)).inserted else {
                    throw ContainerError(.sameTensor, "two tensors are called \"\(name)\"")
                }
            }
        }
    }
}

extension ContainerHeader {
    /// Reads what the header says of a file.
    private struct FileReader {
        let path: String
        let parts: [JSON]
        let isOptional: Bool
        private let requirements: Set<ContainerRequirement>

        /// Checks a file's own members (C13, C15).
        init(
            _ json: JSON,
            _ requirements: Set<ContainerRequirement>
        ) throws(ContainerError) {
            guard let path = json["path"]?.string, let parts = json["parts"]?.array,
                json["optional"] == nil || json["optional"]?.bool != nil
            else {
                throw ContainerError(
                    .partMember,
                    "a file has not the text \"path\" and the list \"parts\""
                )
            }
            guard isInside(path) else {
                throw ContainerError(
                    .path,
                    "\"\(path)\" is no path of a file inside the model, none of it hidden"
                )
            }
            self.path = path
            self.parts = parts
            isOptional = json["optional"]?.bool ?? false
            self.requirements = requirements
        }

        /// Checks the parts and gives them their places (C15 to C20).
        ///
        /// - Returns: Nil if the file is encoded in a way that is not known, and may be left out.
        func file(_ placement: inout PartPlacement) throws(ContainerError) -> ContainedFile? {
            var known: [ContainerPart] = []
            for json in parts {
                guard let name = json["encoding"]?.string,
                    let size = json["size"]?.integer, 0...largestPart ~= size,
                    let length = json["length"]?.integer, 0...largestPart ~= length,
                    let digest = json["sha256"]?.string.flatMap(Digest.init(hex:)),
                    let stored = placement.place(size: size, length: length)
                else {
                    throw ContainerError(
                        .partMember,
                        "a part of \"\(path)\" has not the members encoding, length, sha256 and size"
                    )
                }
                guard let encoding = try encoding(name, json) else { continue }
                let tensor = try json["tensor"].map { (json) throws(ContainerError) in
                    try self.tensor(json, size: size)
                }
                guard let lengths = encoding.lengths(size: size, tensor: tensor),
                    lengths.contains(length)
                else {
                    throw ContainerError(
                        .encodedLength,
                        "a part of \"\(path)\" has \(size) bytes in \(length) as \(name), which cannot be"
                    )
                }
                known.append(
                    ContainerPart(
                        encoding: encoding,
                        size: size,
                        digest: digest,
                        tensor: tensor,
                        stored: stored
                    )
                )
            }
            return known.count == parts.count ? ContainedFile(path: path, parts: known) : nil
        }

        /// Reads an encoding (C16); nil where it is not known and the file may be left out.
        private func encoding(
            _ name: String,
            _ json: JSON
        ) throws(ContainerError) -> PartEncoding? {
            func number(_ key: String) throws(ContainerError) -> Int {
                guard let value = json[key]?.integer, 1...largestGroup ~= value else {
                    throw ContainerError(
                        .encodedLength,
                        "a part of \"\(path)\" as \(name) has no number \"\(key)\""
                    )
                }
                return value
            }
            switch name {
            case "raw": return .raw
            case "columns" where requirements.contains(.columns): return .columns
            case "bits": return .bits(try number("bits"))
            case "zstd": return .zstd
            case "planes": return .planes
            case "int8": return .int8(group: try number("group"))
            case "additive":
                return .additive(
                    codebooks: try number("codebooks"),
                    bits: try number("bits"),
                    group: try number("group")
                )
            default:
                guard isOptional else {
                    let isLater = ContainerRequirement(rawValue: name) != nil
                    throw ContainerError(
                        .encoding,
                        "a part of \"\(path)\" is encoded as \"\(name)\", which is not "
                            + (isLater ? "named in \"requires\"" : "known")
                    )
                }
                return nil
            }
        }

        private var largestGroup: Int { PartEncoding.largestGroup }

        /// Reads a tensor (C17, C19).
        private func tensor(
            _ json: JSON,
            size: Int
        ) throws(ContainerError) -> ContainedTensor {
            let shape = json["shape"]?.array?.compactMap(\.integer)
            guard let name = json["name"]?.string,
                let dtype = json["dtype"]?.string.flatMap(DType.init(rawValue:)),
                let shape, shape.count == json["shape"]?.array?.count,
                shape.allSatisfy({ 0...largestDimension ~= $0 }),
                let bytes = dtype.byteCount(shape: shape)
            else {
                throw ContainerError(
                    .tensor,
                    "a tensor of \"\(path)\" is described as \(json.text(.compact))"
                )
            }
            guard bytes == size else {
                throw ContainerError(
                    .tensorSize,
                    "tensor \"\(name)\" has \(size) bytes, expected \(bytes)"
                )
            }
            return ContainedTensor(name: name, dtype: dtype, shape: shape)
        }
    }
}

/// Whether a path leads nowhere but into the folder that it is relative to, and to nothing hidden there.
///
/// What is hidden is read by other programs than models are: `.git` has programs that git runs. Compared
/// as bytes, as the system does.
func isInside(_ path: String) -> Bool {
    !path.utf8.contains(0) && !path.utf8.contains(UInt8(ascii: "\\"))
        && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { part in !part.isEmpty && part.first != UInt8(ascii: ".") }
}
