import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Progress goes to standard error, in the form that suits whoever reads there")
struct ProgressTests {
    @Test("with --json every line is an event, and every layer is told with its loss")
    func tellsLayers() async throws {
        try await withSandbox { box in
            try box.addModel()
            let finished = try await box.succeed("quantize model folded \(foldArguments) --json")
            let events = try finished.events()
            let layers = events.filter { $0["event"] == "layer" }
            let recorded = try #require(try finished.json()["layers"]?.array)
            #expect(layers.count == recorded.count)
            for layer in layers {
                let block = try #require(layer["block"]?.integer)
                let name = try #require(layer["layer"]?.string)
                let record = recorded.first {
                    $0["name"] == .string("model.layers.\(block).\(name)")
                }
                #expect(
                    try #require(record)["relative_loss"]?.number == layer["relative_loss"]?.number
                )
                #expect(layer["restored"] == false && layer["stage"] == "quantizing")
                #expect(0...1 ~= (layer["work"]?.number ?? -1))
            }
            #expect(layers.map { $0["work"]?.number ?? 0 }.max() == 1)
            // Each stage begins before it ends, and none ends that did not begin.
            let begun = events.filter { $0["event"] == "stage" }.map { $0["stage"] }
            let done = events.filter { $0["event"] == "stage_done" }.map { $0["stage"] }
            #expect(begun == done && begun.contains("quantizing"))
        }
    }

    @Test("a resumed run tells which layers it was spared")
    func tellsRestoredLayers() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.leaveUnfinished("quantize model folded \(foldArguments)")
            let resumed = try await box.succeed(
                "quantize model folded \(foldArguments) --resume --json"
            )
            let layers = try resumed.events().filter { $0["event"] == "layer" }
            #expect(!layers.isEmpty && layers.allSatisfy { $0["restored"] == true })
        }
    }

    @Test(
        "with --json every verb tells its progress, notes and errors as events",
        arguments: [
            ("verify folded", "hashing tensors", Int32(0)),
            ("verify folded --teacher model", "evaluating", 0),
            ("convert folded out --to dense", "writing tensors", 0),
            ("evaluate folded --tokens ids.json", "evaluating", 0),
            ("convert folded model --to dense", nil, 1), ("inspect nowhere", nil, 1),
            ("quantize model out --scheme 1x8g7", nil, 1),
        ]
    )
    func tellsEvents(arguments: String, stage: String?, status: Int32) async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            try box.add("ids.json", "[1, 2, 3]")
            let finished = try await box.run(arguments + " --json")
            #expect(finished.status == status)
            let events = try finished.events()
            if let stage { #expect(events.contains { $0["stage"] == .string(stage) }) }
            let errors = events.filter { $0["event"] == "error" }
            #expect(errors.count == (status == 0 ? 0 : 1))
            #expect(errors.allSatisfy { $0["message"]?.string?.isEmpty == false })
        }
    }

    @Test("transfers tell bytes")
    func tellsTransfers() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                for command in ["push folded ada/folded --json", "pull ada/folded pulled --json"] {
                    let events = try await box.succeed(command, environment: hub).events()
                    let file = try #require(
                        events.last { $0["event"] == "progress" && $0["completed"] != 0 }
                    )
                    #expect(file["unit"] == "bytes")
                    #expect(file["completed"]?.integer ?? 0 <= file["total"]?.integer ?? -1)
                }
            }
        }
    }

    @Test("without a terminal, plain lines")
    func printsLines() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.succeed("quantize model folded \(foldArguments)").notes
            #expect(!notes.contains { $0 == "\r" || $0 == "\u{1B}" || $0 == "{" })
            let last = try #require(
                notes.split(separator: "\n").last { $0.hasPrefix("quantizing") }
            )
            #expect(last.contains("block ") && last.contains("  loss ") && last.hasSuffix(" %"))
        }
    }

    /// `script` of util-linux, which every Debian has, lends a program a terminal.
    @Test("on a terminal, one line that changes")
    func changesOneLine() async throws {
        try await withSandbox { box in
            try box.addModel()
            let finished = try await box.run(
                "quantize model folded \(foldArguments)",
                environment: ["TERM": "xterm"],
                prelude: "octavo=$1; shift; set -- script -qec \"'$octavo' $*\" /dev/null;"
            )
            #expect(finished.status == 0, "\(finished.output)")
            // The line is taken back and written anew, cut off where the terminal ends.
            let written = finished.output.components(
                separatedBy: "\r\u{1B}[K\u{1B}[?7lquantizing  block "
            )
            #expect(written.count > 2)
            #expect(written.dropFirst().allSatisfy { $0.contains("\u{1B}[?7h") })
            // Between two states of a stage no line ends.
            for state in written.dropFirst().dropLast() { #expect(!state.contains("\n")) }
            #expect(finished.output.contains("bits per weight in the quantized layers"))
        }
    }
}
