public import OctavoBase
import OctavoCheckpoint

/// A quantization divided into tasks that any number of processes can do, on machines that share a folder.
///
/// It stands in `plan.json` of the work directory, and its digest is its name: whatever belongs to it says so.
public struct ClusterPlan: Sendable {
    /// What is asked for.
    public var request: QuantizationRequest
    /// Where the original is.
    public var model: String
    /// Where the result goes.
    public var output: String
    /// The files of the original.
    public var sources: [FileRecord]
    /// The SHA-256 of the stored bytes of each of its tensors.
    public var tensors: [String: Digest]
    /// How many slices the calibration text is cut into.
    public var slices: Int
    /// The blocks that have a linear to quantize.
    public var blocks: [Int]
    /// The binary that made the plan.
    public var binary: BinaryIdentity
    /// What tells this work directory from any other of the same work.
    public var work: String
    /// Its name: the first half of the SHA-256 of `plan.json`, in hexadecimal.
    public private(set) var id = ""

    /// The plan's file in a work directory.
    static let fileName = "plan.json"
    private static let format = "octavo-plan/1"

    /// Makes a plan.
    init(
        request: QuantizationRequest,
        model: String,
        output: String,
        sources: [FileRecord],
        tensors: [String: Digest],
        slices: Int,
        blocks: [Int],
        binary: BinaryIdentity,
        work: String
    ) {
        self.request = request
        self.model = model
        self.output = output
        self.sources = sources
        self.tensors = tensors
        self.slices = slices
        self.blocks = blocks
        self.binary = binary
        self.work = work
        id = Self.id(of: Array(text.utf8))
    }

    /// Describes tasks that nobody is to do: its name is `PLAN`.
    init(sketching request: QuantizationRequest, slices: Int, blocks: [Int]) {
        self.init(
            request: request,
            model: "",
            output: "",
            sources: [],
            tensors: [:],
            slices: slices,
            blocks: blocks,
            binary: BinaryIdentity(version: octavoVersion, digest: Digest(of: "")),
            work: ""
        )
        id = "PLAN"
    }

    /// As `plan.json` has it.
    var text: String { json.text(.pretty) + "\n" }

    private static func id(of bytes: [UInt8]) -> String { String(Digest(of: bytes).hex.prefix(32)) }

    private var json: JSON {
        var tensors = JSONObject()
        for name in self.tensors.keys.sorted(by: precedes) {
            tensors[name] = self.tensors[name].map { .string($0.hex) }
        }
        return .object([
            "format": .string(Self.format), "work": .string(work),
            "octavo": .object([
                "version": .string(binary.version), "sha256": .string(binary.digest.hex),
            ]),
            "model": .string(model), "output": .string(output), "request": request.json,
            "slices": .integer(slices), "blocks": .array(blocks.map(JSON.integer)),
            "sources": .array(
                sources.map {
                    .object([
                        "name": .string($0.path), "size": .integer($0.size),
                        "sha256": .string($0.digest.hex),
                    ])
                }
            ),
            "tensors": .object(tensors),
        ])
    }

    /// Reads a plan.
    ///
    /// - Throws: ``ClusterError/badPlan(_:_:)``.
    init(parsing bytes: [UInt8], path: String) throws(ClusterError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw .badPlan(path, "\(error)") }
        guard json["format"]?.string == Self.format else {
            throw .badPlan(
                path,
                "its format is \(json["format"]?.text(.compact) ?? "missing"), expected \"\(Self.format)\""
            )
        }
        func digest(_ json: JSON?) -> Digest? { json?.string.flatMap(Digest.init(hex:)) }
        guard let request = json["request"].flatMap(QuantizationRequest.init),
            let model = json["model"]?.string, let output = json["output"]?.string,
            let slices = json["slices"]?.integer, (1...request.slices).contains(slices),
            let blocks = json["blocks"]?.array?.compactMap(\.integer), !blocks.isEmpty,
            let version = json["octavo"]?["version"]?.string,
            let binary = digest(json["octavo"]?["sha256"]), let work = json["work"]?.string,
            let sources = json["sources"]?.array, let tensors = json["tensors"]?.object
        else { throw .badPlan(path, "members are missing or not what they should be") }
        self.request = request
        (self.model, self.output, self.work) = (model, output, work)
        (self.slices, self.blocks) = (slices, blocks)
        self.binary = BinaryIdentity(version: version, digest: binary)
        self.sources = sources.compactMap { source in
            guard let name = source["name"]?.string, let size = source["size"]?.integer,
                let digest = digest(source["sha256"])
            else { return nil }
            return FileRecord(path: name, size: size, digest: digest)
        }
        self.tensors = [:]
        for (name, value) in tensors { self.tensors[name] = digest(value) }
        guard self.sources.count == sources.count, self.tensors.count == tensors.count else {
            throw .badPlan(path, "a digest is not one")
        }
        id = Self.id(of: bytes)
    }
}

/// Which binary it is: nodes must run the same, or their bytes would differ.
public struct BinaryIdentity: Sendable, Equatable, CustomStringConvertible {
    /// What it calls itself.
    public let version: String
    /// The SHA-256 of its file.
    public let digest: Digest

    /// The binary of this process.
    static func current() throws -> BinaryIdentity {
        BinaryIdentity(
            version: octavoVersion,
            digest: try MappedFile("/proc/self/exe").digest()
        )
    }

    /// As in `octavo 1.0.0 (sha256 3f2a91c04d7e…)`.
    public var description: String { "octavo \(version) (sha256 \(digest.hex.prefix(12))…)" }
}
