/// What follows a value: attributes, subscripts, calls, filters and tests.
extension TemplateExpressionParser {
    mutating func postfix() throws(ChatTemplateError) -> TemplateExpression.Link? {
        if skip(symbol: ".") {
            if case .integer(let index) = kind {
                at += 1
                return .item(.literal(.integer(index)))
            }
            let name = try name()
            guard hasSymbol("(") else { return .attribute(name) }
            guard templateMethods.contains(name) else {
                throw .unsupported("the method \(name)", line: place)
            }
            return .method(name, try arguments())
        }
        if skip(symbol: "[") {
            let start = hasSymbol(":") ? nil : try expression()
            guard skip(symbol: ":") else {
                try demand(symbol: "]")
                guard let start else { throw .syntax("an empty subscript", line: place) }
                return .item(start)
            }
            let end = hasSymbol(":") || hasSymbol("]") ? nil : try expression()
            let step = skip(symbol: ":") && !hasSymbol("]") ? try expression() : nil
            try demand(symbol: "]")
            return .slice(start, end, step)
        }
        return hasSymbol("(") ? .call(try arguments()) : nil
    }

    mutating func filter() throws(ChatTemplateError) -> TemplateExpression.Link? {
        guard skip(symbol: "|") else { return nil }
        let name = try name()
        guard templateFilters.contains(name) else {
            throw .unsupported("the filter \(name)", line: place)
        }
        return .filter(
            name,
            hasSymbol("(") ? try arguments() : TemplateExpression.Arguments()
        )
    }

    mutating func test() throws(ChatTemplateError) -> TemplateExpression.Link? {
        guard skip(name: "is") else { return nil }
        let isNegated = skip(name: "not")
        let name = try name()
        guard templateTests.contains(name) else {
            throw .unsupported("the test \(name)", line: place)
        }
        var arguments = TemplateExpression.Arguments()
        if hasSymbol("(") {
            arguments = try self.arguments()
        } else if takesArgument {
            arguments.positional = [try unary(filtered: false)]
        }
        return .test(name, isNegated: isNegated, arguments)
    }

    /// Whether what comes is the argument of a test without brackets.
    private var takesArgument: Bool {
        switch kind {
        case .name(let text): !["else", "or", "and", "is", "if", "in", "not"].contains(text)
        case .string, .integer, .number: true
        case .symbol(let text): text == "[" || text == "{"
        case nil: false
        }
    }

    mutating func arguments() throws(ChatTemplateError) -> TemplateExpression.Arguments {
        try demand(symbol: "(")
        var arguments = TemplateExpression.Arguments()
        while !skip(symbol: ")") {
            if !arguments.positional.isEmpty || !arguments.named.isEmpty {
                try demand(symbol: ",")
                if skip(symbol: ")") { break }
            }
            if hasSymbol("*") || hasSymbol("**") {
                throw .unsupported("arguments from a list", line: place)
            }
            if case .name(let name) = kind, at + 1 < tokens.count,
                tokens[at + 1].kind == .symbol("=")
            {
                at += 2
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else {
                    throw .syntax("an argument without a name behind one with", line: place)
                }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }
}
