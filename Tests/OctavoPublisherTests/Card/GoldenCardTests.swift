import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Whole cards, as they are to be: `OCTAVO_RECORD=1` writes them anew, to be read before they are committed.
@Suite("Whole cards")
struct GoldenCardTests {
    private static let folder = packageRoot + "/Tests/OctavoPublisherTests/Fixtures/cards"

    private func compare(_ text: String, with name: String) throws {
        let path = joined(Self.folder, name)
        if ProcessInfo.processInfo.environment["OCTAVO_RECORD"] == "1" {
            try AtomicFile.write(text, to: path)
        }
        let expected = String(decoding: try readFile(path), as: UTF8.self)
        let (found, wanted) = (text.split(separator: "\n"), expected.split(separator: "\n"))
        for (a, b) in zip(found, wanted) where a != b {
            Issue.record("\(name): found \(a), expected \(b)")
            return
        }
        #expect(text == expected, "\(name)")
    }

    @Test("a model of which nothing but the record is known")
    func unmeasured() throws {
        try compare(CardFixture.unmeasured().markdown(), with: "unmeasured.md")
    }

    @Test("a model of which everything is known, and its plot")
    func measured() throws {
        let card = try CardFixture.measured()
        try compare(card.markdown(), with: "measured.md")
        try compare(#require(card.plot), with: "size-quality.svg")
    }

    @Test("the same facts give the same bytes, in a folder too")
    func isDeterministic() async throws {
        try await withTemporaryDirectory { directory in
            let card = try CardFixture.measured()
            var written: [[String: [UInt8]]] = []
            for name in ["a", "b"] {
                let folder = joined(directory, name)
                try makeDirectory(folder)
                #expect(try card.write(to: folder) == [ModelCard.fileName, ModelCard.plotPath])
                written.append(try contents(of: folder))
            }
            #expect(written[0] == written[1] && written[0].count == 2)
        }
    }

    @Test("both are sound by our own rules")
    func areSound() throws {
        let measured = try CardFixture.measured()
        #expect(
            checkCard(Array(try measured.markdown().utf8), name: measured.repository).isEmpty
        )
        var bare = try CardFixture.unmeasured()
        let findings = checkCard(Array(try bare.markdown().utf8))
        #expect(findings.map(\.rule) == ["license"])
        bare.license = "mit"
        #expect(checkCard(Array(try bare.markdown().utf8)).isEmpty)
    }

    @Test(
        "every output has its library, its tags and its way to load",
        arguments: CardOutput.allCases
    )
    func outputs(output: CardOutput) throws {
        var card = try CardFixture.unmeasured()
        card.output = output
        card.license = "mit"
        let text = try card.markdown()
        let library = [
            "transformers": "transformers", "dense": "transformers", "gguf": "gguf",
            "aqlm": "octavo",
        ]
        #expect(text.contains("library_name: \"\(library[output.rawValue] ?? "")\""))
        #expect(text.contains("- \"aqlm\"") == (output != .dense))
        #expect(text.contains(": not run.") && text.contains("octavo generate"))
        #expect(text.contains("NUMBA_NUM_THREADS=1") == (output == .transformers))
        #expect(checkCard(Array(text.utf8)).isEmpty)
    }
}
