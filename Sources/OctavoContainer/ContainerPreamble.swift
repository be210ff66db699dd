public import OctavoBase

/// The first 64 bytes of a container: what it is, how long its parts are, and its content id.
public struct ContainerPreamble: Sendable, Equatable {
    /// How many bytes it takes.
    public static let byteCount = 64
    /// What every container begins with.
    ///
    /// A change of line ends or a missing eighth bit, the damage that
    /// transfers as text do, spoils it: the trick is PNG's.
    public static let magic: [UInt8] = [0x89, 0x41, 0x51, 0x4C, 0x0D, 0x0A, 0x1A, 0x0A]
    static let majorVersion: UInt16 = 1
    static let longestHeader = 1 << 26

    /// The minor version; a larger one only adds what may be ignored.
    public let minorVersion: UInt16
    /// How long the header is, with the spaces that pad it.
    public let headerLength: Int
    /// How long the whole container is.
    public let fileLength: Int
    /// The content id: it stands for every byte of the container.
    public let id: Digest

    /// Where the data begin.
    public var dataStart: Int { Self.byteCount + headerLength }

    init(minorVersion: UInt16 = 0, headerLength: Int, fileLength: Int, id: Digest) {
        self.minorVersion = minorVersion
        self.headerLength = headerLength
        self.fileLength = fileLength
        self.id = id
    }

    /// Reads and checks a preamble (C1 to C6).
    ///
    /// - Parameters:
    ///   - bytes: The first bytes of a container, 64 at least.
    ///   - available: How long the file is that they come from.
    /// - Throws: The first rule that is broken.
    public init(_ bytes: RawSpan, available: Int) throws(ContainerError) {
        guard bytes.byteCount >= Self.byteCount, available >= Self.byteCount else {
            throw ContainerError(
                .tooShort,
                "the file has \(available) bytes, fewer than a container's first 64"
            )
        }
        var reader = ByteReader(bytes)
        guard let found = try? reader.read(count: Self.magic.count),
            let major = try? reader.read(UInt16.self), let minor = try? reader.read(UInt16.self),
            let flags = try? reader.read(UInt32.self), let header = try? reader.read(UInt64.self),
            let file = try? reader.read(UInt64.self), let id = try? reader.read(count: 32)
        else { throw ContainerError(.tooShort, "the preamble is cut off") }
        guard found == Self.magic else { throw Self.wrongMagic(found) }
        guard major == Self.majorVersion else {
            throw ContainerError(
                .version,
                "the container is of version \(major), expected \(Self.majorVersion)"
            )
        }
        guard flags == 0 else {
            throw ContainerError(
                .flags,
                "the container has flag \(flags.trailingZeroBitCount), which is not known"
            )
        }
        guard header >= 64, header <= UInt64(Self.longestHeader), header % 64 == 0 else {
            throw ContainerError(
                .headerLength,
                "the header has \(header) bytes, expected a multiple of 64 up to 64 MiB"
            )
        }
        guard file == UInt64(available), available >= Self.byteCount + Int(header) else {
            throw ContainerError(
                .fileLength,
                "the file has \(available) bytes; it says \(file), with a header of \(header)"
            )
        }
        minorVersion = minor
        headerLength = Int(header)
        fileLength = available
        self.id = Digest(bytes: id)
    }

    private static func wrongMagic(_ found: [UInt8]) -> ContainerError {
        let looksConverted = found.dropFirst().starts(with: magic[1..<4])
        let hint = looksConverted ? "; it seems to have been transferred as text" : ""
        return ContainerError(
            .magic,
            "the file begins with \(hexadecimal(found)), expected \(hexadecimal(magic))\(hint)"
        )
    }

    /// The 32 bytes before the content id, which it stands for as well.
    var unsignedBytes: [UInt8] {
        Self.magic + [Self.majorVersion, minorVersion].byteArray + [UInt32(0)].byteArray
            + [UInt64(headerLength), UInt64(fileLength)].byteArray
    }

    /// All 64 bytes.
    var bytes: [UInt8] { unsignedBytes + id.bytes }
}
