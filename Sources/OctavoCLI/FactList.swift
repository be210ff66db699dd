import Glibc
import OctavoBase
import OctavoPublisher

/// Facts by name, one below the other, wrapped to the width of the screen.
struct FactList {
    private let width: Int
    private var facts: [(name: String, value: String)] = []

    /// Starts a list for so many columns.
    init(width: Int) { self.width = width }

    /// Adds a fact, if there is something to say.
    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { facts.append((name, value)) }
    }

    /// The facts as lines.
    var text: String {
        let column = (facts.map(\.name.count).max() ?? 0) + 2
        return facts.map { fact in
            let padding = String(repeating: " ", count: column - fact.name.count)
            return wrapped(fact.name + padding + fact.value, width, indent: column)
        }.joined(separator: "\n")
    }
}

/// A text in lines of at most so many characters, broken at spaces, each but the first indented.
///
/// What holds no space is not broken: a path that was can no longer be copied.
func wrapped(_ text: String, _ width: Int, indent: Int) -> String {
    var lines: [String] = []
    var line = ""
    for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
        if index == 0 {
            line = String(word)
        } else if line.count + 1 + word.count > width, line.count > indent {
            lines.append(line)
            line = String(repeating: " ", count: indent) + word
        } else {
            line += " " + word
        }
    }
    return (lines + [line]).joined(separator: "\n")
}

/// The columns of the terminal that results go to; 100 where they go elsewhere.
func outputWidth() -> Int {
    var size = winsize()
    guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return max(40, Int(size.ws_col))
}

/// A count for people, as in "135 million" or "6.74 billion".
func countText(_ count: Int) -> String {
    for (size, name) in [
        (1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"),
    ]
    where count >= size {
        let value = Double(count) / Double(size)
        return decimal(value, digits: value < 10 ? 2 : value < 100 ? 1 : 0) + " " + name
    }
    return groupedText(count)
}
