import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say in what two models differ.",
        discussion: """
            Compares tensors by name, whatever holds them: a directory, a GGUF file, codes of AQLM. Numbers \
            are compared after decoding, a few rows at a time; then the configurations, and the files beside \
            the weights. Exits with 0 if there is no difference, with 1 if there is one. With --values only \
            the tensors' numbers decide: not what they are stored as, and nothing beside them.

            Examples:
              octavo diff ./model ./model-again
              octavo diff ./model model.gguf --values
              octavo diff ./folded ./tuned --json
            """
    )

    @Argument(help: "A model.")
    var first: String

    @Argument(help: "What to compare it with.")
    var second: String

    @Flag(help: "Let the tensors' numbers alone decide.")
    var values = false

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let (one, other) = (
                try await openModel(first, printer), try await openModel(second, printer)
            )
            let handler = printer.handler
            let difference = try await runBlocking {
                try ModelDifference(from: one, to: other, progress: handler)
            }
            printer.finish()
            let isNone = values ? difference.haveSameWeights : difference.isNone
            result.show(
                json(difference, equal: isNone),
                text: text(difference, equal: isNone)
            )
            if !isNone { throw ExitCode.failure }
        }
    }

    private func text(_ difference: ModelDifference, equal: Bool) -> String {
        var blocks: [String] = []
        let changed = difference.changed
        var counts = ["\(difference.same) the same"]
        for (count, what) in [
            (changed.count, "changed"), (difference.added.count, "added"),
            (difference.removed.count, "removed"),
        ] where count > 0 {
            counts.append("\(count) \(what)")
        }
        blocks.append("tensors  " + counts.joined(separator: ", "))
        // Those that hold the same numbers in another type are many, and alike.
        var alike: [String: Int] = [:]
        for tensor in changed where tensor.hasSameValues { alike[what(tensor), default: 0] += 1 }
        for (types, count) in alike.sorted(by: { $0.key < $1.key }) {
            blocks.append("\(count) of them only stored otherwise: \(types)")
        }
        let moved = changed.filter { !$0.hasSameValues }
        if !moved.isEmpty {
            var table = TextTable(["tensor", "stored as", "largest", "mean", "relative %"])
            for tensor in moved {
                table.add(
                    tensor.name,
                    what(tensor),
                    tensor.values.map { magnitudeText($0.largest) } ?? "",
                    tensor.values.map { magnitudeText($0.mean) } ?? "",
                    tensor.values.map { decimal(100 * $0.relative, digits: 4) } ?? ""
                )
            }
            blocks.append(table.text)
        }
        func list(_ title: String, _ lines: [String]) {
            if !lines.isEmpty {
                blocks.append(([title] + lines.map { "  " + $0 }).joined(separator: "\n"))
            }
        }
        list("tensors only in \(second)", difference.added)
        list("tensors only in \(first)", difference.removed)
        list("configuration", difference.config.map(line))
        list("files only in \(second)", difference.addedFiles)
        list("files only in \(first)", difference.removedFiles)
        list("files that differ", difference.changedFiles)
        list("tokenizer: parts that differ", difference.tokenizer)
        blocks.append(
            equal ? values ? "the same numbers" : "no difference" : "the models differ"
        )
        return blocks.joined(separator: "\n\n")
    }

    private func what(_ tensor: TensorDifference) -> String {
        guard tensor.shapes[0] == tensor.shapes[1] else {
            return "\(tensor.shapes[0]) → \(tensor.shapes[1])"
        }
        return tensor.isOfOneType ? tensor.types[0] : "\(tensor.types[0]) → \(tensor.types[1])"
    }

    private func line(_ member: MemberDifference) -> String {
        func value(_ json: JSON?) -> String { json.map { $0.text(.compact) } ?? "absent" }
        return "\(member.path): \(value(member.first)) → \(value(member.second))"
    }

    private func json(_ difference: ModelDifference, equal: Bool) -> JSON {
        func names(_ list: [String]) -> JSON { .array(list.map(JSON.string)) }
        return .object([
            "equal": .bool(equal), "same": .integer(difference.same),
            "added": names(difference.added), "removed": names(difference.removed),
            "changed": .array(difference.changed.map(\.json)),
            "config": .array(difference.config.map(\.json)),
            "files": .object([
                "added": names(difference.addedFiles), "removed": names(difference.removedFiles),
                "changed": names(difference.changedFiles),
            ]),
            "tokenizer": names(difference.tokenizer),
        ])
    }
}

/// A magnitude with three digits, as in `1.25e-03`.
private func magnitudeText(_ value: Double) -> String {
    guard value.isFinite else { return "infinite" }
    guard value > 0 else { return "0" }
    var (mantissa, exponent) = (value, 0)
    while mantissa >= 9.995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.9995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    return decimal(mantissa, digits: 2) + (exponent == 0 ? "" : "e\(exponent)")
}

extension TensorDifference {
    fileprivate var json: JSON {
        func number(_ value: Double?) -> JSON {
            value.map { $0.isFinite ? .number($0) : .string("infinite") } ?? .null
        }
        return .object([
            "name": .string(name), "types": .array(types.map(JSON.string)),
            "shapes": .array(shapes.map { .array($0.map(JSON.integer)) }),
            "elements": values.map { .integer($0.count) },
            "differing": values.map { .integer($0.changed) },
            "largest": number(values?.largest), "mean": number(values?.mean),
            "relative": number(values?.relative),
        ])
    }
}

extension MemberDifference {
    fileprivate var json: JSON {
        .object(["path": .string(path), "first": first, "second": second])
    }
}
