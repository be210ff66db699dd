/// Respells a regular expression of Oniguruma, which tokenizer files are written for, for PCRE2.
///
/// What the two read differently, and what would let an expression take for ever, is refused: letters,
/// classes, properties, groups, alternatives, look-around and repeats are left, which is what
/// published tokenizers use. formats/tokenizer.md lists it.
struct PatternDialect {
    typealias Refusal = PatternRefusal

    /// The scalars of the property White_Space; PCRE2's own `\s` has another.
    private static let spaces =
        #"\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"#
    /// The names of properties.
    ///
    /// Mn and Mc are not among them: Unicode has moved scalars from one to the other.
    private static let properties: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
        "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp",
        "Han",
    ]
    private static let mostScalars = 8192
    private static let mostRepeats = 1000

    private let source: [Unicode.Scalar]
    private var at = 0
    private var result = ""
    private var depth = 0
    private var ignoresCase = false
    /// The letter just read, where case is ignored: Unicode folds some pairs to one scalar.
    private var letterBefore: Unicode.Scalar?

    /// The expression as PCRE2 must have it.
    static func respelled(_ source: String) throws(Refusal) -> String {
        var dialect = PatternDialect(source: Array(source.unicodeScalars))
        guard dialect.source.count <= mostScalars else { throw Refusal("it is too long") }
        _ = try dialect.readAlternatives()
        guard dialect.at == dialect.source.count else { throw Refusal("a ) too many") }
        return dialect.result
    }

    private init(source: [Unicode.Scalar]) { self.source = source }

    private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

    private mutating func take() throws(Refusal) -> Unicode.Scalar {
        guard let next else { throw Refusal("it ends too early") }
        at += 1
        return next
    }

    private mutating func takes(_ text: String) -> Bool {
        guard source[at...].starts(with: text.unicodeScalars) else { return false }
        at += text.unicodeScalars.count
        return true
    }

    /// Reads up to the end of a group.
    private mutating func readAlternatives() throws(Refusal) -> PatternShape {
        guard depth < 32 else { throw Refusal("groups are nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        var earlier: PatternShape?
        var shape = PatternShape.empty
        while let scalar = next, scalar != ")" {
            if scalar == "|" {
                at += 1
                result += "|"
                letterBefore = nil
                earlier = earlier?.or(shape) ?? shape
                shape = .empty
            } else {
                shape = try shape.followed(by: try readTerm())
            }
        }
        return earlier?.or(shape) ?? shape
    }

    /// Reads a term with its quantifier.
    private mutating func readTerm() throws(Refusal) -> PatternShape {
        let scalar = try take()
        var shape = PatternShape.scalar
        var isRepeatable = true
        switch scalar {
        case "(": (shape, isRepeatable) = try readGroup()
        case "[": try readClass()
        case "\\": result += try escape(inClass: false)
        case ".": result += "."
        case "$":
            result += "$"
            isRepeatable = false
        case "^", "*", "+", "?", "{", "}", "]": throw Refusal("a \(scalar) that is not escaped")
        default: try readLetter(scalar)
        }
        guard let quantifier = next, ["*", "+", "?", "{"].contains(quantifier) else { return shape }
        guard isRepeatable else { throw Refusal("a repeat of what has no length") }
        letterBefore = nil
        let (least, most) = try readQuantifier()
        return try shape.repeated(least: least, most: most)
    }

    private mutating func readLetter(_ scalar: Unicode.Scalar) throws(Refusal) {
        if ignoresCase {
            guard scalar.isASCII else { throw Refusal("\(scalar) where case is ignored") }
            let letter = Unicode.Scalar(UInt8(scalar.value).lowercasedASCII)
            if let letterBefore,
                ["ss", "st", "ff", "fi", "fl"].contains("\(letterBefore)\(letter)")
            {
                throw Refusal("\(letterBefore)\(letter) where case is ignored")
            }
            letterBefore = letter
        }
        result += Self.literal(scalar)
    }

    /// Reads a group after its `(`; says whether it may be repeated, too.
    private mutating func readGroup() throws(Refusal) -> (PatternShape, isRepeatable: Bool) {
        let ignoredCase = ignoresCase
        letterBefore = nil
        defer {
            ignoresCase = ignoredCase
            letterBefore = nil
        }
        var opening = "(?:"
        if takes("?i:") {
            ignoresCase = true
            opening = "(?i:"
        } else if let assertion = ["?=", "?!", "?<=", "?<!"].first(where: { takes($0) }) {
            opening = "(" + assertion
        } else if next == "?" && !takes("?:") {
            throw Refusal("a group that starts with (?")
        }
        result += opening
        let shape = try readAlternatives()
        guard try take() == ")" else { throw Refusal("a ( without a )") }
        result += ")"
        if opening.hasSuffix(":") { return (shape, true) }
        return (shape.asAssertion(isNegative: opening.hasSuffix("!")), false)
    }

    /// Reads a quantifier; returns how many times it allows.
    private mutating func readQuantifier() throws(Refusal) -> (least: Int, most: Int?) {
        let scalar = try take()
        if scalar == "{" { return try readCount() }
        result.unicodeScalars.append(scalar)
        if let kind = next, kind == "?" || kind == "+" {
            at += 1
            result.unicodeScalars.append(kind)
        }
        return (scalar == "+" ? 1 : 0, scalar == "?" ? 1 : nil)
    }

    /// Reads `{n}`, `{n,}` or `{n,m}` after its brace.
    private mutating func readCount() throws(Refusal) -> (least: Int, most: Int?) {
        guard let least = try readNumber() else { throw Refusal("a { that is not escaped") }
        result += "{\(least)"
        var most: Int? = least
        if next == "," {
            at += 1
            most = try readNumber()
            result += most.map { ",\($0)" } ?? ","
        }
        guard try take() == "}" else { throw Refusal("a { that is not escaped") }
        result += "}"
        // Oniguruma takes these for a repeat of the repeat.
        guard next != "+", !(least == most && next == "?") else {
            throw Refusal("a second quantifier after {…}")
        }
        if next == "?" {
            at += 1
            result += "?"
        }
        return (least, most)
    }

    private mutating func readNumber() throws(Refusal) -> Int? {
        let start = at
        while let digit = next, ("0"..."9").contains(digit) { at += 1 }
        guard at > start else { return nil }
        guard let value = Int(String(String.UnicodeScalarView(source[start..<at]))),
            value <= Self.mostRepeats
        else { throw Refusal("more than \(Self.mostRepeats) repeats") }
        return value
    }

    /// Reads a class in brackets after its `[`.
    private mutating func readClass() throws(Refusal) {
        letterBefore = nil
        result += "["
        if next == "^" {
            at += 1
            result += "^"
        }
        guard next != "]" else { throw Refusal("an empty class") }
        while true {
            let scalar = try take()
            switch scalar {
            case "]":
                result += "]"
                return
            case "[": throw Refusal("a class within a class")
            case "&" where next == "&": throw Refusal("an intersection of classes")
            case "-": result += source[at - 2] == "[" || next == "]" ? #"\-"# : "-"
            case "\\": result += try escape(inClass: true)
            default:
                guard !ignoresCase || scalar.isASCII else {
                    throw Refusal("\(scalar) where case is ignored")
                }
                result += Self.literal(scalar)
            }
        }
    }

    /// What follows a backslash, respelled.
    private mutating func escape(inClass: Bool) throws(Refusal) -> String {
        letterBefore = nil
        let scalar = try take()
        switch scalar {
        case "s": return inClass ? Self.spaces : "[\(Self.spaces)]"
        case "S" where !inClass: return "[^\(Self.spaces)]"
        case "d": return #"\p{Nd}"#
        case "D" where !inClass: return #"\P{Nd}"#
        case "n", "r", "t", "f": return "\\\(scalar)"
        case "p", "P": return try property(scalar)
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar)
            else { throw Refusal("the escape \\\(scalar)") }
            return Self.literal(scalar)
        }
    }

    private mutating func property(_ kind: Unicode.Scalar) throws(Refusal) -> String {
        guard try take() == "{" else { throw Refusal("\\\(kind) without {…}") }
        var name = ""
        while let scalar = next, scalar != "}" {
            name.unicodeScalars.append(scalar)
            at += 1
        }
        guard try take() == "}", Self.properties.contains(name) else {
            throw Refusal("the property \(name)")
        }
        // By itself the name of a script means its extensions too.
        return "\\\(kind){\(name == "Han" ? "sc:Han" : name)}"
    }

    /// A scalar that stands for itself, in and out of classes.
    private static func literal(_ scalar: Unicode.Scalar) -> String {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            ? "\(scalar)" : "\\x{\(String(scalar.value, radix: 16))}"
    }
}

extension UInt8 {
    /// The small letter of a capital one of ASCII.
    fileprivate var lowercasedASCII: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}
