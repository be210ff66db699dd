import Foundation
import OctavoTestSupport
import Testing

@Suite("Habits that a compiler does not check")
struct HabitTests {
    @Test("files stay short enough to read in one go")
    func filesAreShort() throws {
        for file in try sourceFiles(below: "Sources") + sourceFiles(below: "Tests") {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= 400, "\(file.path) has \(lines) lines")
        }
    }

    @Test("only the command line prints")
    func onlyTheCommandLinePrints() throws {
        for file in try sourceFiles(below: "Sources")
        where !file.path.hasPrefix("Sources/OctavoCLI/") {
            #expect(!calls("print", in: file.text), "\(file.path) prints")
        }
    }

    @Test("nothing that input can reach ends the process")
    func nothingGivesUp() throws {
        for file in try sourceFiles(below: "Sources") {
            #expect(!file.text.contains("try!"), "\(file.path) says try!")
            #expect(!calls("fatalError", in: file.text), "\(file.path) calls fatalError")
        }
    }

    @Test("the mathematics knows no file, clock or environment")
    func mathematicsIsPure() throws {
        let impure = ["open", "fopen", "read", "write", "getenv", "time", "clock", "clock_gettime"]
        for module in ["OctavoNumerics", "OctavoModel", "OctavoQuantizer"] {
            for file in try sourceFiles(below: "Sources/" + module) {
                for name in impure {
                    #expect(!calls(name, in: file.text), "\(file.path) calls \(name)")
                }
            }
        }
    }

    @Test("sources name no folder of anybody's machine")
    func noPathsOfMachines() throws {
        // A test may make up a home; a source may not know one.
        for home in ["/" + "home/", "/" + "root/", "/" + "Users/"] {
            for file in try sourceFiles(below: "Sources") {
                #expect(!file.text.contains(home), "\(file.path) names \(home)")
            }
        }
    }

    /// Whether a text calls a function of this name, in code rather than in a comment.
    private func calls(_ name: String, in text: String) -> Bool {
        text.split(separator: "\n").contains { line in
            let code = line.split(separator: "//", omittingEmptySubsequences: false).first ?? ""
            guard let range = code.range(of: name + "(") else { return false }
            let before = code[..<range.lowerBound].last
            return before.map { !($0.isLetter || $0 == "." || $0 == "_") } ?? true
        }
    }
}
