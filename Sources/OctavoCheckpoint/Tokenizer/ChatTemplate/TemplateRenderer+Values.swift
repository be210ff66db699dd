import OctavoBase

// Expressions and what they come to.
extension TemplateRenderer {
    /// The value of an expression.
    mutating func value(
        _ expression: TemplateExpression
    ) throws(ChatTemplateError) -> TemplateValue {
        try charge(1)
        switch expression {
        case .literal(let value): return value
        case .name(let name): return lookUp(name)
        case .list(let items): return .list(try values(items))
        case .object(let members):
            var object = TemplateObject()
            for (key, value) in members {
                guard let key = try self.value(key).string else {
                    throw .failed("a mapping's key is not a text")
                }
                object[key] = try self.value(value)
            }
            return .object(object)
        case .not(let inner): return .bool(try !value(inner).isTrue)
        case .negative(let inner):
            return try calculate(.minus, .integer(0), try value(inner))
        case .conditional(let value, let condition, let otherwise):
            if try self.value(condition).isTrue { return try self.value(value) }
            return try otherwise.map { (inner) throws(ChatTemplateError) in
                try self.value(inner)
            } ?? .undefined("")
        case .any(let parts):
            for part in parts.dropLast() {
                let value = try value(part)
                if value.isTrue { return value }
            }
            return try value(parts[parts.count - 1])
        case .all(let parts):
            for part in parts.dropLast() {
                let value = try value(part)
                if !value.isTrue { return value }
            }
            return try value(parts[parts.count - 1])
        case .comparison(let first, let rest):
            var left = try value(first)
            for (comparison, expression) in rest {
                let right = try value(expression)
                guard try compare(left, comparison, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .arithmetic(let first, let rest):
            var left = try value(first)
            for (operation, expression) in rest {
                left = try calculate(operation, left, try value(expression))
            }
            return left
        case .concatenation(let parts):
            var text = ""
            for part in parts { text += try self.text(of: try value(part)) }
            return try made(text)
        case .chain(let first, let links):
            var result = try value(first)
            for link in links { result = try follow(link, from: result) }
            return result
        }
    }

    private mutating func values(
        _ expressions: [TemplateExpression]
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try value(expression)) }
        return values
    }

    private mutating func values(
        _ arguments: TemplateExpression.Arguments
    ) throws(ChatTemplateError) -> TemplateArguments {
        var named: [(name: String, value: TemplateValue)] = []
        let positional = try values(arguments.positional)
        for (name, expression) in arguments.named { named.append((name, try value(expression))) }
        return TemplateArguments(positional: positional, named: named)
    }

    /// A text that was made, paid for.
    mutating func made(_ text: String) throws(ChatTemplateError) -> TemplateValue {
        try charge(text.utf8.count / 16)
        return .string(text)
    }

    /// A value as it is printed.
    func text(of value: TemplateValue) throws(ChatTemplateError) -> String {
        if let text = value.printed { return text }
        var literal = TemplateLiteral(.python)
        try literal.write(value)
        return literal.text
    }

    /// What a loop goes through.
    mutating func items(of value: TemplateValue) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .list(let items):
            try charge(items.count / 16)
            return items
        case .object(let object): return object.members.map { .string($0.key.text) }
        case .string(let text):
            try charge(text.utf8.count)
            return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default: throw .failed("it goes through \(value.typeName) as if that were a list")
        }
    }

    private mutating func follow(
        _ link: TemplateExpression.Link,
        from value: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        try charge(1)
        switch link {
        case .attribute(let name):
            if case .object = value, templateObjectMethods.contains(name) {
                throw .failed("the method \(name) is taken for an attribute")
            }
            return try member(name, of: value)
        case .item(let expression):
            let key = try self.value(expression)
            if let name = key.string { return try member(name, of: value) }
            guard let index = key.whole else {
                throw .failed("\(key.typeName) is used as an index")
            }
            return try item(index, of: value)
        case .slice(let start, let end, let step):
            var bounds: [Int?] = []
            for part in [start, end, step] {
                guard let part else {
                    bounds.append(nil)
                    continue
                }
                let bound = try self.value(part)
                if case .none = bound {
                    bounds.append(nil)
                } else if let whole = bound.whole {
                    bounds.append(whole)
                } else {
                    throw .failed("\(bound.typeName) is used as a bound")
                }
            }
            return try slice(value, bounds[0], bounds[1], bounds[2] ?? 1)
        case .call(let arguments):
            guard case .function(let name) = value else {
                throw .failed("\(value.typeName) is called as a function")
            }
            let given = try values(arguments)
            return try call(name, given.positional, given.named)
        case .method(let name, let arguments):
            return try apply(method: name, to: value, try values(arguments))
        case .filter(let name, let arguments):
            return try apply(filter: name, to: value, try values(arguments))
        case .test(let name, let isNegated, let arguments):
            let holds = try check(test: name, of: value, try values(arguments).positional)
            return .bool(holds != isNegated)
        }
    }

    func member(
        _ name: String,
        of value: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .object(let object): return object[name] ?? .undefined(name)
        case .namespace(let index): return namespaces[index][name] ?? .undefined(name)
        case .undefined(let whose): throw .failed("\(whose) is undefined and has no \(name)")
        default: return .undefined(name)
        }
    }

    private mutating func item(
        _ index: Int,
        of value: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        let items: [TemplateValue]
        switch value {
        case .list(let list): items = list
        case .string: items = try self.items(of: value)
        case .undefined(let name): throw .failed("\(name) is undefined and has no items")
        default: return .undefined("\(index)")
        }
        let place = index < 0 ? index + items.count : index
        return items.indices.contains(place) ? items[place] : .undefined("\(index)")
    }

    private mutating func slice(
        _ value: TemplateValue,
        _ start: Int?,
        _ end: Int?,
        _ step: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard step != 0 else { throw .failed("a slice with a step of zero") }
        if case .object = value { throw .failed("a slice of a mapping") }
        let items = try self.items(of: value)
        let count = items.count
        /// As Python clips it.
        func clip(_ bound: Int) -> Int {
            let bound = bound < 0 ? max(bound, -count - 1) + count : bound
            return step > 0 ? min(max(bound, 0), count) : min(max(bound, -1), count - 1)
        }
        let from = start.map(clip) ?? (step > 0 ? 0 : count - 1)
        let to = end.map(clip) ?? (step > 0 ? count : -1)
        let far = max(-count - 1, min(count + 1, step))
        let chosen = stride(from: from, to: to, by: far).map { items[$0] }
        try charge(chosen.count / 16)
        guard case .string = value else { return .list(chosen) }
        return .string(chosen.compactMap(\.string).joined())
    }
}

/// The arguments of a call, as values.
struct TemplateArguments {
    var positional: [TemplateValue]
    var named: [(name: String, value: TemplateValue)]

    /// One by its place or its name.
    func callAsFunction(_ place: Int, _ name: String) -> TemplateValue? {
        place < positional.count
            ? positional[place] : named.first { $0.name == name }?.value
    }
}
