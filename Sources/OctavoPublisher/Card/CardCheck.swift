import OctavoBase
import Yams

/// The rules of a model card, applied one after the other.
struct CardCheck {
    let name: String?
    let directory: String?
    private(set) var findings: [CardFinding] = []

    init(name: String?, directory: String?) {
        self.name = name
        self.directory = directory
    }

    mutating func add(
        _ rule: String,
        _ line: Int?,
        _ found: String,
        expected: String,
        isFault: Bool = true
    ) {
        findings.append(
            CardFinding(rule, line: line, found: found, expected: expected, isFault: isFault)
        )
    }

    /// Checks a card.
    mutating func read(_ bytes: [UInt8]) {
        let card: CardText
        do throws(FrontMatterError) { card = try CardText(bytes) } catch {
            return add(
                "metadata",
                error.line,
                error.finding.found,
                expected: error.finding.expected
            )
        }
        checkText(card)
        guard let range = card.metadataLines else {
            return add("metadata", 1, "no metadata", expected: "a line of --- and YAML behind it")
        }
        if card.hasByteOrderMark {
            add(
                "metadata",
                1,
                "a byte order mark",
                expected: "--- at once: the hub's tools see no metadata here"
            )
        }
        for index in [range.lowerBound - 1, range.upperBound] where card.lines[index] != "---" {
            add(
                "metadata",
                index + 1,
                "\"\(printable(card.lines[index]))\"",
                expected: "three dashes alone: the hub's tools see no end of the metadata here"
            )
        }
        for index in range
        where card.lines[index].prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            add(
                "metadata",
                index + 1,
                "a tab at the beginning of the line",
                expected: "spaces, as YAML wants"
            )
        }
        do throws(FrontMatterError) {
            guard let matter = try card.metadata() else { return }
            if matter.pairs.isEmpty {
                return add("metadata", 1, "empty metadata", expected: "lines of `key: value`")
            }
            check(matter, card)
        } catch {
            // A tab was told of already.
            guard !findings.contains(where: { $0.line == error.line && $0.isFault }) else { return }
            add("metadata", error.line, error.finding.found, expected: error.finding.expected)
        }
    }

    /// The rules of the text behind the metadata, and of the card as a whole.
    private mutating func checkText(_ card: CardText) {
        let text = card.lines[min(card.firstTextLine, card.lines.count)...]
        if text.allSatisfy({ $0.trimmed.isEmpty }) {
            add(
                "text",
                nil,
                "no text behind the metadata",
                expected: "what the model is and how it was measured"
            )
        } else if !text.contains(where: { $0.hasPrefix("# ") }) {
            add("text", nil, "no heading", expected: "a line \"# NAME\"", isFault: false)
        }
        for (index, line) in card.lines.enumerated() {
            if let token = secret(in: line) {
                add(
                    "secret",
                    index + 1,
                    "what looks like a token (\(token)…)",
                    expected: "no secret on a card"
                )
            }
            if line.contains("{{") && line.contains("}}") {
                add(
                    "text",
                    index + 1,
                    "\"{{…}}\" of a template",
                    expected: "what stands for it",
                    isFault: false
                )
            }
        }
    }

    /// The beginning of a token of a hub, if a line has one.
    private func secret(in line: String) -> String? {
        for prefix in ["hf_", "github_pat_", "ghp_"] {
            var rest = line[...]
            while let range = rest.firstRange(of: prefix) {
                let token = rest[range.upperBound...].prefix {
                    $0.isASCII && ($0.isLetter || $0.isNumber)
                }
                // Names such as hf_hub_download go on with a dash below.
                if token.count >= 20 { return prefix }
                rest = rest[range.upperBound...]
            }
        }
        return nil
    }

    /// The line of a key.
    func line(_ key: String, _ matter: FrontMatter) -> Int? { matter[key].map(matter.line) }

    /// A text; a finding if it is anything else.
    mutating func text(_ key: String, _ matter: FrontMatter) -> String? {
        do throws(FrontMatterError) { return try matter.text(key) } catch {
            add(key, error.line, error.finding.found, expected: error.finding.expected)
            return nil
        }
    }

    /// Texts; a finding if there is anything else.
    mutating func texts(_ key: String, _ matter: FrontMatter) -> [String] {
        do throws(FrontMatterError) { return try matter.texts(key) } catch {
            add(key, error.line, error.finding.found, expected: error.finding.expected)
            return []
        }
    }
}
