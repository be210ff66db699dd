/// Values: names, literals, lists and objects, and what is in brackets.
extension TemplateExpressionParser {
    mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
        switch kind {
        case .name(let name):
            at += 1
            switch name {
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None": return .literal(.none)
            default: return .name(name)
            }
        case .string(var text):
            at += 1
            while case .string(let more) = kind {
                text += more
                at += 1
            }
            return .literal(.string(text))
        case .integer(let value):
            at += 1
            return .literal(.integer(value))
        case .number(let value):
            at += 1
            return .literal(.number(value))
        case .symbol("("):
            at += 1
            if skip(symbol: ")") { return .list([]) }
            let first = try expression()
            guard hasSymbol(",") else {
                try demand(symbol: ")")
                return first
            }
            var items = [first]
            while skip(symbol: ",") {
                if hasSymbol(")") { break }
                items.append(try expression())
            }
            try demand(symbol: ")")
            return .list(items)
        case .symbol("["):
            at += 1
            return .list(try items(until: "]"))
        case .symbol("{"):
            at += 1
            var members: [(key: TemplateExpression, value: TemplateExpression)] = []
            while !skip(symbol: "}") {
                if !members.isEmpty {
                    try demand(symbol: ",")
                    if skip(symbol: "}") { break }
                }
                let key = try expression()
                try demand(symbol: ":")
                members.append((key, try expression()))
            }
            return .object(members)
        default: throw .syntax("unexpected \(found)", line: place)
        }
    }

    private mutating func items(
        until end: String
    ) throws(ChatTemplateError) -> [TemplateExpression] {
        var items: [TemplateExpression] = []
        while !skip(symbol: end) {
            if !items.isEmpty {
                try demand(symbol: ",")
                if skip(symbol: end) { break }
            }
            items.append(try expression())
        }
        return items
    }
}
