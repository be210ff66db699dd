import ArgumentParser
import Glibc
import OctavoBase

/// The form a verb's result takes on standard output.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the result as one JSON document.")
    var json = false

    /// Prints a result in the chosen form.
    func show(_ json: @autoclosure () -> JSON, text: @autoclosure () -> String) {
        let result = self.json ? json().text(.pretty) : printable(text())
        print(result, terminator: result.hasSuffix("\n") ? "" : "\n")
    }
}

/// Writes a text as it is to standard error, where notes and progress go: results alone go to standard
/// output.
func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}

/// Rows of text in columns as wide as they need to be; numbers to the right.
struct TextTable {
    private var rows: [[String]]

    /// Starts a table with its header.
    init(_ header: [String]) { rows = [header] }

    /// Adds a row.
    mutating func add(_ cells: String...) { rows.append(cells) }

    /// The table as lines.
    var text: String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        // A column whose cells all begin like numbers is one of numbers.
        let isNumeric = (0..<count).map { column in
            rows.dropFirst().allSatisfy { row in
                column >= row.count || row[column].isEmpty
                    || row[column].first.map { $0.isNumber || $0 == "-" } == true
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return isNumeric[column] && column > 0 ? padding + cell : cell + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

/// Hands what was printed to whoever reads it, now.
func flushOutput() { fflush(nil) }
