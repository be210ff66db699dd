import Foundation
import OctavoBase
import OctavoModel

/// The tensors of a folder's safetensors files, without the checks of the real reader.
struct SafetensorsFolder: WeightSource {
    struct Missing: Error { let name: String }

    private var tensors: [String: (dtype: String, shape: [Int], bytes: [UInt8])] = [:]
    let configuration: JSON
    let golden: JSON
    var scheme: Scheme?

    init(_ folder: String) throws {
        func json(_ name: String) throws -> JSON {
            try JSON(parsing: [UInt8](Data(contentsOf: URL(filePath: folder + "/" + name))))
        }
        configuration = try json("config.json")
        golden = try json("golden.json")
        if let quantization = configuration["quantization_config"] {
            scheme = Scheme(
                codebooks: quantization["num_codebooks"]?.integer ?? 0,
                bits: quantization["nbits_per_codebook"]?.integer ?? 0,
                groupSize: quantization["in_group_size"]?.integer ?? 0
            )
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasSuffix(".safetensors") {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder + "/" + name)))
            let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try JSON(parsing: Array(bytes[8..<8 + length]))
            for (name, entry) in header.object ?? JSONObject() where name != "__metadata__" {
                let range = entry["data_offsets"]?.array?.compactMap(\.integer) ?? []
                tensors[name] = (
                    entry["dtype"]?.string ?? "",
                    entry["shape"]?.array?.compactMap(\.integer) ?? [],
                    Array(bytes[8 + length + range[0]..<8 + length + range[1]])
                )
            }
        }
    }

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        guard let (dtype, shape, bytes) = tensors[name] else { throw Missing(name: name) }
        if dtype == "F32" {
            return (shape, ([UInt32](copying: bytes) ?? []).map(Float.init(bitPattern:)))
        }
        let words = [UInt16](copying: bytes) ?? []
        return (shape, words.map(dtype == "BF16" ? Half.widenBrain : Half.widen))
    }

    func additiveLayer(_ name: String) throws -> AdditiveLayer? {
        guard let scheme, let (dtype, shape, bytes) = tensors[name + ".codes"] else { return nil }
        let raw =
            dtype == "I8"
            ? bytes.map(UInt16.init) : [UInt16](copying: bytes) ?? []
        return try AdditiveLayer(
            scheme: scheme,
            outputs: shape[0],
            inputs: shape[1] * scheme.groupSize,
            codes: raw.map { $0 & UInt16(scheme.entries - 1) },
            codebooks: tensor(name + ".codebooks").elements,
            scales: tensor(name + ".scales").elements
        )
    }

    /// The numbers of a key of `golden.json`.
    func numbers(_ key: String) -> [Double] { golden[key]?.array?.compactMap(\.number) ?? [] }

    /// The tokens of `golden.json`.
    var tokens: [Int] { golden["input_ids"]?.array?.compactMap(\.integer) ?? [] }
}

extension LanguageModel {
    /// The model of a folder.
    init(folder: SafetensorsFolder) throws {
        try self.init(configuration: ModelConfiguration(json: folder.configuration), from: folder)
    }
}
