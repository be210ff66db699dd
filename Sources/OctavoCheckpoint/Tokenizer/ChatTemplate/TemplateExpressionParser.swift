/// Reads expressions from the words of a tag, by Jinja's grammar.
struct TemplateExpressionParser {
    let tokens: [TemplateToken]
    private let line: Int
    var at = 0
    private var depth = 0
    /// The name that was read last.
    private(set) var word = ""

    init(_ tokens: [TemplateToken], line: Int) { (self.tokens, self.line) = (tokens, line) }

    // MARK: Words

    var kind: TemplateToken.Kind? { at < tokens.count ? tokens[at].kind : nil }
    var place: Int { at < tokens.count ? tokens[at].line : tokens.last?.line ?? line }

    var found: String {
        switch kind {
        case .name(let text), .symbol(let text): text
        case .string(let text): text.debugDescription
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case nil: "the end of the tag"
        }
    }

    func hasSymbol(_ text: String) -> Bool { kind == .symbol(text) }

    mutating func skip(symbol: String) -> Bool {
        guard kind == .symbol(symbol) else { return false }
        at += 1
        return true
    }

    mutating func skip(name: String) -> Bool {
        guard kind == .name(name) else { return false }
        at += 1
        return true
    }

    mutating func demand(symbol: String) throws(ChatTemplateError) {
        if !skip(symbol: symbol) { throw .syntax("\(found) instead of \(symbol)", line: place) }
    }

    mutating func demand(name: String) throws(ChatTemplateError) {
        if !skip(name: name) { throw .syntax("\(found) instead of \(name)", line: place) }
    }

    mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let text) = kind else {
            throw .syntax("\(found) instead of a name", line: place)
        }
        at += 1
        word = text
        return text
    }

    func finish() throws(ChatTemplateError) {
        if at < tokens.count { throw .syntax("unexpected \(found)", line: place) }
    }

    // MARK: Operators, the weakest first

    mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
        let mostDepth = TemplateParser.mostDepth
        guard depth < mostDepth else {
            throw .limit("expressions nested more than \(mostDepth) deep")
        }
        depth += 1
        defer { depth -= 1 }
        let value = try withoutCondition()
        guard skip(name: "if") else { return value }
        let condition = try withoutCondition()
        return .conditional(
            value,
            if: condition,
            else: skip(name: "else") ? try expression() : nil
        )
    }

    /// An expression in which `if` does not belong to it.
    mutating func withoutCondition() throws(ChatTemplateError) -> TemplateExpression {
        var parts = [try conjunction()]
        while skip(name: "or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction() throws(ChatTemplateError) -> TemplateExpression {
        var parts = [try negation()]
        while skip(name: "and") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func negation() throws(ChatTemplateError) -> TemplateExpression {
        var isNegated = false
        var count = 0
        while skip(name: "not") {
            isNegated.toggle()
            count += 1
        }
        let value = try comparison()
        if count == 0 { return value }
        return isNegated ? .not(value) : .not(.not(value))
    }

    private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
        let first = try sum()
        var rest: [(TemplateExpression.Comparison, TemplateExpression)] = []
        while true {
            if case .symbol(let text) = kind,
                let comparison = TemplateExpression.Comparison(rawValue: text)
            {
                at += 1
                rest.append((comparison, try sum()))
            } else if skip(name: "in") {
                rest.append((.within, try sum()))
            } else if kind == .name("not"), at + 1 < tokens.count,
                tokens[at + 1].kind == .name("in")
            {
                at += 2
                rest.append((.without, try sum()))
            } else {
                return rest.isEmpty ? first : .comparison(first, rest)
            }
        }
    }

    private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
        let first = try concatenation()
        var rest: [(TemplateExpression.Operator, TemplateExpression)] = []
        while let operation = operation(among: ["+", "-"]) {
            rest.append((operation, try concatenation()))
        }
        return rest.isEmpty ? first : .arithmetic(first, rest)
    }

    private mutating func concatenation() throws(ChatTemplateError) -> TemplateExpression {
        var parts = [try term()]
        while skip(symbol: "~") { parts.append(try term()) }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    private mutating func term() throws(ChatTemplateError) -> TemplateExpression {
        let first = try unary(filtered: true)
        var rest: [(TemplateExpression.Operator, TemplateExpression)] = []
        while let operation = operation(among: ["*", "/", "//", "%"]) {
            rest.append((operation, try unary(filtered: true)))
        }
        if hasSymbol("**") { throw .unsupported("the operator **", line: place) }
        return rest.isEmpty ? first : .arithmetic(first, rest)
    }

    private mutating func operation(among texts: [String]) -> TemplateExpression.Operator? {
        guard case .symbol(let text) = kind, texts.contains(text) else { return nil }
        at += 1
        return TemplateExpression.Operator(rawValue: text)
    }

    mutating func unary(filtered: Bool) throws(ChatTemplateError) -> TemplateExpression {
        let isNegative = skip(symbol: "-")
        var value = try primary()
        var links: [TemplateExpression.Link] = []
        if isNegative {
            while let link = try postfix() { links.append(link) }
            value = .negative(links.isEmpty ? value : .chain(value, links))
            links = []
        }
        while let link = try postfix() { links.append(link) }
        if filtered {
            while true {
                if let link = try filter() {
                    links.append(link)
                } else if let link = try test() {
                    links.append(link)
                } else if hasSymbol("(") {
                    links.append(.call(try arguments()))
                } else {
                    break
                }
            }
        }
        return links.isEmpty ? value : .chain(value, links)
    }
}
