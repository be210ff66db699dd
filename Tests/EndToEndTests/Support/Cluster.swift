import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

/// Arguments that cut the calibration text into four slices, in little time.
let clusterArguments =
    "--scheme 2x4g8 --tokens 8192 --sequence-length 64 --threads 2 --effort quick --calibration text.txt"

extension Sandbox {
    /// Writes a calibration text: enough for 8192 tokens of a byte each.
    func addText(_ name: String = "text.txt") throws {
        var generator = SeededGenerator(seed: 11)
        let words = ["fold", "a sheet", "into", "eight", "leaves,", "1 + 1 = 2;", "ready\n", "é"]
        var text = ""
        while text.utf8.count < 10_000 {
            text += (words.randomElement(using: &generator) ?? "") + " "
        }
        try add(name, text)
    }

    /// Demands that two folders hold the same files.
    func expectEqual(
        _ a: String,
        _ b: String,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let (a, b) = (try contents(of: self(a)), try contents(of: self(b)))
        #expect(!a.isEmpty, sourceLocation: location)
        #expect(Set(a.keys) == Set(b.keys), sourceLocation: location)
        for (path, bytes) in a { #expect(b[path] == bytes, "\(path)", sourceLocation: location) }
    }

    /// Changes a byte of a file; its place is counted from the end.
    func flip(_ name: String, fromEnd distance: Int) throws {
        var bytes = try readFile(self(name))
        bytes[bytes.count - distance] ^= 0x40
        try AtomicFile.write(bytes, to: self(name))
    }
}
