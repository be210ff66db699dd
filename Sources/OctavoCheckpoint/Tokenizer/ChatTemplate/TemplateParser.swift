import OctavoBase

/// Reads the statements of a template.
struct TemplateParser {
    private let pieces: [TemplatePiece]
    private var at = 0
    private var depth = 0

    /// How deeply statements and brackets may nest.
    static let mostDepth = 40

    static func statements(of source: String) throws(ChatTemplateError) -> [TemplateStatement] {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(of: source))
        let body = try parser.body(endingWith: [], of: "")
        return body.statements
    }

    private init(pieces: [TemplatePiece]) { self.pieces = pieces }

    /// Reads statements up to one of some words, which is left to be read on.
    private mutating func body(
        endingWith ends: Set<String>,
        of opening: String,
        line: Int = 0
    ) throws(ChatTemplateError) -> (
        statements: [TemplateStatement], end: TemplateExpressionParser
    ) {
        guard depth < Self.mostDepth else {
            throw .limit("statements nested more than \(Self.mostDepth) deep")
        }
        depth += 1
        defer { depth -= 1 }
        var statements: [TemplateStatement] = []
        while at < pieces.count {
            let piece = pieces[at]
            at += 1
            switch piece {
            case .text(let text): statements.append(.text(text))
            case .output(let tokens, let line):
                var words = TemplateExpressionParser(tokens, line: line)
                let value = try words.expression()
                try words.finish()
                statements.append(.output(value))
            case .statement(let tokens, let line):
                var words = TemplateExpressionParser(tokens, line: line)
                let name = try words.name()
                if ends.contains(name) { return (statements, words) }
                // What is marked for transformers' masks of answers is rendered like all else.
                if name == "generation" {
                    try words.finish()
                    let inner = try body(endingWith: ["endgeneration"], of: name, line: line)
                    statements += inner.statements
                    continue
                }
                statements.append(try statement(name, &words, line: line))
            }
        }
        guard ends.isEmpty else {
            throw .syntax("\(opening) is not ended", line: line)
        }
        return (statements, TemplateExpressionParser([], line: 0))
    }

    private mutating func statement(
        _ name: String,
        _ words: inout TemplateExpressionParser,
        line: Int
    ) throws(ChatTemplateError) -> TemplateStatement {
        switch name {
        case "if": return try branches(&words, line: line)
        case "for": return try loop(&words, line: line)
        case "set": return try set(&words, line: line)
        case "macro": return try macro(&words, line: line)
        case "break", "continue":
            try words.finish()
            return name == "break" ? .leaveLoop : .nextTurn
        case "raw", "call", "filter", "include", "import", "from", "extends", "block", "with",
            "autoescape", "trans", "do", "debug":
            throw .unsupported("the statement \(name)", line: line)
        default: throw .syntax("unexpected statement \(name)", line: line)
        }
    }

    private mutating func branches(
        _ words: inout TemplateExpressionParser,
        line: Int
    ) throws(ChatTemplateError) -> TemplateStatement {
        var all: [(condition: TemplateExpression?, body: [TemplateStatement])] = []
        var condition: TemplateExpression? = try words.expression()
        try words.finish()
        while true {
            let ends: Set = condition == nil ? ["endif"] : ["elif", "else", "endif"]
            var (statements, end) = try body(endingWith: ends, of: "if", line: line)
            all.append((condition, statements))
            switch end.word {
            case "elif": condition = try end.expression()
            case "else": condition = nil
            default:
                try end.finish()
                return .branches(all)
            }
            try end.finish()
        }
    }

    private mutating func loop(
        _ words: inout TemplateExpressionParser,
        line: Int
    ) throws(ChatTemplateError) -> TemplateStatement {
        var names = [try words.name()]
        while words.skip(symbol: ",") { names.append(try words.name()) }
        try words.demand(name: "in")
        let items = try words.withoutCondition()
        let filter = words.skip(name: "if") ? try words.expression() : nil
        if words.skip(name: "recursive") { throw .unsupported("a recursive loop", line: line) }
        try words.finish()
        var (statements, end) = try body(endingWith: ["else", "endfor"], of: "for", line: line)
        try end.finish()
        var otherwise: [TemplateStatement] = []
        if end.word == "else" {
            (otherwise, end) = try body(endingWith: ["endfor"], of: "for", line: line)
            try end.finish()
        }
        return .loop(
            TemplateStatement.Loop(
                names: names,
                items: items,
                filter: filter,
                body: statements,
                otherwise: otherwise
            )
        )
    }

    private mutating func set(
        _ words: inout TemplateExpressionParser,
        line: Int
    ) throws(ChatTemplateError) -> TemplateStatement {
        var names = [try words.name()]
        if words.skip(symbol: ".") {
            let attribute = try words.name()
            try words.demand(symbol: "=")
            let value = try words.expression()
            try words.finish()
            return .setAttribute(of: names[0], attribute, value)
        }
        while words.skip(symbol: ",") { names.append(try words.name()) }
        if words.skip(symbol: "=") {
            let value = try words.expression()
            try words.finish()
            return .set(names, value)
        }
        if words.hasSymbol("|") { throw .unsupported("a filtered set block", line: line) }
        guard names.count == 1 else { throw .syntax("set without a value", line: line) }
        try words.finish()
        let (statements, end) = try body(endingWith: ["endset"], of: "set", line: line)
        try end.finish()
        return .setBlock(names[0], statements)
    }

    private mutating func macro(
        _ words: inout TemplateExpressionParser,
        line: Int
    ) throws(ChatTemplateError) -> TemplateStatement {
        let name = try words.name()
        try words.demand(symbol: "(")
        var parameters: [(name: String, value: TemplateExpression?)] = []
        while !words.skip(symbol: ")") {
            if !parameters.isEmpty { try words.demand(symbol: ",") }
            let parameter = try words.name()
            parameters.append((parameter, words.skip(symbol: "=") ? try words.expression() : nil))
        }
        try words.finish()
        var (statements, end) = try body(endingWith: ["endmacro"], of: "macro", line: line)
        // The name may stand once more.
        _ = end.skip(name: name)
        try end.finish()
        return .macro(
            TemplateStatement.Macro(name: name, parameters: parameters, body: statements)
        )
    }
}
