import OctavoBase
import OctavoNumerics
import OctavoTestSupport
import Testing

/// A layer of a real model with the Hessian of its inputs, from a safetensors file of two tensors.
struct GoldenLayer {
    let weight: Matrix
    let hessian: Matrix

    init(_ name: String) throws {
        let file = try MappedFile(Shared.path("golden/layers/\(name).safetensors"))
        var reader = ByteReader(file.bytes)
        let headerLength = Int(try reader.read(UInt64.self))
        let header = try JSON(parsing: reader.read(count: headerLength))
        weight = try Self.tensor("weight", header, file, 8 + headerLength)
        hessian = try Self.tensor("hessian", header, file, 8 + headerLength)
    }

    private static func tensor(
        _ name: String,
        _ header: JSON,
        _ file: MappedFile,
        _ start: Int
    ) throws -> Matrix {
        let shape = (header[name]?["shape"]?.array ?? []).compactMap(\.integer)
        let offsets = (header[name]?["data_offsets"]?.array ?? []).compactMap(\.integer)
        try #require(shape.count == 2 && offsets.count == 2)
        let bytes = file.bytes.extracting(start + offsets[0]..<start + offsets[1])
        let elements: [Float]? =
            header[name]?["dtype"]?.string == "F16"
            ? [UInt16](copying: bytes)?.map(Half.widen) : [Float](copying: bytes)
        return Matrix(rows: shape[0], columns: shape[1], elements: elements ?? [])
    }
}
