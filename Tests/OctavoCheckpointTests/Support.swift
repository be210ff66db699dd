import OctavoBase
import OctavoTestSupport
import Testing

/// The path of a fixture; `make_fixtures.py` beside them says how each was made.
func fixture(_ name: String) -> String {
    packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/" + name
}

/// The items of a fixture that is a JSON array.
func fixtureItems(_ name: String) throws -> [JSON] {
    try #require(JSON(parsing: try readFile(fixture(name))).array)
}

/// The lines of a fixture that has a JSON value in each.
func fixtureLines(_ name: String) throws -> [JSON] {
    try readFile(fixture(name)).split(separator: UInt8(ascii: "\n")).map {
        try JSON(parsing: Array($0))
    }
}

extension JSON {
    func string(_ key: String) throws -> String { try #require(self[key]?.string) }
    func array(_ key: String) throws -> [JSON] { try #require(self[key]?.array) }
    func object(_ key: String) throws -> JSONObject { try #require(self[key]?.object) }
    func bytes(_ key: String) throws -> [UInt8] { try #require(bytesOfHex(try string(key))) }
    func shape(_ key: String) throws -> [Int] { try array(key).compactMap(\.integer) }
}

/// A number's little-endian bytes.
func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
